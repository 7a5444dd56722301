"""A stack at two moments that every test can start from: configured only, and deployed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from .cloud import Call, Made, Snapshot
from .project import Plan, Project


@dataclass(frozen=True, kw_only=True)
class Moment:
    """A backend, a stack file with the secrets it refers to, and a cloud, kept aside."""

    backend: Path
    stack_file: str
    secrets: Mapping[str, str]
    cloud: Snapshot


def kept(project: Project, directory: Path) -> Moment:
    """The project's state as it is now."""
    _ = shutil.copytree(project.backend, directory)
    return Moment(
        backend=directory,
        stack_file=project.stack_file.read_text(),
        secrets=dict(project.secrets),
        cloud=project.cloud.snapshot(),
    )


def restore(project: Project, moment: Moment) -> None:
    """Put the project back where it was at that moment."""
    shutil.rmtree(project.backend)
    _ = shutil.copytree(moment.backend, project.backend)
    _ = project.stack_file.write_text(moment.stack_file)
    project.secrets = dict(moment.secrets)
    project.cloud.restore(moment.cloud)


@dataclass(frozen=True, kw_only=True)
class Stages:
    """One stack's first plan, made where nothing existed, and its two moments.

    `first_calls` are what the providers were asked during that preview, `first_made` what existed
    after it.
    """

    project: Project
    first_plan: Plan
    first_calls: tuple[Call, ...]
    first_made: tuple[Made, ...]
    configured: Moment
    deployed: Moment


def staged(project: Project, directory: Path) -> Stages:
    """Configure, preview and deploy one stack."""
    project.start()
    configured = kept(project, directory / "configured")
    project.cloud.reticent = True
    first_plan = project.preview()
    first_calls, first_made = tuple(project.cloud.calls), tuple(project.cloud.all())
    restore(project, configured)
    _ = project.up()
    return Stages(
        project=project,
        first_plan=first_plan,
        first_calls=first_calls,
        first_made=first_made,
        configured=configured,
        deployed=kept(project, directory / "deployed"),
    )


def stack_names(directory: Path) -> Iterator[str]:
    """The stacks whose files lie in a directory."""
    for path in sorted(directory.glob("Pulumi.*.yaml")):
        yield path.name.removeprefix("Pulumi.").removesuffix(".yaml")
