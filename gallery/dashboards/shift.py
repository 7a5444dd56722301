"""The dashboard with which a shift begins: what happened, what fires, and what is close to it."""

from __future__ import annotations

from collections.abc import Iterator

from grafana_foundation_sdk.models import dashboard as model

from gallery.alerts.disks import HOST_DISK_FILLING
from gallery.alerts.door import SHOP_DOOR_CERTIFICATE_EXPIRING
from gallery.alerts.endpoints import ENDPOINT_SLOW
from gallery.alerts.model import Alert
from gallery.alerts.panels import SHIFT
from gallery.alerts.resources import HOST_CPU_SATURATED, HOST_MEMORY_LOW
from gallery.dashboards import door, endpoints, host_panels, requests
from gallery.dashboards.frame import framed, outages
from gallery.dashboards.grid import Band, Heading, side_by_side
from gallery.dashboards.palette import ATTENTION, BAD, GOOD
from gallery.dashboards.panels import Face, Query, at_most, none_at_all, tile
from gallery.dashboards.sources import Source, source, threshold
from gallery.dashboards.tables import Column, live_table
from gallery.dashboards.texts import alert_list, prose
from gallery.metrics import labels
from gallery.plan.model import Plan

_SHOWN = "12h"
# It asks for half a day: nobody needs that anew every few seconds.
_REFRESH = "1m"
# How finely the past is looked at: what lasted less is not seen.
_STEP = "1m"
_STEP_SECONDS = 60
_WHERE, _ALERT = "where", "alert"
# So many lines fit into the table.
_CLOSEST = 12
# From here on somebody should look before it fires.
_CLOSE = 0.2


def shift(plan: Plan) -> model.Dashboard:
    """What whoever takes over should know."""
    here = source(plan)
    return framed(
        plan,
        uid=SHIFT,
        title="Gallery: start of a shift",
        description=(
            "What happened in the last twelve hours, what fires now, and what is close to it."
        ),
        shown=_SHOWN,
        parts=_parts(plan, here),
        variables=(),
        annotations=(outages(here, "Outages", endpoints.down(here)),),
        refresh=_REFRESH,
    )


def _parts(plan: Plan, here: Source) -> Iterator[Band | Heading]:
    yield side_by_side(4, *_tiles(plan, here))
    fires, left = alert_list(plan, "Alerts now"), tuple(_left(plan, here))
    yield Band(
        height=9,
        panels=((10, fires), (14, _close_to_firing(here, left))) if left else ((24, fires),),
    )
    yield Heading(title="What happened")
    yield Band(height=8, panels=((14, endpoints.over_time(here)), (10, _what_was_down(plan, here))))
    lanes = [
        *([host_panels.over_time(here)] if plan.hosts else []),
        *([door.over_time(plan)] if plan.door else []),
    ]
    if lanes:
        yield side_by_side(5, *lanes)
    yield Heading(title="Hand-over")
    yield side_by_side(6, _hand_over())


def _tiles(plan: Plan, here: Source) -> Iterator[model.Panel]:
    yield tile(
        here,
        "Endpoints that were down",
        f"How many of the store's services did not answer a probe, looked at every {_STEP}.",
        Query(expr=_ever_down(endpoints.answers(here, labels.PROBE)), legend="down"),
        Face(unit="none", empty="NOT KNOWN", decimals=0, steps=none_at_all(ATTENTION)),
    )
    if plan.door:
        answers = endpoints.answers(door.door(plan), labels.DOOR)
        yield tile(
            here,
            "Time the public address was down",
            f"For how long {plan.door} did not answer, to the minute.",
            Query(expr=_seconds_down(answers), legend="down"),
            Face(unit="s", empty="NOT KNOWN", decimals=0, steps=none_at_all(ATTENTION)),
        )
    if plan.hosts:
        yield tile(
            here,
            "Hosts that were down",
            f"How many hosts did not answer a scrape, looked at every {_STEP}.",
            Query(expr=_ever_down(host_panels.answers(here)), legend="down"),
            Face(unit="none", empty="NOT KNOWN", decimals=0, steps=none_at_all(ATTENTION)),
        )
    if plan.mesh:
        yield tile(
            here,
            "Requests that failed",
            "The share of all requests that ended in a server's error, at the service with the "
            "most.",
            Query(expr=f"max ({requests.failing(here, '$__range')})", legend="failed"),
            Face(unit="percentunit", empty="no traffic", decimals=2, steps=at_most(0.01)),
        )


def _ever_down(answers: str) -> str:
    """How many were down at some time; nothing where nothing was looked at, which is not nought."""
    return f"sum (min_over_time(({answers})[$__range:{_STEP}]) == bool 0)"


def _seconds_down(answers: str) -> str:
    return f"sum_over_time(({answers} == bool 0)[$__range:{_STEP}]) * {_STEP_SECONDS}"


def _what_was_down(plan: Plan, here: Source) -> model.Panel:
    """Services and hosts, those that were down longest first."""
    watched = [_located(endpoints.answers(here, labels.PROBE), labels.SERVICE)]
    if plan.hosts:
        watched.append(_located(host_panels.answers(here), labels.HOST))
    answers = " or ".join(watched)
    times = f"ceil(changes(({answers})[$__range:{_STEP}]) / 2)"
    return live_table(
        here,
        "What was down",
        f"For how long each service and host did not answer, and how often. What lasted less than "
        f"{_STEP} may be missing.",
        (
            Query(expr=_seconds_down(f"({answers})"), legend=""),
            Query(expr=times, legend=""),
        ),
        (
            Column(
                heading="Down for",
                shows="Value #A",
                width=120,
                face=Face(unit="s", empty="-", decimals=0, steps=none_at_all(ATTENTION)),
            ),
            Column(heading="What", shows=_WHERE),
            Column(heading="Times", shows="Value #B", width=90),
        ),
        key=_WHERE,
        greatest_first=True,
    )


def _close_to_firing(here: Source, shares: tuple[str, ...]) -> model.Panel:
    """What has the least left until an alert counts it."""
    left = " or ".join(f"({expr})" for expr in shares)
    return live_table(
        here,
        "Close to firing",
        "How far each value is from its alert's threshold, as a share of the threshold. Below 0 % "
        "the alert's condition holds, and it fires once that has lasted.",
        (Query(expr=f"bottomk({_CLOSEST}, {left})", legend=""),),
        (
            Column(
                heading="Left",
                shows="Value",
                width=110,
                face=Face(
                    unit="percentunit",
                    empty="-",
                    decimals=0,
                    steps=((None, BAD), (0.0, ATTENTION), (_CLOSE, GOOD)),
                ),
            ),
            Column(heading="Where", shows=_WHERE),
            Column(heading="Alert", shows=_ALERT),
        ),
    )


def _left(plan: Plan, here: Source) -> Iterator[str]:
    """For each alert with a threshold: 1 far from it, 0 at it, labelled with what it is about."""
    window = str(plan.timings.window)
    slow = requests.quantile(here, 0.95, window)
    yield from _up_to(plan, ENDPOINT_SLOW, slow, labels.SERVICE)
    if plan.hosts:
        yield from _up_to(plan, HOST_CPU_SATURATED, host_panels.cpu(here, window), labels.HOST)
        yield from _down_to(plan, HOST_MEMORY_LOW, host_panels.memory(here), labels.HOST)
        yield from _down_to(
            plan, HOST_DISK_FILLING, host_panels.disk(here, labels.HOST), labels.HOST
        )
    if plan.door:
        days = door.days_left(plan, by="by (service) ")
        yield from _down_to(plan, SHOP_DOOR_CERTIFICATE_EXPIRING, days, labels.SERVICE)


def _up_to(plan: Plan, alert: Alert, value: str, label: str) -> Iterator[str]:
    limit = threshold(plan, alert)
    if limit is not None:
        yield _of(alert, f"1 - ({value}) / {limit}", label)


def _down_to(plan: Plan, alert: Alert, value: str, label: str) -> Iterator[str]:
    limit = threshold(plan, alert)
    if limit is not None:
        yield _of(alert, f"1 - {limit} / ({value})", label)


def _of(alert: Alert, expr: str, label: str) -> str:
    return f'label_replace({_located(f"({expr})", label)}, "{_ALERT}", "{alert.name}", "", "")'


def _located(expr: str, label: str) -> str:
    """The series with what they are about in one label, whatever kind it is of."""
    named = f'label_replace({expr}, "{_WHERE}", "$1", "{label}", "(.+)")'
    return f"max by ({_WHERE}) ({named})"


def _hand_over() -> model.Panel:
    """Where to look for what no metric says."""
    return prose(
        "Before you take over",
        "What no metric says.",
        "- [What is silenced](/alerting/silences), by whom, and until when. Ask why before the "
        "shift that did it leaves.\n"
        "- [What fired and when](/alerting/history), and the incidents that are still open.\n"
        "- What was deployed, and what will be during your shift.\n"
        "- Whether [a page reaches you](/alerting/notifications): have one sent.",
    )
