"""Budgets that go: services that answer their probes, and their customers with errors."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from gallery.alerts.model import Alert
from gallery.alerts.objectives import OBJECTIVE_BURNING_FAST, OBJECTIVE_BURNING_SLOWLY
from gallery.metrics import labels
from gallery.metrics.durations import Duration
from gallery.metrics.timings import FailureMode as Onset
from gallery.objectives.indicators import Availability, Latency
from gallery.objectives.model import Objective
from gallery.objectives.needs import needs
from gallery.objectives.recordings import needed_by
from gallery.objectives.windows import PAGE, TICKET
from rehearsal.drill.breakages import service_broken
from rehearsal.drill.expectations import Expectation
from rehearsal.drill.rest import rested
from rehearsal.drill.running import NotPlayableError, Promises, Running
from rehearsal.drill.scenarios.endpoints import service_of
from rehearsal.drill.script import Scenario, Script, Target
from rehearsal.drill.steps import Await, Break, Mend
from rehearsal.drill.virtual.course import Spell
from rehearsal.drill.virtual.step import VirtualTime
from rehearsal.world.faults import errors
from rehearsal.world.topology import Topology
from rehearsal.world.traffic import flows

_CHECK_OUT = "check-out"
_HOUR = Duration.parse("1h")
_DAY = Duration.parse("1d")
# After the last time at which a ticket is due.
_AFTER = 600.0
# Requests an hour, of which each hour one fails; and how long it is night.
_AT_NIGHT = 3
_NIGHT = _HOUR * 9


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


def _missed_too(
    running: Running, broken: Iterable[str], alert: Alert = OBJECTIVE_BURNING_FAST
) -> tuple[Expectation, ...]:
    """What may be told of what cannot be kept without these; errors make nobody late."""
    wanted, known = set(broken), needs(each.service for each in running.plan.services)
    return tuple(
        expectation
        for one in running.plan.objectives
        if wanted & set(needed_by(one, known)) and not isinstance(one.indicator, Latency)
        for expectation in running.promises.may(alert, Onset.CHANGED, None, **_about(one))
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


def _errors_slow(running: Running, target: Target) -> Script:
    service = service_of(target)
    one = availability_of(running, service)
    ticket = running.promises.must(OBJECTIVE_BURNING_SLOWLY, Onset.CHANGED, None, **_about(one))
    # Faster than a ticket is for, and slower than a page is for.
    factor = (TICKET[0].factor + PAGE[-1].factor) / 2
    burns = min(pair.passed(factor, _DAY).seconds for pair in TICKET)
    known = TICKET[0].spent(max(each.budget for each in running.plan.objectives)).seconds
    due = burns + ticket.page_seconds - known + running.plan.timings.evaluate_amp.seconds
    return Script(
        steps=(
            VirtualTime(
                f"{service} answers {factor * one.budget:.2%} with an error, after a day in which "
                "all was well",
                (
                    Spell(seconds=_DAY.seconds),
                    Spell(
                        seconds=due + _AFTER,
                        faults={service: errors(factor * one.budget)},
                    ),
                ),
                tickets=(replace(ticket, page_seconds=due),),
                may=_missed_too(running, (service,), OBJECTIVE_BURNING_SLOWLY),
            ),
        )
    )


def _night_traffic(running: Running, target: Target) -> Script:
    service = service_of(target)
    one = availability_of(running, service)
    usual = _asked(running, one)
    return Script(
        steps=(
            VirtualTime(
                f"{_AT_NIGHT} requests an hour to {service}, one of which fails",
                (
                    Spell(
                        seconds=_NIGHT.seconds,
                        faults={service: errors(1 / _AT_NIGHT)},
                        traffic=_AT_NIGHT / _HOUR.seconds / usual,
                    ),
                ),
                may=_missed_too(running, (service,), OBJECTIVE_BURNING_SLOWLY),
            ),
        )
    )


def _asked(running: Running, one: Objective) -> float:
    """How many requests a second an objective counts while all is well."""
    topology = Topology.read(running.stand_in / "world.json")
    workloads = {workload.name: workload for workload in topology.workloads}
    return sum(
        flow.rate
        for flow in flows(workloads, {})
        if any(
            each.has(flow.caller.name, flow.callee.name, flow.reporter)
            for each in one.indicator.requests
        )
    )


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
ERRORS_SLOW = Scenario(
    name="errors-slow",
    summary="a service fails a bit too often for hours: a ticket, no page; in virtual time",
    write=_errors_slow,
    service="paymentservice",
)
NIGHT_TRAFFIC = Scenario(
    name="night-traffic",
    summary="three requests an hour, and one fails: nobody is paged; in virtual time",
    write=_night_traffic,
    service="checkoutservice",
)
