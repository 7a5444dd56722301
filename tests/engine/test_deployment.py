"""A test begins with what its moment says, whatever another test did before it."""

from __future__ import annotations

from pathlib import Path

import pytest

from .aws_kinds import AWS_KINDS, SECRET, TOPIC
from .cloud import Call, Cloud
from .deployment import kept, restore
from .project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with a stack file and an empty backend."""
    (tmp_path / "backend").mkdir()
    (tmp_path / "stacks").mkdir()
    _ = (tmp_path / "Pulumi.yaml").write_text("{name: gallery, stackConfigDir: stacks}")
    project = Project(
        directory=tmp_path,
        stack="dev",
        cloud=Cloud(),
        environment={"PULUMI_BACKEND_URL": f"file://{tmp_path / 'backend'}"},
        secrets={"pagerduty-key": "first"},
    )
    _ = project.stack_file.write_text("config: {a: 1}")
    return project


def test_what_a_test_changed_is_undone_before_the_next(project: Project, tmp_path: Path) -> None:
    moment = kept(project, tmp_path / "kept")
    (tmp_path / "backend" / "state").touch()
    project.configure({"a": 2})
    project.secrets = {"kubeconfig": "second"}
    restore(project, moment)
    assert list((tmp_path / "backend").iterdir()) == []
    assert project.configuration() == {"a": 1}
    assert project.secrets == {"pagerduty-key": "first"}


def test_a_secret_that_is_changed_in_place_changes_no_moment(
    project: Project, tmp_path: Path
) -> None:
    moment = kept(project, tmp_path / "kept")
    for _ in range(2):
        project.secrets["pagerduty-key"] = "second"
        restore(project, moment)
        assert project.secrets == {"pagerduty-key": "first"}


# What numbers resources only ever grows, and a lock is a lock.
_NEVER_UNDONE = {"lock", "_numbers"}


def _fields(cloud: Cloud) -> dict[str, object]:
    return {name: value for name, value in vars(cloud).items() if name not in _NEVER_UNDONE}


def test_the_cloud_is_as_it_was(project: Project, tmp_path: Path) -> None:
    cloud = project.cloud
    before, moment = _fields(Cloud()), kept(project, tmp_path / "kept")
    secret = cloud.create("account", AWS_KINDS[SECRET], "it", {"name": "token"})
    cloud.delete(secret)
    made = cloud.create("account", AWS_KINDS[TOPIC], "it", {"name": "beats"})
    cloud.change_by_hand(made, "tags.by", "hand")
    cloud.calls.append(Call(verb="create", type=TOPIC, name="it"))
    cloud.adopt(["vpc-1"])
    cloud.advance(60)
    cloud.region, cloud.account, cloud.grafana_version = "eu-central-1", "999988887777", "10.4"
    cloud.reticent = cloud.no_cluster = True
    cloud.cluster = {"version": "1.29"}
    cloud.images |= {"ami-1": "arm64"}
    cloud.addons.clear()
    cloud.unoffered.add(("m7g.large", "eu-west-1a"))
    # Each of them: what is added to a cloud is added here too.
    assert not [name for name, value in _fields(cloud).items() if value == before[name]]
    restore(project, moment)
    assert _fields(cloud) == before
