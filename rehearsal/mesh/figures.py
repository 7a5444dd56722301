"""What a mesh that is up takes: until a changed policy is in force, and of each call."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import quantiles

from offline.errors import UserError
from rehearsal.machine.addresses import Address, local_port
from rehearsal.mesh.asking import Outcome, calls
from rehearsal.mesh.matrix import Ask
from rehearsal.mesh.policies import POLICY, without_caller
from rehearsal.mesh.rehearsed import Mesh

# An edge of the graph whose method may be asked for again and again.
CALLER, CALLEE, METHOD = "checkoutservice", "cartservice", "GetCart"
_CALLS = 1000
_GIVEN_UP_AFTER_SECONDS = 30.0
_POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Milliseconds:
    """Of a call: the median, and what one in a hundred takes longer than."""

    median: float
    p99: float


def question(mesh: Mesh) -> Ask:
    """The edge's question."""
    (callee,) = [each.service for each in mesh.plan.services if each.service.name == CALLEE]
    return Ask(callee=callee, verb="POST", path=callee.path(METHOD))


def seconds_until_enforced(mesh: Mesh) -> float:
    """From a policy without one caller, when the API has it, to that caller's first refusal.

    The policy is then as it was. Raises UserError where nothing of it comes.
    """
    api, ask = mesh.api(), question(mesh)
    policy = mesh.object(POLICY, CALLEE)
    api.apply(without_caller(mesh.mesh, policy, CALLER))
    try:
        return _until(lambda: mesh.matrix.ask(CALLER, ask) is Outcome.DENIED)
    finally:
        api.apply(policy)
        _ = _until(lambda: mesh.matrix.ask(CALLER, ask) is Outcome.ANSWERED)


def call_with_proxies(mesh: Mesh) -> Milliseconds:
    """Over the caller's proxy and the callee's, on a connection that is open."""
    (caller,) = [each for each in mesh.workloads if each.caller == CALLER]
    ask = question(mesh)
    return _measured(caller.outward(ask.callee), ask)


def call_without(mesh: Mesh) -> Milliseconds:
    """The same call to the callee itself."""
    (callee,) = [each for each in mesh.workloads if each.caller == CALLEE]
    ask = question(mesh)
    return _measured(Address(callee.ip, local_port(ask.callee.container_port)), ask)


def _measured(address: Address, ask: Ask) -> Milliseconds:
    took = asyncio.run(calls(address, ask.callee.address, ask.path, _CALLS))
    hundredths = quantiles(took, n=100)
    return Milliseconds(median=hundredths[49] * 1000, p99=hundredths[98] * 1000)


def _until(what: Callable[[], bool]) -> float:
    began = time.monotonic()
    while not what():
        if time.monotonic() - began > _GIVEN_UP_AFTER_SECONDS:
            raise UserError(
                f"{CALLEE}'s changed policy is not in force within {_GIVEN_UP_AFTER_SECONDS:.0f} s"
            )
        time.sleep(_POLL_SECONDS)
    return time.monotonic() - began
