"""Secrets that a person types stay secret, wherever a deployment or a reviewer writes something."""

from __future__ import annotations

import base64
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from gallery.stack_file.credentials import placeholder

from .project import Project
from .values import Properties

pytestmark = pytest.mark.engine

# The part of a credential that is nobody's guess.
UNGUESSABLE = re.compile(r"[0-9a-f]{16,}")


def typed(project: Project) -> dict[str, list[str]]:
    """How each secret that was typed could be read: as it is, its core, or both in base64."""
    return {name: list(_forms(value)) for name, value in project.secrets.items()}


def _forms(value: str) -> Iterator[str]:
    for text in (value, *cast("list[str]", UNGUESSABLE.findall(value))):
        yield text
        yield base64.b64encode(text.encode()).decode().rstrip("=")


def told(project: Project, text: str) -> list[str]:
    """The names of the secrets that can be read in a text."""
    return [name for name, forms in typed(project).items() if any(form in text for form in forms)]


def written(directory: Path) -> str:
    """All that lies in a directory."""
    files = [file for file in sorted(directory.rglob("*")) if file.is_file()]
    assert files
    return "\n".join(file.read_text(errors="replace") for file in files)


def rehearsal(project: Project, *arguments: str) -> str:
    """What the command line prints in the copy of the project."""
    done = subprocess.run(
        [project.directory / ".venv/bin/python", "-m", "rehearsal", *arguments],
        cwd=project.directory,
        env=project.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_secrets_are_in_use_and_would_be_found(deployed: Project) -> None:
    """What the tests below look for is there to be found: a control of them."""
    names = sorted(deployed.secrets)
    assert len({value for forms in typed(deployed).values() for value in forms}) > len(names) > 1
    clear = deployed.must("stack", "export", "--show-secrets", "-s", deployed.stack).output
    sent = json.dumps([[made.inputs, made.outputs] for made in deployed.cloud.all()])
    # How a cluster is entered is the providers', and no resource's.
    used = {*told(deployed, clear), *told(deployed, sent)}
    assert sorted(used) == names
    assert {name for name in names if "kubeconfig" not in name} <= {*told(deployed, sent)}


def test_no_secret_is_in_the_state(deployed: Project) -> None:
    assert told(deployed, written(deployed.backend)) == []
    assert told(deployed, deployed.stack_file.read_text()) == []


def test_no_secret_is_in_a_saved_plan_or_in_what_is_printed(
    configured: Project, tmp_path: Path
) -> None:
    plan = tmp_path / "plan.json"
    stack = ("-s", configured.stack)
    shown = configured.must("preview", "--diff", "--save-plan", str(plan), *stack).output
    assert configured.secrets
    assert "resourcePlans" in plan.read_text()
    assert told(configured, plan.read_text()) == []
    shown += configured.must("preview", "--json", *stack).output
    shown += configured.up("--diff").output
    shown += configured.must("stack", "output", "--json", *stack).output
    assert told(configured, shown) == []


def test_no_secret_is_in_a_render_or_in_a_comment(configured: Project, tmp_path: Path) -> None:
    base, turned, renamed = (tmp_path / name for name in ("base", "turned", "renamed"))
    render(configured, base)
    before = told(configured, written(base))
    # Other secrets, of which nobody needs a comment, and then another name for what one opens.
    configured.set_secrets()
    render(configured, turned)
    assert rehearsal(configured, "diff", str(base), str(turned)) == ""
    alerting = json.dumps(configured.configuration()["gallery:alerting"])
    changed = cast("Properties", json.loads(alerting.replace('"chat"', '"room"')))
    configured.configure({"gallery:alerting": changed})
    render(configured, renamed)
    comment = rehearsal(configured, "diff", str(turned), str(renamed), "--whole")
    assert "room" in comment
    text = written(renamed)
    assert before == told(configured, text) == told(configured, comment) == []
    stand_ins = [placeholder(name) for name in configured.secrets]
    assert any(each in text for each in stand_ins)
    assert not [each for each in stand_ins if each in comment]


def render(project: Project, directory: Path) -> None:
    _ = rehearsal(project, "render", "--stack", project.stack, "--out", str(directory))
