"""The running world: listeners, proxies' metrics, hosts' procfs and the control, on one loop."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import request_response
from starlette.types import ASGIApp

from gallery.metrics import labels
from gallery.store.services import INTERNAL
from rehearsal.machine import loopback
from rehearsal.machine.addresses import Address
from rehearsal.machine.http_server import HttpServer
from rehearsal.world import listeners
from rehearsal.world.caller import Caller
from rehearsal.world.control import Control
from rehearsal.world.faults import Fault, FaultKind, delay_seconds, down, failing
from rehearsal.world.istiod import Istiod
from rehearsal.world.listeners import Listener
from rehearsal.world.mesh import Mesh
from rehearsal.world.procfs import SimulatedHost
from rehearsal.world.telemetry import as_istio
from rehearsal.world.topology import Door, Page, Topology, Workload
from rehearsal.world.traffic import FAILS_WITH, METHODS
from rehearsal.world.turns import Turns

_PROCFS_SECONDS = 1.0
# Istio's gateway waits longer than anybody who probes.
_GATEWAY_TIMEOUT_SECONDS = 15.0
# The name of the shop's door among what can be broken.
DOOR = labels.DOOR_SERVICE
# And that of the mesh's control plane.
ISTIOD = labels.ISTIOD_SERVICE
# How often one of two addresses is met.
_DEAD_SHARE = 0.5


@dataclass
class Listening:
    """An address where something of the store listens, healthy or broken."""

    address: Address
    healthy: Listener
    current: Listener | None = field(default=None, init=False)

    async def change(self, fault: Fault | None) -> None:
        """Let the listener be as the fault says; the port is closed in between."""
        if self.current is not None:
            await self.current.close()
        if fault is not None and fault.kind is FaultKind.REFUSE:
            self.current = None
            return
        hangs = fault is not None and fault.kind is FaultKind.HANG
        self.current = listeners.silent(self.address) if hangs else self.healthy
        await self.current.open()


class World:
    """A topology come to life. `hosts` is the directory that gets a procfs per host."""

    def __init__(
        self, topology: Topology, hosts: Path, certificate: tuple[Path, Path] | None
    ) -> None:
        now = time.time()
        self.topology = topology
        self.turns = {name: Turns() for name in _breakable(topology)}
        workloads = {workload.name: workload for workload in topology.workloads}
        self.mesh = Mesh(topology.namespace, workloads, now)
        self.hosts = {name: SimulatedHost(name, hosts / name, now) for name in topology.hosts}
        self.listening = dict[str, Listening]()
        for workload in topology.workloads:
            if workload.listens is not None:
                self._settle(workload.name, workload.listens, self._service(workload))
        for way in topology.relays:
            listener = listeners.relay(Address.parse(way.listens), Address.parse(way.forwards))
            self._settle(way.name, way.listens, listener)
        if topology.istiod is not None:
            self._settle(ISTIOD, topology.istiod, self._istiod(topology.istiod, now))
        self.fixed = self._fixed(certificate)

    async def run(self) -> None:
        """Listen and advance until cancelled."""
        for listening in self.listening.values():
            await listening.change(None)
        for server in self.fixed:
            await server.open()
        while True:
            await asyncio.sleep(_PROCFS_SECONDS)
            for host in self.hosts.values():
                host.write(time.time())

    async def set_fault(self, name: str, fault: Fault | None) -> None:
        """Break a service or a relay, or (None) mend it. Raises ValueError for what it cannot."""
        if fault is not None:
            self._refuse(name, fault)
        turns = self.turns[name]
        before = turns.fault
        if before == fault:
            return
        turns.change(fault)
        if name == DOOR:
            return
        if down(before) or down(fault):
            await self.listening[name].change(fault)
        lasting = {name: turns.fault for name, turns in self.turns.items() if turns.fault}
        self.mesh.change(lasting, time.time())

    def _refuse(self, name: str, fault: Fault) -> None:
        if not (failing(fault) or fault.partial):
            return
        known = {workload.name: workload for workload in self.topology.workloads}
        if name not in known or known[name].protocol == "tcp":
            raise ValueError(f"{name} has no requests of which some could be answered otherwise")
        methods = METHODS.get(name, ())
        if fault.method is not None and fault.method not in methods:
            offered = ", ".join(methods) or "none that is known"
            raise ValueError(f"{name} has no method {fault.method!r}; it has {offered}")

    def _settle(self, name: str, listens: str, listener: Listener) -> None:
        self.listening[name] = Listening(Address.parse(listens), listener)

    def _service(self, workload: Workload) -> Listener:
        address, wrong = Address.parse(workload.listens or ""), self.turns[workload.name].next
        ask = Caller(workload.upstreams).answer
        match workload.protocol:
            case "http":
                return listeners.http(address, wrong, ask)
            case "grpc":
                fails_with = FAILS_WITH.get(workload.name, INTERNAL)
                return listeners.GrpcHealth(address, wrong, ask, fails_with)
            case _:
                return listeners.redis(address, wrong)

    def _istiod(self, listens: str, now: float) -> Listener:
        """What the mesh's control plane says of itself; its proxies go on without it."""
        proxies = sum(workload.metrics is not None for workload in self.topology.workloads)
        istiod = Istiod(proxies=proxies, began=now)

        async def answer(_request: Request) -> Response:
            return Response(istiod.exposition(time.time()), media_type="text/plain; version=0.0.4")

        return HttpServer(Address.parse(listens), request_response(answer))

    def _fixed(self, certificate: tuple[Path, Path] | None) -> list[HttpServer]:
        """The servers that no drill closes; the control comes last."""
        servers = [
            HttpServer(Address.parse(workload.metrics), self._metrics(workload))
            for workload in self.topology.workloads
            if workload.metrics is not None
        ]
        if certificate is not None:
            if (door := self.topology.door) is not None:
                servers.append(
                    HttpServer(Address.parse(door.listens), self._door(door), certificate)
                )
            if (page := self.topology.page) is not None:
                servers.append(HttpServer(Address.parse(page.listens), _page(page), certificate))
        control = Control(self.turns, self.hosts, self.set_fault)
        servers.append(HttpServer(Address.parse(self.topology.control), control.application()))
        return servers

    def _metrics(self, workload: Workload) -> ASGIApp:
        async def answer(_request: Request) -> Response:
            if workload.proxy is None:
                text = self.mesh.exposition(workload.name, time.time())
            else:
                try:
                    told = await asyncio.to_thread(_told, Address.parse(workload.proxy))
                except loopback.UnansweredError as why:
                    return PlainTextResponse(f"{why}\n", 502)
                text = as_istio(told, workload.name, self.topology.namespace)
            return Response(text, media_type="text/plain; version=0.0.4")

        return request_response(answer)

    def _door(self, door: Door) -> ASGIApp:
        addresses = random.Random(0)  # noqa: S311 - keeps no secret

        async def answer(request: Request) -> Response:
            # Whoever asks meets either address, as a resolver's turns have it.
            if self.turns[DOOR].fault is not None and addresses.random() < _DEAD_SHARE:
                return PlainTextResponse("this address is dead\n", 503)
            fault = self.turns[door.behind].next(request.method)
            if fault is not None and fault.kind is FaultKind.HANG:
                await asyncio.sleep(_GATEWAY_TIMEOUT_SECONDS)
            await asyncio.sleep(delay_seconds(fault))
            if down(fault):
                return PlainTextResponse("no healthy upstream\n", 503)
            if failing(fault):
                return PlainTextResponse("the page cannot be shown\n", 500)
            return PlainTextResponse(f"{door.says}\n")

        return request_response(answer)


def _breakable(topology: Topology) -> Iterator[str]:
    """What can have a fault, by its name."""
    yield from (each.name for each in topology.workloads if each.listens is not None)
    yield from (each.name for each in topology.relays)
    if topology.istiod is not None:
        yield ISTIOD
    if topology.door is not None:
        yield DOOR


def _told(proxy: Address) -> str:
    """What a real proxy answers to a scrape."""
    return loopback.get(proxy.url("/stats/prometheus")).decode()


def _page(page: Page) -> ASGIApp:
    async def answer(_request: Request) -> Response:
        if page.asks is None or await _answers(Address.parse(page.asks)):
            return JSONResponse({"database": "ok"})
        return JSONResponse({"database": "failing"}, 503)

    return request_response(answer)


async def _answers(address: Address) -> bool:
    """Whether somebody listens."""
    try:
        _, writer = await asyncio.open_connection(address.host, address.port)
    except OSError:
        return False
    writer.close()
    return True
