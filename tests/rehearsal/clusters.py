"""A cluster for tests, and the objects of stacks in namespaces of their own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from pathlib import Path

import pytest

from offline.errors import UserError
from rehearsal.cluster import declared, installed
from rehearsal.cluster.declared import Declared, Objects
from rehearsal.cluster.judge import Judge, judging
from rehearsal.cluster.verdict import Verdict
from rehearsal.machine.processes.supervisor import Supervisor
from rehearsal.stand_in.documents import Document
from tests.unit.recordings import deployed

_NAMESPACE = "gallery"


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    """A cluster with its nodes and the mesh's sidecar, for all the stacks and controls."""
    supervisor = Supervisor(tmp_path_factory.mktemp("cluster"))
    try:
        if lacking := installed.absent():
            pytest.skip(f"not built yet: {', '.join(lacking)}; `make proof` builds them with Go")
        made = judging(supervisor, lambda _line: None)
    except UserError as fault:
        pytest.skip(str(fault))
    supervisor.begin("test", "as it was")
    try:
        made.begin()
        made.complete()
        yield made
    finally:
        supervisor.stop_all()


@pytest.fixture
def thorough(request: pytest.FixtureRequest) -> None:
    """For what takes a minute: `make test` leaves it to `make proof`."""
    if not request.config.getoption("--every-proof"):
        pytest.skip("takes a minute, and is left to `make proof`")


@pytest.fixture
def objects(tmp_path: Path) -> Callable[[str], Objects]:
    """The objects of a stack by its name."""

    return lambda stack: objects_of(deployed(stack), tmp_path)


def objects_of(tree: Mapping[str, str], directory: Path) -> Objects:
    """The objects of a `deployed/` tree, and beside them what their collector reads."""
    (directory / "resources.json").write_text(tree["resources.json"])
    (directory / "prometheus.yml").write_text(tree["collector/prometheus.yml"])
    return declared.read(directory)


def _moved(objects: Objects, namespace: str) -> Objects:
    """The same objects in a namespace of their own, so that one cluster can judge many stacks."""
    text = json.dumps([each.manifest for each in objects.declared])
    manifests = json.loads(
        text.replace(f'"namespace": "{_NAMESPACE}"', f'"namespace": "{namespace}"')
    )
    for each in manifests:
        if each["kind"] == "Namespace" and each["metadata"]["name"] == _NAMESPACE:
            each["metadata"]["name"] = namespace
    return Objects(
        declared=tuple(Declared(name="moved", manifest=each) for each in manifests),
        charts=objects.charts,
    )


@pytest.fixture
def verdict(judge: Judge, tmp_path: Path) -> Callable[[Objects, str], Verdict]:
    """A function that gives the verdict on objects, put into a namespace of that name."""

    def admit(objects: Objects, namespace: str) -> Verdict:
        return judge.admit(namespace, _moved(objects, namespace), tmp_path / "prometheus.yml")

    return admit


def changed(
    objects: Objects, kind: str, name: str, change: Callable[[Document], object]
) -> Objects:
    """The objects with one of them changed."""
    copy = deepcopy(objects)
    (found,) = [
        each.manifest
        for each in copy.declared
        if each.manifest["kind"] == kind and each.manifest["metadata"]["name"] == name
    ]
    change(found)
    return copy
