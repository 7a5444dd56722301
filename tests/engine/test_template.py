"""`pulumi new` takes the repository as a template."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

from .deployment import stack_names
from .project import ROOT, copied, environment

pytestmark = pytest.mark.engine


@pytest.mark.usefixtures("cli")
def test_a_new_project_is_made_of_the_repository(tmp_path: Path) -> None:
    template = copied(tmp_path)
    (template / ".venv").unlink()
    target = tmp_path / "mine"
    arguments = ["new", str(template), "--generate-only", "--yes", "--name", "mine"]
    done = subprocess.run(
        ["pulumi", *arguments, "--dir", str(target), "--non-interactive", "--color", "never"],
        env=environment(tmp_path, ""),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    made = yaml.safe_load((target / "Pulumi.yaml").read_text())
    assert made["name"] == "mine"
    assert "template" not in made
    assert list(stack_names(target / "stacks")) == list(stack_names(ROOT / "stacks"))
    assert (target / "__main__.py").read_text() == (ROOT / "__main__.py").read_text()
