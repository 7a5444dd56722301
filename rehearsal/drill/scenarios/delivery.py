"""Nothing at all, and troubles on the way from a rule to a person."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import replace

from gallery.alerts.endpoints import ENDPOINT_DOWN
from gallery.alerts.model import Delivery
from gallery.contact_points.model import GRAFANA_HEARTBEAT, HEARTBEAT, Engine
from gallery.plan.alerts import PlannedAlert
from gallery.plan.model import Plan
from gallery.plan.routing import DATASOURCE_ALERTS
from rehearsal.drill.alert_notifications import ALERTNAME
from rehearsal.drill.beats import HearBeats, beat_seconds
from rehearsal.drill.breakages import pager_refuses, program_stopped, service_broken
from rehearsal.drill.expectations import Expectation, Expected
from rehearsal.drill.observer import FIRING, PENDING
from rehearsal.drill.play import Breakage, Play
from rehearsal.drill.running import NotPlayableError, Running
from rehearsal.drill.scenarios.endpoints import down, outage, second_service, service_of
from rehearsal.drill.script import Scenario, Script, Target
from rehearsal.drill.steps import (
    Await,
    AwaitRefusal,
    Break,
    BreakBriefly,
    Mend,
    MendOne,
    NothingFires,
    Silence,
    Until,
    Watch,
)

_QUIET_SECONDS = 60.0
_ONE_PROGRAM = "it evaluates and notifies in one program: what is promised here is of two"
# After a restart a notifier hears of an alert again within a minute (Prometheus'
# --rules.alert.resend-delay); what it would then say twice, it says after its group wait.
_RESEND_SECONDS = 60.0
# How long an evaluator says again that an alert is over (Prometheus' resolvedRetention).
_RETAINED = "15m"
_REFUSED_SECONDS = 20.0
_SLACK_SECONDS = 2.0
# Longer than any drill: what ends it is the mend.
_HOUR = 3600.0
# The service that posted alerts speak of: no service of the store.
_POSTED = "contact-points-drill"
# Alerts with labels that no route expects; the default must take them.
_UNROUTED = "Unrouted"


def _beats(running: Running) -> tuple[str, ...]:
    return (HEARTBEAT, GRAFANA_HEARTBEAT) if running.grafana_evaluates else (HEARTBEAT,)


def _quiet(running: Running, _target: Target) -> Script:
    return Script(
        steps=(
            Watch(_QUIET_SECONDS, "nothing is broken; looking on"),
            HearBeats(_beats(running), beat_seconds(running) - _QUIET_SECONDS),
            NothingFires(),
        ),
    )


def _until(state: str, page: Expectation) -> Until:
    """Wait until the evaluator has the alert in this state."""

    def so(play: Play) -> bool:
        return any(
            alert.state == state and page.about(alert.name, alert.labels)
            for alert in play.observer.active.values()
        )

    return Until(so, f"{page.alert} {state}", page.page_seconds)


def _refuse_grafana_itself(running: Running, why: str) -> None:
    """Raise NotPlayableError where Grafana itself evaluates and notifies."""
    if running.grafana_itself:
        raise NotPlayableError(f"Grafana itself is up, and {why}; play this without --grafana")


def _evaluator_restart(running: Running, target: Target) -> Script:
    _refuse_grafana_itself(running, _ONE_PROGRAM)
    service, promises = service_of(target), running.promises
    page = down(promises, service)
    planned = promises.planned(ENDPOINT_DOWN)
    return outage(
        running,
        (service,),
        Break(service_broken(service)),
        _until(PENDING, page),
        Watch(planned.hold.seconds / 2, "into the hold"),
        # A hold of less than ten minutes begins anew (Prometheus' --rules.alert.for-grace-period).
        BreakBriefly(program_stopped(running, running.evaluator)),
        Await((page,)),
        Mend(),
    )


def _refuse_restless(running: Running, alert: str) -> None:
    """Raise NotPlayableError where this alert fired lately: its resolve still comes with new ones.

    A notifier that was restarted then tells pages again beside that end, and rightly.
    """
    asked = f'count_over_time(ALERTS{{alertname="{alert}",alertstate="firing"}}[{_RETAINED}])'
    if any(evaluator.query(asked) for evaluator in running.evaluators):
        raise NotPlayableError(
            f"{alert} fired within the last {_RETAINED}, and its resolve is still sent with new "
            "pages: whether a restart repeats one cannot be judged; wait, or start the stack anew"
        )


def _alertmanager_restart(running: Running, target: Target) -> Script:
    _refuse_grafana_itself(running, _ONE_PROGRAM)
    first = service_of(target)
    both = (first, second_service(running, first, "productcatalogservice"))
    pages = tuple(down(running.promises, service) for service in both)
    name, timings = running.alertmanager, running.plan.timings
    again = _RESEND_SECONDS + timings.evaluate.seconds + timings.group_wait.seconds + _SLACK_SECONDS
    lost = replace(pages[0], page_seconds=pages[0].page_seconds + _RESEND_SECONDS)
    _refuse_restless(running, pages[0].alert)
    return outage(
        running,
        both,
        Break(service_broken(both[0])),
        # Its group is new: the page lies in the group wait, and is lost with the notifier.
        _until(FIRING, pages[0]),
        BreakBriefly(program_stopped(running, name, signal.SIGKILL), forgets=True),
        Await((lost,)),
        Break(service_broken(both[1])),
        Await((pages[1],)),
        BreakBriefly(program_stopped(running, name)),
        Silence(again, pages),
        Mend(),
    )


def _pager_refuses(running: Running, target: Target) -> Script:
    service, timings = service_of(target), running.plan.timings
    page = down(running.promises, service)
    # A refused message is tried again within the group interval, then in the next one.
    after = timings.group_interval.seconds * 2 + _SLACK_SECONDS
    late = replace(page, page_seconds=after)

    return outage(
        running,
        (service,),
        Break(service_broken(service)),
        Break(pager_refuses(page.contact_points, _HOUR)),
        AwaitRefusal(len(page.contact_points), page.page_seconds),
        Watch(_REFUSED_SECONDS, "every delivery is refused"),
        MendOne(),
        Await((late,)),
        Mend(),
    )


def _contact_points(running: Running, _target: Target) -> Script:
    _refuse_grafana_itself(running, "its notifier takes alerts from nobody but its evaluator")
    posts = [*_posts(running.plan)]
    pages = tuple(_posted(running.plan, engine, labels) for engine, labels, _ in posts)

    def post(seconds: float) -> None:
        for engine, client in running.alertmanagers.items():
            client.post(
                [
                    {"labels": labels, "annotations": annotations}
                    for by, labels, annotations in posts
                    if by is engine
                ],
                seconds,
            )

    breakage = Breakage(
        what=f"{len(posts)} alerts are posted, one for every rule and some that no rule makes",
        do=lambda: post(_HOUR),
        mended="they are over",
        undo=lambda: post(0.0),
    )
    return Script(
        steps=(
            Break(breakage),
            Await(pages),
            Mend(),
            # These are posted all the time, by the rules themselves.
            HearBeats(_beats(running), beat_seconds(running), before=beat_seconds(running)),
        ),
    )


def _posted(plan: Plan, engine: Engine, labels: dict[str, str]) -> Expectation:
    """What must come of one alert that is posted: the times are those of its route."""
    tree = plan.grafana_routes if engine is Engine.GRAFANA else None
    route = (tree or plan.amp_routes).of(labels)
    return Expectation(
        expected=Expected.MUST,
        alert=labels[ALERTNAME],
        labels={name: value for name, value in labels.items() if name != ALERTNAME},
        contact_points=plan.deliver(labels),
        page_seconds=max(route.group_wait, route.group_interval).seconds + _SLACK_SECONDS,
        resolve_seconds=route.group_interval.seconds + _SLACK_SECONDS,
    )


def _posts(plan: Plan) -> Iterator[tuple[Engine, dict[str, str], dict[str, str]]]:
    """Engine, labels and annotations of every alert but the heartbeats."""
    for planned in plan.alerts:
        if planned.alert.delivery not in {Delivery.HEARTBEAT, Delivery.GRAFANA_HEARTBEAT}:
            for owner in planned.owners:
                labels = _labels(planned, planned.name, owner)
                yield planned.engine, labels, _annotations(planned)
    some = next(planned for planned in plan.alerts if planned.engine is plan.engine)
    nowhere = {
        name: value for name, value in _labels(some, _UNROUTED, some.owner).items()
        if name not in {"owner", "severity"}
    }  # fmt: skip
    yield plan.engine, nowhere, _annotations(some)
    if plan.engine is Engine.GRAFANA:
        for name in DATASOURCE_ALERTS.split("|"):
            yield plan.engine, _labels(some, name, some.owner), _annotations(some)


def _labels(planned: PlannedAlert, name: str, owner: str) -> dict[str, str]:
    return {ALERTNAME: name, "service": _POSTED, **planned.labels_for(owner)}


def _annotations(planned: PlannedAlert) -> dict[str, str]:
    annotations = dict(planned.annotations)
    # Templates are the evaluator's to fill, and none is asked here.
    return annotations | {"what": planned.alert.summary, "customers": "This is a drill."}


QUIET = Scenario(
    name="quiet",
    summary="a minute in which nothing is broken: only heartbeats are sent",
    write=_quiet,
)
EVALUATOR_RESTART = Scenario(
    name="evaluator-restart",
    summary="what evaluates the rules is restarted while an alert is pending: the page comes, once",
    write=_evaluator_restart,
    service="recommendationservice",
)
ALERTMANAGER_RESTART = Scenario(
    name="alertmanager-restart",
    summary="the notifier is restarted around a page (KILL: at least once; TERM: exactly once)",
    write=_alertmanager_restart,
    service="paymentservice",
)
PAGER_REFUSES = Scenario(
    name="pager-refuses",
    summary="the contact points answer 500 for a while: the page is delivered in the end",
    write=_pager_refuses,
    service="checkoutservice",
)
CONTACT_POINTS = Scenario(
    name="contact-points",
    summary="every alert's labels are posted: each reaches the contact points of the plan, once",
    write=_contact_points,
    of_routes=True,
)
