"""A mesh for tests: a stack's own, with its services played where no rehearsal has anything."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from gallery.metrics.labels import PROBER_WORKLOAD
from gallery.store.services import APP, NAMESPACE
from offline.errors import UserError
from offline.render import render
from rehearsal.cluster import declared, ground
from rehearsal.cluster import installed as cluster_installed
from rehearsal.cluster.api import Api
from rehearsal.cluster.followed import is_ready
from rehearsal.cluster.judge import judging
from rehearsal.machine.addresses import STORE_NETWORK, Address
from rehearsal.machine.processes.journal import Child
from rehearsal.machine.processes.supervisor import Supervisor
from rehearsal.machine.tools import ROOT
from rehearsal.mesh import installed
from rehearsal.mesh.rehearsed import Mesh, meshed, planned
from rehearsal.stand_in import pods
from rehearsal.stand_in.documents import Document, read_yaml
from rehearsal.stand_in.scrape import control_planes
from rehearsal.stand_in.store import read_store
from rehearsal.world.topology import Topology

_STACK = "dev"
# In the place of the store's own network, where a rehearsal's services listen.
_STORE, _HERE = str(STORE_NETWORK.network_address).removesuffix("0.0"), "127.62."
_PODS_WITHIN_SECONDS = 90.0
_CONTROL = Address("127.62.1.1", 28080)


@pytest.fixture(scope="module")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mesh]:
    """The mesh of `dev`, with every proxy ready and every service well."""
    state = tmp_path_factory.mktemp("mesh")
    supervisor = Supervisor(state)
    try:
        if lacking := [*cluster_installed.absent(), *installed.absent()]:
            pytest.skip(f"not built yet: {', '.join(lacking)}; `make proof` builds them with Go")
        judge = judging(supervisor, _silent, finds_pods=False)
        programs = installed.provide()
    except UserError as fault:
        pytest.skip(str(fault))
    supervisor.begin("test", "as it was")
    try:
        judge.begin()
        deployed = render(_STACK, state)
        made = _moved(meshed(planned(_STACK), judge, programs))
        supervisor.launch([_world(made, state)])
        judge.complete()
        objects = declared.read(deployed)
        made.begin(judge.api(), objects)
        rendered = read_yaml(deployed / "collector" / "prometheus.yml")
        ground.add_for(judge.api(), objects.declared, control_planes(rendered))
        for each in objects.declared:
            judge.api().apply(each.manifest)
        made.join(judge.api())
        await_pods(judge.api(), made)
        made.open_ports(judge.api())
        yield made
    finally:
        supervisor.stop_all()


def await_pods(api: Api, mesh: Mesh) -> None:
    """Wait until every workload that is the stack's has a pod that is ready."""
    namespace = quote(NAMESPACE)
    deadline = time.monotonic() + _PODS_WITHIN_SECONDS
    wanted = {each.caller for each in mesh.workloads if each.namespace == NAMESPACE}
    while wanted:
        assert time.monotonic() < deadline
        pods_there = api.items(f"/api/v1/namespaces/{namespace}/pods")
        wanted -= {each["metadata"]["labels"][APP] for each in pods_there if is_ready(each)}
        time.sleep(0.5)


def _moved(mesh: Mesh) -> Mesh:
    """The same, with workloads at addresses of its own."""
    moved = tuple(replace(each, ip=each.ip.replace(_STORE, _HERE)) for each in mesh.workloads)
    made = replace(mesh)
    made.__dict__["workloads"] = moved
    return made


def _world(mesh: Mesh, state: Path) -> Child:
    """The simulated store, at those addresses."""
    store = read_store(pods.Cluster.read(mesh.deployed), 5.0)
    topology = Topology(
        control=str(_CONTROL),
        namespace=store.namespace,
        workloads=tuple(
            replace(
                each, metrics=None, listens=each.listens and each.listens.replace(_STORE, _HERE)
            )
            for each in store.workloads
            if each.name != PROBER_WORKLOAD
        ),
        hosts=(),
    )
    topology.write(state / "world.json")
    return Child(
        name="world",
        command=(
            sys.executable,
            "-m",
            "rehearsal.world",
            str(state / "world.json"),
            str(state / "hosts"),
        ),
        directory=str(ROOT),
        listens=topology.addresses(),
        ready=_CONTROL.url("/healthy"),
    )


@pytest.fixture
def changed(mesh: Mesh) -> Iterator[Callable[[str, str, Callable[[Document], object]], None]]:
    """A function that changes an object of the mesh; each is as it was after the test."""
    api = mesh.api()
    before = list[Document]()

    def change(kind: str, name: str, by: Callable[[Document], object]) -> None:
        manifest = mesh.object(kind, name)
        before.append(mesh.object(kind, name))
        by(manifest)
        api.apply(manifest)

    yield change
    for each in before:
        api.apply(each)
    if before:
        mesh.settle()


def _silent(_line: str) -> None:
    pass
