"""`python -m rehearsal.cluster.follow STATE`: lets the API decide what the collector finds.

Once a second the pods of the stack and of the mesh's control plane become the discovery files that
the agents read, and a service of the store of which no pod is ready refuses connections. What a
drill breaks in the store by itself stays as the drill has it.
"""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from gallery.metrics import labels
from rehearsal.cluster.api import Api, RefusedError, UnansweredError, administrator
from rehearsal.cluster.control_plane import ADMINISTRATOR
from rehearsal.cluster.followed import followed, unserved
from rehearsal.cluster.judge import cluster_directory
from rehearsal.machine import loopback
from rehearsal.machine.addresses import FOLLOWER, ISTIOD_METRICS, Address
from rehearsal.machine.http_server import HttpServer
from rehearsal.stand_in.documents import Document, read_yaml, write_json
from rehearsal.stand_in.pods import Cluster, istiod
from rehearsal.stand_in.scrape import control_planes, discovered
from rehearsal.world.client import WorldClient
from rehearsal.world.topology import Topology

_EVERY_SECONDS = 1.0


@dataclass(kw_only=True)
class Follower:
    """What the API's pods make of the files in `collector`, and of the store.

    `control_plane` is where the mesh's is scraped.
    """

    api: Api
    rendered: Document
    cluster: Cluster
    collector: Path
    control_plane: Address
    world: WorldClient = field(default_factory=WorldClient)
    _written: dict[str, list[Document]] = field(
        default_factory=dict[str, list[Document]], init=False
    )
    _refusing: frozenset[str] = field(default=frozenset(), init=False)

    def follow(self) -> None:
        """Look once. Raises RefusedError, UnansweredError."""
        namespace = self.cluster.namespace_of(labels.COLLECTOR_SERVICE)
        others = control_planes(self.rendered)
        live = [
            pod
            for each in (namespace, *others)
            for pod in self.api.items(f"/api/v1/namespaces/{each}/pods")
        ]
        planes = (istiod(each, self.control_plane) for each in others)
        pods = tuple(followed(live, (*self.cluster.pods(), *planes)))
        for name, targets in discovered(self.rendered, pods, namespace).items():
            if targets != self._written.get(name):
                self._write(name, targets)
        self._refuse(unserved(live, self._services()))

    def _services(self) -> set[str]:
        """What can refuse connections, and runs in pods."""
        return {pod.app for pod in self.cluster.pods()} & self.world.faults().keys()

    def _write(self, name: str, targets: list[Document]) -> None:
        # In one step: an agent reads whatever is there the moment it is told of a change.
        new = self.collector / f".{name}.new"
        write_json(new, targets)
        new.replace(self.collector / name)
        self._written[name] = targets

    def _refuse(self, services: frozenset[str]) -> None:
        for name in services - self._refusing:
            self.world.break_service(name)
        for name in self._refusing - services:
            self.world.mend_service(name)
        self._refusing = services


def follower(state: Path) -> Follower:
    """That of a rehearsal in this directory."""
    kubeconfig = cluster_directory(state) / f"{ADMINISTRATOR}.kubeconfig"
    deployed, stand_in = state / "deployed", state / "stand-in"
    simulated = Topology.read(stand_in / "world.json").istiod
    return Follower(
        api=administrator(kubeconfig),
        rendered=read_yaml(deployed / "collector" / "prometheus.yml"),
        cluster=Cluster.read(deployed),
        collector=stand_in / "collector",
        control_plane=Address.parse(simulated) if simulated else ISTIOD_METRICS,
    )


async def _serve(made: Follower) -> None:
    await asyncio.to_thread(made.follow)
    await HttpServer(FOLLOWER, Starlette(routes=[Route("/healthy", _healthy)])).open()
    while True:
        await asyncio.sleep(_EVERY_SECONDS)
        try:
            await asyncio.to_thread(made.follow)
        except (RefusedError, UnansweredError, loopback.UnansweredError) as fault:
            # Whoever does not answer now is asked again; a program that died is told by others.
            print(fault, file=sys.stderr)


async def _healthy(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("the collector finds what the API has\n")


if __name__ == "__main__":
    os.umask(0o077)
    asyncio.run(_serve(follower(Path(sys.argv[1]))))
