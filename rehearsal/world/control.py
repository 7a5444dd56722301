"""The world's control: an HTTP interface by which a drill breaks and mends things.

    GET    /healthy                   200 once everything listens
    GET    /faults                    {name: fault or null} of every service and relay
    PUT    /faults/<name>             {"kind": "refuse"}, {"kind": "hang"}, {"kind": "error"} or
                                      {"kind": "slow", "milliseconds": n}; errors and slow
                                      answers with a "share" of them and a "method" too
    DELETE /faults/<name>             mend
    GET    /hosts                     {name: {"receive": bytes/s, "transmit": bytes/s}}
    PUT    /hosts/<name>/traffic      the like; DELETE returns the host to rest

A change is in force when its answer arrives.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from rehearsal.world.faults import Fault
from rehearsal.world.procfs import REST_BYTES_PER_SECOND, SimulatedHost
from rehearsal.world.turns import Turns


@dataclass(frozen=True)
class Control:
    """The control requests; `set_fault` applies None as the mend."""

    turns: Mapping[str, Turns]
    hosts: Mapping[str, SimulatedHost]
    set_fault: Callable[[str, Fault | None], Awaitable[None]]

    def application(self) -> Starlette:
        """Answers the control requests; what is wrong with one is said in the answer."""
        return Starlette(
            routes=[
                Route("/healthy", _healthy),
                Route("/faults", self._list_faults),
                Route("/faults/{name}", self._change, methods=["PUT", "DELETE"]),
                Route("/hosts", self._list_traffic),
                Route("/hosts/{name}/traffic", self._set_traffic, methods=["PUT", "DELETE"]),
            ],
            exception_handlers=dict.fromkeys((ValueError, KeyError, TypeError), _wrong),
        )

    async def _list_faults(self, _request: Request) -> Response:
        return JSONResponse(self._faults())

    async def _change(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in self.turns:
            return _unknown(name, self.turns)
        fault = Fault.parse(await request.body()) if request.method == "PUT" else None
        await self.set_fault(name, fault)
        return JSONResponse(self._faults())

    async def _list_traffic(self, _request: Request) -> Response:
        return JSONResponse(self._traffic())

    async def _set_traffic(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in self.hosts:
            return _unknown(name, self.hosts)
        receive = transmit = REST_BYTES_PER_SECOND
        if request.method == "PUT":
            wanted = await request.json()
            receive, transmit = float(wanted["receive"]), float(wanted["transmit"])
        self.hosts[name].set_traffic(receive, transmit, time.time())
        return JSONResponse(self._traffic())

    def _faults(self) -> dict[str, object]:
        faults = {name: turns.fault for name, turns in self.turns.items()}
        return {name: fault and fault.document() for name, fault in faults.items()}

    def _traffic(self) -> dict[str, object]:
        return {
            name: {"receive": host.receive, "transmit": host.transmit}
            for name, host in self.hosts.items()
        }


async def _healthy(_request: Request) -> Response:
    return PlainTextResponse("healthy\n")


async def _wrong(_request: Request, error: Exception) -> Response:
    return PlainTextResponse(f"{error}\n", 400)


def _unknown(name: str, known: Mapping[str, object]) -> Response:
    return PlainTextResponse(f"{name!r} is not one of: {', '.join(sorted(known))}\n", 404)
