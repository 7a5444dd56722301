"""The world's control: an HTTP interface by which a drill breaks and mends things.

    GET    /healthy                   200 once everything listens
    GET    /faults                    {name: fault or null} of every service and relay
    PUT    /faults/<name>             {"kind": "refuse"}, {"kind": "hang"} or
                                      {"kind": "slow", "milliseconds": n}
    DELETE /faults/<name>             mend
    GET    /hosts                     {name: {"receive": bytes/s, "transmit": bytes/s}}
    PUT    /hosts/<name>/traffic      the like; DELETE returns the host to rest

A change is in force when its answer arrives.
"""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from rehearsal.machine.http_server import HttpRequest, HttpResponse
from rehearsal.world.faults import Fault
from rehearsal.world.procfs import REST_BYTES_PER_SECOND, SimulatedHost


@dataclass(frozen=True)
class Control:
    """Answers the control requests; `set_fault` applies None as the mend."""

    faults: Mapping[str, Fault | None]
    hosts: Mapping[str, SimulatedHost]
    set_fault: Callable[[str, Fault | None], Awaitable[None]]

    async def answer(self, request: HttpRequest) -> HttpResponse:
        """Answer one request; what is wrong with it is said in the answer."""
        try:
            return await self._route(request)
        except (ValueError, KeyError, TypeError) as error:
            return HttpResponse.text(f"{error}\n", 400)

    async def _route(self, request: HttpRequest) -> HttpResponse:
        match request.method, request.steps:
            case "GET", ("healthy",):
                answer = HttpResponse.text("healthy\n")
            case "GET", ("faults",):
                answer = HttpResponse.json(self._faults())
            case (("PUT" | "DELETE"), ("faults", name)):
                answer = await self._change(request, name)
            case "GET", ("hosts",):
                answer = HttpResponse.json(self._traffic())
            case (("PUT" | "DELETE"), ("hosts", name, "traffic")):
                answer = self._set_traffic(request, name)
            case _:
                answer = HttpResponse.text("no such thing to ask for\n", 404)
        return answer

    def _faults(self) -> dict[str, object]:
        return {name: fault and fault.document() for name, fault in self.faults.items()}

    async def _change(self, request: HttpRequest, name: str) -> HttpResponse:
        if name not in self.faults:
            return _unknown(name, self.faults)
        fault = Fault.parse(request.body) if request.method == "PUT" else None
        await self.set_fault(name, fault)
        return HttpResponse.json(self._faults())

    def _traffic(self) -> dict[str, object]:
        return {
            name: {"receive": host.receive, "transmit": host.transmit}
            for name, host in self.hosts.items()
        }

    def _set_traffic(self, request: HttpRequest, name: str) -> HttpResponse:
        if name not in self.hosts:
            return _unknown(name, self.hosts)
        receive = transmit = REST_BYTES_PER_SECOND
        if request.method == "PUT":
            wanted = json.loads(request.body)
            receive, transmit = float(wanted["receive"]), float(wanted["transmit"])
        self.hosts[name].set_traffic(receive, transmit, time.time())
        return HttpResponse.json(self._traffic())


def _unknown(name: str, known: Mapping[str, object]) -> HttpResponse:
    return HttpResponse.text(f"{name!r} is not one of: {', '.join(sorted(known))}\n", 404)
