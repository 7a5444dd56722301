"""A repository with this project in it, as a fork or a copy of it begins."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from offline.render import PROJECT

_LEFT_OUT = (".git", ".venv", ".tools", "build", "tests", "__pycache__", ".*_cache")
_GIT = ("git", "-c", "user.name=Somebody", "-c", "user.email=somebody@example.org")


@dataclass(frozen=True, kw_only=True)
class Repository:
    """A checkout in which packages are installed."""

    directory: Path

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            [*_GIT, *arguments], cwd=self.directory, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    @property
    def stack_file(self) -> Path:
        return self.directory / "stacks" / "Pulumi.dev.yaml"

    def edit(self, old: str, new: str) -> None:
        """Change the stack file, in a commit of its own."""
        text = self.stack_file.read_text()
        assert old in text
        self.stack_file.write_text(text.replace(old, new))
        self.commit("stacks: change dev")

    def commit(self, message: str) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)

    @property
    def comparison(self) -> dict[str, str]:
        """What a comparison has left."""
        found = (self.directory / "build" / "comparison").iterdir()
        return {file.name: file.read_text() for file in found if file.is_file()}


def begun(directory: Path) -> Repository:
    """One of a single stack, so that tests are quick."""
    target = directory / "gallery"
    shutil.copytree(PROJECT, target, ignore=shutil.ignore_patterns(*_LEFT_OUT))
    for file in target.glob("stacks/Pulumi.*.yaml"):
        if file.name != "Pulumi.dev.yaml":
            file.unlink()
    (target / ".venv").symlink_to(sys.prefix)
    # As a link it is no directory, which .gitignore leaves out.
    repository = Repository(directory=target)
    repository.git("init", "--quiet", "--initial-branch", "main")
    (target / ".git/info/exclude").write_text(".venv\n")
    repository.commit("all: begin")
    return repository
