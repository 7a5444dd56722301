"""No AWS credentials are read, and that is the first thing a newcomer is told."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from offline.render import PROJECT, recording

_POISON = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_ENDPOINT_URL",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_CONFIG_FILE",
)
_CURIOUS = """
import json, os, pathlib
seen = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
(pathlib.Path(__file__).parent / "seen.json").write_text(json.dumps(seen))
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose program writes down all that it sees of AWS."""
    shutil.copytree(PROJECT / "stacks", tmp_path / "stacks")
    shutil.copy(PROJECT / "Pulumi.yaml", tmp_path)
    (tmp_path / "__main__.py").write_text(_CURIOUS)
    return tmp_path


def test_a_program_that_looks_for_credentials_sees_none(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in _POISON:
        monkeypatch.setenv(name, "poison")
    recording("dev", project)
    assert json.loads((project / "seen.json").read_text()) == {}
    assert {os.environ.get(name) for name in _POISON} == {"poison"}


def test_the_first_line_of_make_up_says_so() -> None:
    make = shutil.which("make")
    if make is None:
        pytest.skip("no make on this machine")
    # Under `make test` these would pass that make's own flags on.
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    command = [make, "--no-print-directory", "-n", "up"]
    done = subprocess.run(
        command, cwd=PROJECT, env=clean, capture_output=True, text=True, check=True
    )
    first = done.stdout.splitlines()[0]
    assert first.startswith("echo ")
    assert "deploys nothing and reads no AWS credentials" in first
