"""The shell steps of the pipelines, read from their files and run as a forge's runner does."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from offline.render import PROJECT

WORKFLOWS = PROJECT / ".github" / "workflows"
GITLAB = PROJECT / ".gitlab-ci.yml"
_EXPRESSION = re.compile(r"\$\{\{ *(.+?) *\}\}")


@dataclass(frozen=True, kw_only=True)
class Done:
    code: int
    out: str
    error: str


@dataclass(frozen=True, kw_only=True)
class Step:
    """A step with a command; `env` is what the job and the step give it, expressions and all."""

    file: str
    job: str
    run: str
    env: Mapping[str, str]

    def done(self, directory: Path, values: Mapping[str, str], **env: str) -> Done:
        """Run it; `values` are those of its expressions. No credential of the caller is passed."""
        given = {name: _filled(str(text), values) for name, text in self.env.items()}
        run = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", self.run],
            cwd=directory,
            env={"PATH": os.environ["PATH"], "HOME": str(directory), **given, **env},
            capture_output=True,
            text=True,
            check=False,
        )
        return Done(code=run.returncode, out=run.stdout, error=run.stderr)


def _filled(text: str, values: Mapping[str, str]) -> str:
    """KeyError names an expression of which the test knows no value."""
    return _EXPRESSION.sub(lambda found: values[found[1]], text)


def checkout(directory: Path) -> Path:
    """The directory with what a step runs in it, and nothing installed."""
    for name in ("ci", "offline"):
        if not (directory / name).exists():
            (directory / name).symlink_to(PROJECT / name)
    return directory


def document(path: Path) -> dict[str, Any]:
    """A workflow; YAML 1.1 reads its `on` as true."""
    found = yaml.safe_load(path.read_text())
    return {("on" if key is True else str(key)): value for key, value in found.items()}


def steps() -> Iterator[Step]:
    """Every one of GitHub's workflows and of GitLab's file."""
    for path in sorted(WORKFLOWS.glob("*.yml")):
        for name, job in document(path)["jobs"].items():
            for step in job["steps"]:
                if "run" in step:
                    env = {**job.get("env", {}), **step.get("env", {})}
                    yield Step(file=path.name, job=name, run=step["run"], env=env)
    gitlab = document(GITLAB)
    for name in gitlab["stages"]:
        # Each stage has one job, of its name.
        for line in gitlab[name]["script"]:
            yield Step(file=GITLAB.name, job=name, run=line, env={})


def step(file: str, job: str, beginning: str) -> Step:
    """The one of a job whose command begins so."""
    [found] = [
        each
        for each in steps()
        if (each.file, each.job) == (file, job) and each.run.startswith(beginning)
    ]
    return found
