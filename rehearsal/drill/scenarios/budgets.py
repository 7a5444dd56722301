"""Budgets that go: services that answer their probes, and their customers with errors."""

from __future__ import annotations

from collections.abc import Iterable

from gallery.alerts.objectives import OBJECTIVE_BURNING_FAST
from gallery.metrics import labels
from gallery.metrics.timings import FailureMode as Onset
from gallery.objectives.indicators import Availability, Latency
from gallery.objectives.model import Objective
from gallery.objectives.needs import needs
from gallery.objectives.recordings import needed_by
from rehearsal.drill.breakages import service_broken
from rehearsal.drill.expectations import Expectation
from rehearsal.drill.rest import rested
from rehearsal.drill.running import NotPlayableError, Promises, Running
from rehearsal.drill.scenarios.endpoints import service_of
from rehearsal.drill.script import Scenario, Script, Target
from rehearsal.drill.steps import Await, Break, Mend
from rehearsal.world.faults import errors

_CHECK_OUT = "check-out"


def burning(promises: Promises, one: Objective) -> Expectation:
    """The page for an objective that is missed by far."""
    return promises.must(OBJECTIVE_BURNING_FAST, Onset.CHANGED, None, **_about(one))


def availability_of(running: Running, service: str) -> Objective:
    """The objective that a service answers. Raises NotPlayableError where there is none."""
    for one in running.plan.objectives:
        if one.indicator == Availability(service=service):
            return one
    raise NotPlayableError(
        f"stack {running.stack} has no objective of the requests to {service} that are answered"
    )


def _about(one: Objective) -> dict[str, str]:
    return {labels.SERVICE: one.service, labels.OBJECTIVE: one.name}


def _missed_too(running: Running, broken: Iterable[str]) -> tuple[Expectation, ...]:
    """The pages for what cannot be kept without these; errors make nobody late."""
    wanted, known = set(broken), needs(each.service for each in running.plan.services)
    return tuple(
        expectation
        for one in running.plan.objectives
        if wanted & set(needed_by(one, known)) and not isinstance(one.indicator, Latency)
        for expectation in running.promises.may(
            OBJECTIVE_BURNING_FAST, Onset.CHANGED, None, **_about(one)
        )
    )


def _burnt(running: Running, one: Objective, broken: tuple[str, ...], share: float) -> Script:
    """These services answer so many requests with an error, until the objective's page is there."""
    page = burning(running.promises, one)
    return Script(
        steps=(
            *rested(running, OBJECTIVE_BURNING_FAST, labels.OBJECTIVE, (one.name,)),
            *(Break(service_broken(service, errors(share))) for service in broken),
            Await((page,)),
            Mend(),
        ),
        may=_missed_too(running, broken),
        incidents_at_most={OBJECTIVE_BURNING_FAST.name: 1},
    )


def _errors_burst(running: Running, target: Target) -> Script:
    service = service_of(target)
    one = availability_of(running, service)
    # As many errors as spend a budget in the time that the bound is for: that of the objective
    # which takes longest, where all fails.
    share = one.budget / max(each.budget for each in running.plan.objectives)
    return _burnt(running, one, (service,), share)


def _journey_broken(running: Running, _target: Target) -> Script:
    for one in running.plan.objectives:
        if one.name == _CHECK_OUT:
            # Whatever is asked of them for this journey fails, and their probes are answered.
            asked = tuple(each.service for each in one.indicator.requests)
            return _burnt(running, one, asked, 1.0)
    raise NotPlayableError(f"stack {running.stack} has no objective {_CHECK_OUT}")


ERRORS_BURST = Scenario(
    name="errors-burst",
    summary="a service answers its probe, and many requests with an error: one page in time",
    write=_errors_burst,
    service="paymentservice",
)
JOURNEY_BROKEN = Scenario(
    name="journey-broken",
    summary="every service answers its probe, and nobody can check out: one page on the journey",
    write=_journey_broken,
)
