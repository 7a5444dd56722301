"""One deployment per stack, shared by every test that starts from it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import yaml

from .cloud import Cloud
from .deployment import Stages, restore, stack_names, staged
from .project import ROOT, Project, copied, environment, missing_program
from .server import attached
from .values import at, text_at


@pytest.fixture(scope="session")
def cli() -> None:
    """The Pulumi CLI and its Python plugin, or a skip."""
    if missing := missing_program():
        pytest.skip(f"no pulumi CLI on PATH ({missing} is missing)")


@pytest.fixture(scope="session", params=list(stack_names(ROOT / "stacks")))
def stages(
    request: pytest.FixtureRequest,
    cli: None,  # noqa: ARG001 (skips)
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stages]:
    stack = str(request.param)
    directory = tmp_path_factory.mktemp(stack)
    cloud = Cloud()
    with attached(cloud) as providers:
        project = Project(
            directory=copied(directory),
            stack=stack,
            cloud=cloud,
            environment=environment(directory, providers),
        )
        yield staged(project, directory)


@pytest.fixture
def on_eks(stages: Stages) -> None:
    """Skips a stack on OpenShift: AWS says nothing of its cluster, which has its own classes."""
    platform = at(yaml.safe_load(stages.configured.stack_file), "config.gallery:cluster.existing")
    if text_at(platform, "platform") != "eks":
        pytest.skip(f"{stages.project.stack} is on no EKS cluster")


@pytest.fixture
def configured(stages: Stages) -> Project:
    """The stack with its secrets set, and nothing deployed."""
    restore(stages.project, stages.configured)
    return stages.project


@pytest.fixture
def deployed(stages: Stages) -> Project:
    """The stack as its first `up` left it."""
    restore(stages.project, stages.deployed)
    return stages.project
