"""Who calls whom how often, how long it takes and how it ends: arithmetic over the call graph.

Every request to a caller makes half a request to each of its callees. A callee that is down
fails the calls to it, and with them that share of its callers' requests, up to the entrance.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

from gallery.store.services import INTERNAL, SERVICES
from rehearsal.world.faults import Fault, FaultKind, down
from rehearsal.world.topology import Workload

_CALLS_PER_REQUEST = 0.5
_CALLER_TIMEOUT_MILLISECONDS = 10_000.0
_REFUSED_MILLISECONDS = 1.0
# What a service answers by gRPC where a callee has failed it is in its code, which is not deployed
# here: the catalogue says it, and of what is not of the store nobody.
FAILS_WITH = {service.name: service.fails_with for service in SERVICES}
# Callers outside the mesh, where no workload of the store generates the load.
OUTSIDE = Workload(name="unknown", protocol="http", listens=None, metrics=None, calls=())
_OUTSIDE_REQUESTS_PER_SECOND = 20.0


@dataclass(frozen=True)
class Outcome:
    """How a request ended, in the words of a proxy's metrics."""

    response_code: str
    response_flags: str
    grpc_status: str


@dataclass(frozen=True)
class Flow:
    """Requests of one outcome from caller to callee, as the proxy of one side counts them.

    `reporter` is "source" or "destination"; `rate` is per second, `milliseconds` their mean
    duration.
    """

    reporter: str
    caller: Workload
    callee: Workload
    outcome: Outcome
    rate: float
    milliseconds: float

    @property
    def proxy(self) -> str:
        """The workload whose proxy counts them."""
        return (self.caller if self.reporter == "source" else self.callee).name


@dataclass(frozen=True)
class Condition:
    """How a workload does: the share of its requests that fail, and their mean duration."""

    failing: float
    milliseconds: float


def flows(workloads: Mapping[str, Workload], faults: Mapping[str, Fault]) -> list[Flow]:
    """All traffic while these faults last."""
    conditions = dict[str, Condition]()
    for name in workloads:
        _assess(name, workloads, faults, conditions)
    found = list[Flow]()
    for caller, callee, rate in _calls(workloads):
        condition = conditions[callee.name]
        if caller.probes and not down(faults.get(callee.name)):
            # A health check asks the service alone.
            condition = Condition(0.0, condition.milliseconds)
        found += _edge(caller, callee, rate, faults.get(callee.name), condition)
    return found


def _assess(
    name: str,
    workloads: Mapping[str, Workload],
    faults: Mapping[str, Fault],
    known: dict[str, Condition],
) -> Condition:
    if name in known:
        return known[name]
    callees = [_assess(callee, workloads, faults, known) for callee in workloads[name].calls]
    fault = faults.get(name)
    if fault is not None and fault.kind is FaultKind.REFUSE:
        condition = Condition(1.0, _REFUSED_MILLISECONDS)
    elif fault is not None and fault.kind is FaultKind.HANG:
        condition = Condition(1.0, _CALLER_TIMEOUT_MILLISECONDS)
    else:
        own = 2.0 + zlib.crc32(name.encode()) % 8 + (fault.milliseconds if fault else 0)
        waited = sum(_CALLS_PER_REQUEST * callee.milliseconds for callee in callees)
        succeeding = prod(1.0 - _CALLS_PER_REQUEST * callee.failing for callee in callees)
        condition = Condition(1.0 - succeeding, own + waited)
    known[name] = condition
    return condition


def _calls(workloads: Mapping[str, Workload]) -> list[tuple[Workload, Workload, float]]:
    """Caller, callee and requests per second, from the entrances inwards."""
    found = list[tuple[Workload, Workload, float]]()
    customers = [workload for workload in workloads.values() if not workload.probes]
    for caller in workloads.values():
        for name in caller.calls if caller.generates else ():
            if caller.probes:
                found.append((caller, workloads[name], caller.generates))
            else:
                _follow(caller, workloads[name], caller.generates, workloads, found)
    called = {callee for workload in customers for callee in workload.calls}
    for entrance in customers:
        if entrance.listens is not None and entrance.name not in called:
            _follow(OUTSIDE, entrance, _OUTSIDE_REQUESTS_PER_SECOND, workloads, found)
    return found


def _follow(
    caller: Workload,
    callee: Workload,
    rate: float,
    workloads: Mapping[str, Workload],
    found: list[tuple[Workload, Workload, float]],
) -> None:
    found.append((caller, callee, rate))
    for name in callee.calls:
        _follow(callee, workloads[name], rate * _CALLS_PER_REQUEST, workloads, found)


def _edge(
    caller: Workload, callee: Workload, rate: float, fault: Fault | None, condition: Condition
) -> list[Flow]:
    grpc = callee.protocol == "grpc"
    fine = Outcome("200", "-", "0" if grpc else "")
    if not down(fault):
        # A gRPC answer that carries an error still has HTTP status 200.
        failed = (
            Outcome("200", "-", str(FAILS_WITH.get(callee.name, INTERNAL)))
            if grpc
            else Outcome("500", "-", "")
        )
        shares = ((fine, 1.0 - condition.failing), (failed, condition.failing))
        return [
            Flow(reporter, caller, callee, outcome, rate * share, condition.milliseconds)
            for reporter in ("source", "destination")
            for outcome, share in shares
            if share > 0 and (reporter == "destination" or caller is not OUTSIDE)
        ]
    hangs = fault is not None and fault.kind is FaultKind.HANG
    flags = "UT" if hangs else "UF"
    code = "200" if grpc else ("504" if hangs else "503")
    seen = Outcome(code, flags, "14" if grpc else "")
    milliseconds = condition.milliseconds
    found = list[Flow]()
    if caller is not OUTSIDE:
        found.append(Flow("source", caller, callee, seen, rate, milliseconds))
    if hangs:
        # The server's own proxy sees the caller give up.
        gone = Outcome("0", "DC", "")
        found.append(Flow("destination", caller, callee, gone, rate, milliseconds))
    return found
