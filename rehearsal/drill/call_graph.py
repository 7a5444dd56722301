"""What else may be heard when services of the store are broken: read off the call graph.

Probes ask a service alone, never its callees, so that a broken callee makes nobody's endpoint
down but its own. What its callers' customers feel is another matter.
"""

from __future__ import annotations

from collections.abc import Iterable

from gallery.alerts.endpoints import ENDPOINT_SLOW
from gallery.metrics.timings import FailureMode
from gallery.plan.model import Plan
from rehearsal.drill.expectations import Expectation
from rehearsal.drill.running import Promises


def callers(plan: Plan, broken: Iterable[str]) -> frozenset[str]:
    """The services that call one of these, directly or through others."""
    found, reached = frozenset[str](), frozenset(broken)
    while reached:
        callers_of = {
            planned.service.name
            for planned in plan.services
            if reached & set(planned.service.callees)
        }
        reached = frozenset(callers_of - found)
        found |= reached
    return found


def consequences(promises: Promises, broken: Iterable[str]) -> tuple[Expectation, ...]:
    """What may come while these services are broken: slow answers.

    Not a closed door: where the frontend is down, its own page says so.
    """
    broken = frozenset(broken)
    felt = sorted(broken | callers(promises.plan, broken))
    return tuple(
        expectation
        for service in felt
        for expectation in promises.may(ENDPOINT_SLOW, FailureMode.CHANGED, service=service)
    )
