"""What becomes of those who ask a callee that is slow: they are asked themselves, and timed.

Beyond its route's timeout nobody waits for it. Whoever can do without it answers all the same;
whoever cannot says so, and no later than his own callers give up.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from gallery.metrics.durations import Duration
from gallery.plan.patience import patience
from gallery.store.call_graph import Call
from gallery.store.companions import PROBER
from gallery.store.services import Protocol, Service
from rehearsal.mesh.asking import Outcome
from rehearsal.mesh.matrix import Ask, Matrix
from rehearsal.world.listeners import PAGE

# What two proxies and this machine take beside the time that is planned, in seconds.
MARGIN_SECONDS = 0.5
# One request of a caller asks every second of its callees, and others ask meanwhile: of so many,
# some ask each of them.
_TIMES = 12


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What came of a question, after how many seconds."""

    outcome: Outcome | str
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Degrading:
    """The callers of a service that is slow."""

    matrix: Matrix
    slow: str

    def complaints(self) -> Iterator[str]:
        """What is not as the catalogue and the routes say, while the service is slow."""
        for caller in self._services.values():
            for call in caller.calls:
                if call.callee == self.slow:
                    yield from self._given_up(caller, call)
                    yield from self._does_without(caller, call)

    def _given_up(self, caller: Service, call: Call) -> Iterator[str]:
        """The caller's proxy ends its request in time."""
        wait = self._waits[self.slow]
        for name in call.methods:
            got = self._ask(caller.name, _ask(self._services[self.slow], name))
            what = f"{caller.name} asks {self.slow} for {name}"
            if got.outcome is Outcome.ANSWERED:
                yield f"{what}: answered after {got.seconds:.1f} s, and should not have been"
            elif got.seconds > wait.seconds + MARGIN_SECONDS:
                yield f"{what}: given up after {got.seconds:.1f} s, and the plan says {wait}"

    def _does_without(self, caller: Service, call: Call) -> Iterator[str]:
        """The caller itself answers, or fails, as the catalogue says, and in time."""
        wait = self._waits[caller.name]
        ask = _ask(caller, caller.methods[0].name)
        who = self._who_asks(caller.name)
        got = [self._ask(who, ask) for _ in range(_TIMES)]
        failed = sum(each.outcome is not Outcome.ANSWERED for each in got)
        longest = max(each.seconds for each in got)
        if longest > wait.seconds + MARGIN_SECONDS:
            yield f"{who} waits {longest:.1f} s for {caller.name}, and the plan says {wait}"
        if call.without is not None and failed:
            yield f"{caller.name} fails without {self.slow}, and the catalogue: {call.without}"
        if call.without is None and not failed:
            yield f"{caller.name} answers as if {self.slow} did, which it cannot do without"

    def _ask(self, who: str, ask: Ask) -> Answered:
        began = time.monotonic()
        outcome = self.matrix.ask(who, ask)
        return Answered(outcome=outcome, seconds=time.monotonic() - began)

    def _who_asks(self, callee: str) -> str:
        """Somebody who may."""
        present = {each.caller for each in self.matrix.workloads}
        return next(
            each.caller
            for each in self.matrix.plan.allowed
            if each.callee == callee and each.caller in present - {PROBER.name}
        )

    @property
    def _services(self) -> dict[str, Service]:
        return {each.service.name: each.service for each in self.matrix.plan.services}

    @property
    def _waits(self) -> dict[str, Duration]:
        return patience(self._services.values())


def _ask(callee: Service, method: str) -> Ask:
    if callee.protocol is Protocol.GRPC:
        return Ask(callee=callee, verb="POST", path=callee.path(method))
    return Ask(callee=callee, verb=method, path=PAGE)
