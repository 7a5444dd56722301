"""Who calls whom how often, how long it takes and how it ends: arithmetic over the call graph.

Every request to a caller makes half a request to each of its callees, in turn for each of the
methods that it asks for. A callee that is down, or answers with errors, fails calls to it, and with
them that share of the requests of those who cannot do without it, up to the entrance. A callee that
answers late holds up all of its callers.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod

from gallery.store.services import INTERNAL, LOAD_GENERATOR, SERVICES
from rehearsal.world.faults import Fault, FaultKind, down, failing
from rehearsal.world.topology import Workload

_CALLS_PER_REQUEST = 0.5
_CALLER_TIMEOUT_MILLISECONDS = 10_000.0
_REFUSED_MILLISECONDS = 1.0
# What a service answers by gRPC where a callee has failed it is in its code, which is not deployed
# here: the catalogue says it, and of what is not of the store nobody.
FAILS_WITH = {service.name: service.fails_with for service in SERVICES}
_CALLS = {
    (caller.name, call.callee): call
    for caller in (*SERVICES, LOAD_GENERATOR)
    for call in caller.calls
}
METHODS = {service.name: tuple(each.name for each in service.methods) for service in SERVICES}
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
    duration; none took less than `at_least`.
    """

    reporter: str
    caller: Workload
    callee: Workload
    outcome: Outcome
    rate: float
    milliseconds: float
    at_least: float = 0.0

    @property
    def proxy(self) -> str:
        """The workload whose proxy counts them."""
        return (self.caller if self.reporter == "source" else self.callee).name


@dataclass(frozen=True)
class Condition:
    """How a workload does: the share of its requests that fail, and their mean duration.

    The share `late` of them takes `delay` milliseconds more, whether or not they fail.
    """

    failing: float
    milliseconds: float
    late: float = 0.0
    delay: float = 0.0


def flows(
    workloads: Mapping[str, Workload], faults: Mapping[str, Fault], traffic: float = 1.0
) -> list[Flow]:
    """All traffic while these faults last; of customers so many times as much as usual."""
    store = _Store(workloads, faults)
    return [
        flow
        for caller, callee, rate in _calls(workloads)
        for flow in _edge(
            caller,
            callee,
            rate if caller.probes else rate * traffic,
            faults.get(callee.name),
            store.seen(caller, callee),
        )
    ]


@dataclass
class _Store:
    """How each workload does in what it can be asked for, found out once."""

    workloads: Mapping[str, Workload]
    faults: Mapping[str, Fault]
    _known: dict[tuple[str, str], Condition] = field(
        default_factory=dict[tuple[str, str], Condition], init=False
    )

    def seen(self, caller: Workload, callee: Workload) -> Condition:
        """How a callee does as this caller meets it."""
        if caller.probes:
            return self._checked(callee.name)
        call = _CALLS.get((caller.name, callee.name))
        asked = call.methods if call else METHODS.get(callee.name, ())
        each = [self._asked(callee.name, method) for method in asked or ("",)]
        count = len(each)
        late = sum(one.late for one in each) / count
        waited = sum(one.late * one.delay for one in each) / count
        return Condition(
            failing=sum(one.failing for one in each) / count,
            milliseconds=sum(one.milliseconds for one in each) / count,
            late=late,
            delay=waited / late if late else 0.0,
        )

    def _checked(self, name: str) -> Condition:
        """A health check asks the service alone."""
        fault = self.faults.get(name)
        if down(fault):
            return self._asked(name, "")
        delay = fault.milliseconds if fault and fault.concerns(None) else 0
        return Condition(0.0, _own_milliseconds(name), float(delay > 0), delay)

    def _asked(self, name: str, method: str) -> Condition:
        if (name, method) not in self._known:
            self._known[name, method] = self._assess(name, method)
        return self._known[name, method]

    def _assess(self, name: str, method: str) -> Condition:
        fault = self.faults.get(name)
        if fault is not None and fault.kind is FaultKind.REFUSE:
            return Condition(1.0, _REFUSED_MILLISECONDS)
        if fault is not None and fault.kind is FaultKind.HANG:
            return Condition(1.0, _CALLER_TIMEOUT_MILLISECONDS)
        caller = self.workloads[name]
        callees = {callee: self.seen(caller, self.workloads[callee]) for callee in caller.calls}
        share = fault.share if fault is not None and fault.concerns(method) else 0.0
        delay = fault.milliseconds if fault else 0
        in_time, waited = 1.0 - share * (delay > 0), share * delay
        for callee in callees.values():
            in_time *= 1.0 - _CALLS_PER_REQUEST * callee.late
            waited += _CALLS_PER_REQUEST * callee.late * callee.delay
        succeeding = prod(
            1.0 - _CALLS_PER_REQUEST * callee.failing
            for callee_name, callee in callees.items()
            if _needed(name, callee_name)
        )
        fails = share if failing(fault) else 0.0
        return Condition(
            failing=1.0 - (1.0 - fails) * succeeding,
            milliseconds=_own_milliseconds(name)
            + sum(_CALLS_PER_REQUEST * callee.milliseconds for callee in callees.values()),
            late=1.0 - in_time,
            delay=waited / (1.0 - in_time) if in_time < 1 else 0.0,
        )


def _own_milliseconds(name: str) -> float:
    """What a workload takes by itself."""
    return 2.0 + zlib.crc32(name.encode()) % 8


def _needed(caller: str, callee: str) -> bool:
    """Whether a caller has no answer without this callee's: what is not of the store has none."""
    call = _CALLS.get((caller, callee))
    return call is None or call.without is None


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
        late = condition.late
        shares = ((fine, 1.0 - condition.failing), (failed, condition.failing))
        delays = ((0.0, 1.0 - late), (condition.delay, late))
        return [
            Flow(
                reporter,
                caller,
                callee,
                outcome,
                rate * share * part,
                condition.milliseconds + delay,
                delay,
            )
            for reporter in ("source", "destination")
            for outcome, share in shares
            for delay, part in delays
            if share * part > 0 and (reporter == "destination" or caller is not OUTSIDE)
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
