"""A second replica of a service, for as long as a drill takes.

It has a proxy, a certificate and addresses of its own, and the labels and the account of the first:
the rendered objects speak of both. In the place of its program stands a simulated store of one
service.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from offline.errors import UserError
from rehearsal.cluster.api import RefusedError, UnansweredError
from rehearsal.machine.addresses import Address, local_port, proxy_host, store_host
from rehearsal.machine.processes.journal import Child
from rehearsal.machine.tools import ROOT
from rehearsal.mesh import added, gates
from rehearsal.mesh.certificates import Certificates
from rehearsal.mesh.ejection import Ejection, Rule, Watched
from rehearsal.mesh.endpoints import Endpoint, endpoints
from rehearsal.mesh.proxies import Proxy
from rehearsal.mesh.rehearsed import Mesh
from rehearsal.mesh.workloads import Workload
from rehearsal.stand_in.documents import Document
from rehearsal.world.client import WorldClient
from rehearsal.world.topology import Topology
from rehearsal.world.topology import Workload as Simulated

_NUMBER = 2
# No stack has so many workloads.
_POSITION = 200
_CONTROL_PORT = local_port(9080)


@dataclass(frozen=True)
class Replica:
    """The second replica of a service of the mesh that is up."""

    find: Callable[[], Mesh]
    service: str

    @cached_property
    def mesh(self) -> Mesh:
        """The mesh. Raises UserError where none is up."""
        return self.find()

    @property
    def workload(self) -> Workload:
        """It, as the mesh knows it."""
        first = self._first
        host = proxy_host(_POSITION)
        return replace(first, ip=store_host(_POSITION), proxy=host, replica=_NUMBER)

    def start(self) -> None:
        """Let it serve beside the first. Raises UserError."""
        sidecar, entry = self._objects
        self._apply(sidecar)
        workload = self.workload
        proxy = Proxy(
            workload=workload,
            plane=self.mesh.plane,
            certificates=Certificates.of(self.mesh.plan),
        )
        proxy.prepare(self.mesh.api())
        self.mesh.supervisor.launch([self._program(), proxy.child()])
        # Nobody asks it before.
        self._apply(entry)
        self.mesh.settle()

    def stop(self) -> None:
        """Let the first serve alone again. Raises UserError."""
        sidecar, entry = self._objects
        self._delete(entry)
        # Until then callers still ask it.
        self.mesh.settle()
        refused = list(gates.refusals([self.workload]))
        for each in (self.workload.name, self._program_name):
            self.mesh.supervisor.remove(each)
        self._delete(sidecar)
        if refused:
            raise UserError("\n".join(refused))

    def fail(self) -> None:
        """Let its program be gone, for which its proxy answers with status 503."""
        self._world.break_service(self.service)

    def recover(self) -> None:
        """Let its program be there again."""
        self._world.mend_service(self.service)

    @property
    def askers(self) -> tuple[tuple[Workload, float], ...]:
        """Through whom customers ask the service, and how many times a second."""
        running = Topology.read(self._stand_in)
        asking = {
            each.name: each.generates
            for each in running.workloads
            if each.generates and self.service in {upstream.name for upstream in each.upstreams}
        }
        return tuple(
            (each, asking[each.caller]) for each in self.mesh.workloads if each.caller in asking
        )

    def watched(self, rule: Rule, budget: float) -> Watched:
        """What becomes of it with those Envoys, from now on."""
        return Watched(
            look=self.known,
            ejections=tuple(
                Ejection(
                    who=asker.caller,
                    failing=self.workload.ip,
                    rule=rule,
                    rate=rate,
                    budget=budget,
                )
                for asker, rate in self.askers
            ),
        )

    def known(self) -> dict[str, dict[str, Endpoint]]:
        """What the Envoys of those know of the service's replicas, by who they are."""
        host = self._first.service.host if self._first.service else ""
        return {each.caller: endpoints(each, host) for each, _ in self.askers}

    def is_asked(self) -> bool:
        """Whether each of them has asked it."""
        ip = self.workload.ip
        return all(ip in each and each[ip].asked > 0 for each in self.known().values())

    @property
    def _first(self) -> Workload:
        found = (each for each in self.mesh.workloads if each.caller == self.service)
        return next(found)

    @property
    def _objects(self) -> tuple[Document, ...]:
        return added.of_replica(self.workload, self.mesh.workloads)

    @property
    def _stand_in(self) -> Path:
        return self.mesh.supervisor.directory / "stand-in" / "world.json"

    @property
    def _control(self) -> Address:
        return Address(self.workload.ip, _CONTROL_PORT)

    @property
    def _world(self) -> WorldClient:
        return WorldClient(self._control)

    @property
    def _program_name(self) -> str:
        return f"{self.service}-{_NUMBER}"

    def _program(self) -> Child:
        """The store of one service, which asks others through the replica's own proxy."""
        directory = self.mesh.plane.directory / self._program_name
        running = Topology.read(self._stand_in)
        (first,) = [each for each in running.workloads if each.name == self.service]
        topology = Topology(
            control=str(self._control),
            namespace=running.namespace,
            workloads=(self._moved(first),),
            hosts=(),
        )
        directory.mkdir(parents=True, exist_ok=True)
        topology.write(directory / "world.json")
        return Child(
            name=self._program_name,
            command=(
                sys.executable,
                "-m",
                "rehearsal.world",
                str(directory / "world.json"),
                str(directory / "hosts"),
            ),
            directory=str(ROOT),
            listens=topology.addresses(),
            ready=self._control.url("/healthy"),
        )

    def _moved(self, first: Simulated) -> Simulated:
        listens = Address.parse(first.listens or "")
        return replace(
            first,
            listens=str(Address(self.workload.ip, listens.port)),
            # What it calls is asked through its proxy; here nothing is arithmetic.
            calls=(),
            metrics=None,
            proxy=None,
            upstreams=tuple(
                replace(
                    each,
                    address=str(Address(self.workload.proxy, Address.parse(each.address).port)),
                )
                for each in first.upstreams
            ),
        )

    def _apply(self, manifest: Document) -> None:
        try:
            self.mesh.api().apply(manifest)
        except (RefusedError, UnansweredError) as why:
            raise UserError(f"the cluster's API does not take a replica: {why}") from None

    def _delete(self, manifest: Document) -> None:
        api = self.mesh.api()
        try:
            api.delete(api.path(manifest))
        except (RefusedError, UnansweredError) as why:
            raise UserError(f"the cluster's API does not give up a replica: {why}") from None
