"""`python -m rehearsal.world.load TOPOLOGY`: asks the store through real proxies, as customers do.

    GET /healthy    200
    GET /answers    {"asked": n, "failed": n, "longest": seconds}, since the program was started

Every workload of the topology that asks of its own accord does so at its rate, whether or not what
it asked before is answered. It is a program of its own so that it can begin once proxies are there.
"""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from rehearsal.machine.addresses import Address
from rehearsal.machine.http_server import HttpServer
from rehearsal.world.caller import Caller
from rehearsal.world.topology import Topology, Workload

# Under way at once: a store that does not answer at all is not asked ever more.
_AT_ONCE = 100


@dataclass
class Answers:
    """What customers got so far; `longest` is how many seconds any of them waited."""

    asked: int = 0
    failed: int = 0
    longest: float = 0.0


class Load:
    """Everybody who asks of his own accord."""

    def __init__(self, topology: Topology) -> None:
        self.answers = Answers()
        self._generators = [
            each for each in topology.workloads if each.generates and each.upstreams
        ]
        self._gate = asyncio.Semaphore(_AT_ONCE)

    async def run(self) -> None:
        """Ask until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for workload in self._generators:
                tasks.create_task(self._generate(workload, tasks))

    async def _generate(self, workload: Workload, tasks: asyncio.TaskGroup) -> None:
        caller = Caller(workload.upstreams)
        while True:
            await self._gate.acquire()
            tasks.create_task(self._ask(caller))
            await asyncio.sleep(1 / workload.generates)

    async def _ask(self, caller: Caller) -> None:
        began = time.monotonic()
        try:
            answered = await caller.begin()
        finally:
            self._gate.release()
        self.answers.asked += 1
        self.answers.failed += not answered
        self.answers.longest = max(self.answers.longest, time.monotonic() - began)

    async def healthy(self, _request: Request) -> Response:
        """Say that it runs."""
        return PlainTextResponse("customers ask\n")

    async def told(self, _request: Request) -> Response:
        """Say what came of it."""
        return JSONResponse(asdict(self.answers))


async def _serve(topology: Topology) -> None:
    if topology.load is None:
        raise SystemExit("this topology has nobody to ask through")
    load = Load(topology)
    routes = [Route("/healthy", load.healthy), Route("/answers", load.told)]
    await HttpServer(Address.parse(topology.load), Starlette(routes=routes)).open()
    await load.run()


if __name__ == "__main__":
    asyncio.run(_serve(Topology.read(Path(sys.argv[1]))))
