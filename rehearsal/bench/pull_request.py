"""What a pull request waits for: the commands of its job, in a clone of what is committed here.

Packages are installed; drills are not played.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from offline.errors import UserError
from rehearsal.machine.tools import ROOT
from rehearsal.stand_in.documents import read_yaml

_GIT = ("git", "-c", "user.name=bench", "-c", "user.email=bench@localhost")
_STACK = "prod"
_WITHOUT = ("make install", "python3 -m ci.play")
_KEY = "  gallery:alerting:\n"
_CHANGED = f"{_KEY}    overrides: {{EndpointDown: {{hold: 45s}}}}\n"


@dataclass(frozen=True, kw_only=True)
class Waited:
    """Seconds: of rendering and comparing one stack, and of the whole job."""

    comparison: float
    job: float


def commands() -> list[str]:
    """What the job of `preview` runs, but for installing and playing."""
    workflow: dict[str, Any] = read_yaml(ROOT / ".github" / "workflows" / "preview.yml")
    steps: list[dict[str, Any]] = workflow["jobs"]["compare"]["steps"]
    return [step["run"] for step in steps if step.get("run", _WITHOUT[0]) not in _WITHOUT]


def waited() -> Waited:
    """Measure both, in a clone. Raises UserError where a command fails."""
    compare, *others = commands()
    with _clone() as clone:
        _change(clone)
        job = sum(_seconds(command, clone) for command in (compare, *others))
        _run(["git", "reset", "--quiet", "--hard", "HEAD^"], clone)
        for file in (clone / "stacks").glob("Pulumi.*.yaml"):
            if file.name != f"Pulumi.{_STACK}.yaml":
                file.unlink()
        _commit(clone)
        _change(clone)
        return Waited(comparison=_seconds(compare, clone), job=job)


@contextmanager
def _clone() -> Generator[Path]:
    with tempfile.TemporaryDirectory() as scratch:
        clone = Path(scratch) / "gallery"
        _run(["git", "clone", "--quiet", str(ROOT), str(clone)], ROOT)
        (clone / ".venv").symlink_to(ROOT / ".venv")
        # As a link it is no directory, which .gitignore leaves out.
        (clone / ".git" / "info" / "exclude").write_text(".venv\n")
        yield clone


def _change(clone: Path) -> None:
    """Commit a change of one alert's hold."""
    file = clone / "stacks" / f"Pulumi.{_STACK}.yaml"
    file.write_text(file.read_text().replace(_KEY, _CHANGED))
    _commit(clone)


def _commit(clone: Path) -> None:
    _run([*_GIT, "commit", "--quiet", "--all", "--allow-empty", "--message", "change"], clone)


def _seconds(command: str, clone: Path) -> float:
    began = time.monotonic()
    _run(["bash", "-c", command], clone)
    return time.monotonic() - began


def _run(command: list[str], directory: Path) -> None:
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UserError(f"{' '.join(command)} failed:\n{done.stderr}")
