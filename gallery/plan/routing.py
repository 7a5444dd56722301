"""Who is told: routes as a tree that both engines understand, first match wins."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from gallery.alerts.model import Delivery
from gallery.contact_points.model import GRAFANA_HEARTBEAT, HEARTBEAT, INDEPENDENT_PATH, Engine
from gallery.metrics import labels
from gallery.metrics.durations import Duration
from gallery.metrics.timings import BROKEN_WAIT, Timings
from gallery.store.roles import MONITORING, ROLE_NAMES, Severity

DELIVERY = "delivery"
# Grafana's own alerts on a query that fails or brings nothing.
DATASOURCE_ALERTS = "DatasourceError|DatasourceNoData"
PAGE_REPEAT = Duration.parse("4h")
TICKET_REPEAT = Duration.parse("1d")
# A steady beat needs a repeat below the group interval: at 9/10 it comes every ten seconds,
# at 10/10 every twenty (prometheus/alertmanager#3370).
BEAT_INTERVAL = Duration.parse("1m")
BEAT_REPEAT = Duration.parse("50s")

Points = Mapping[str, Mapping[Severity, tuple[str, ...]]]


@dataclass(frozen=True, kw_only=True)
class Matcher:
    """`label = value`, or with `regex` an anchored regular expression."""

    label: str
    value: str
    regex: bool = False

    def matches(self, values: Mapping[str, str]) -> bool:
        """Whether a label set passes; a missing label counts as empty."""
        got = values.get(self.label, "")
        return bool(re.fullmatch(self.value, got)) if self.regex else got == self.value


@dataclass(frozen=True, kw_only=True)
class Route:
    """What a set of labels leads to. `contact_points` are sorted and distinct."""

    matchers: tuple[Matcher, ...]
    contact_points: tuple[str, ...]
    group_by: tuple[str, ...]
    group_wait: Duration
    group_interval: Duration
    repeat: Duration
    resolves: bool = True

    @property
    def receiver(self) -> str:
        """The name of the set of contact points: one Grafana contact point, one receiver."""
        return "+".join(self.contact_points)


@dataclass(frozen=True, kw_only=True)
class RoutingTree:
    """A default and the routes before it."""

    default: Route
    routes: tuple[Route, ...]

    @property
    def every(self) -> tuple[Route, ...]:
        """The routes in order, the default last."""
        return (*self.routes, self.default)

    def of(self, values: Mapping[str, str]) -> Route:
        """The route of an alert with these labels: the first whose matchers all hold."""
        return next(
            route
            for route in self.every
            if all(matcher.matches(values) for matcher in route.matchers)
        )

    @property
    def receivers(self) -> dict[str, tuple[str, ...]]:
        """Each distinct set of contact points under its name, sorted."""
        return {
            route.receiver: route.contact_points
            for route in sorted(self.every, key=lambda route: route.receiver)
        }


def _route(
    matchers: tuple[Matcher, ...],
    contact_points: tuple[str, ...],
    timings: Timings,
    *,
    repeat: Duration = PAGE_REPEAT,
) -> Route:
    return Route(
        matchers=matchers,
        contact_points=tuple(sorted(set(contact_points))),
        # Not by service: a store that is down as a whole is one page and not ten.
        group_by=("alertname", *labels.STACK),
        group_wait=timings.group_wait,
        group_interval=timings.group_interval,
        repeat=repeat,
    )


def _beat(delivery: Delivery, contact_point: str) -> Route:
    return Route(
        matchers=(Matcher(label=DELIVERY, value=delivery),),
        contact_points=(contact_point,),
        group_by=("alertname", *labels.STACK),
        group_wait=Duration(0),
        group_interval=BEAT_INTERVAL,
        repeat=BEAT_REPEAT,
        # The death of a heartbeat must not look like one more beat.
        resolves=False,
    )


def _independent(timings: Timings) -> Route:
    return _route(
        (Matcher(label=DELIVERY, value=Delivery.INDEPENDENT),), (INDEPENDENT_PATH,), timings
    )


def _owners(points: Points, timings: Timings) -> tuple[Route, ...]:
    return tuple(
        _route(
            (
                Matcher(label=labels.OWNER, value=role),
                Matcher(label=labels.SEVERITY, value=severity),
            ),
            points[role][severity],
            timings,
            repeat=PAGE_REPEAT if severity is Severity.PAGE else TICKET_REPEAT,
        )
        for role in ROLE_NAMES
        for severity in Severity
        if points[role][severity]
    )


def fallback(points: Points) -> tuple[str, ...]:
    """Who is told what no route expects: the monitoring engineer, by the loudest way there is."""
    monitoring = points[MONITORING.name]
    return next(monitoring[severity] for severity in Severity if monitoring[severity])


def grafana_tree(points: Points, timings: Timings) -> RoutingTree:
    """Grafana's notification policies."""
    # Grafana before 13.0.2 knows no hold for a query that fails: the first failure is an alert.
    # What is over within the group wait is told to nobody.
    broken = replace(
        _route(
            (Matcher(label="alertname", value=DATASOURCE_ALERTS, regex=True),),
            fallback(points),
            timings,
        ),
        group_wait=max(timings.group_wait, BROKEN_WAIT),
    )
    return RoutingTree(
        default=_route((), fallback(points), timings),
        routes=(
            broken,
            _beat(Delivery.GRAFANA_HEARTBEAT, GRAFANA_HEARTBEAT),
            *_owners(points, timings),
        ),
    )


def amp_tree(engine: Engine, points: Points, timings: Timings) -> RoutingTree:
    """The routes of AMP's Alertmanager: the heartbeat always, the roles where it is the engine."""
    beat = _beat(Delivery.HEARTBEAT, HEARTBEAT)
    if engine is Engine.GRAFANA:
        return RoutingTree(
            default=_route((), (INDEPENDENT_PATH,), timings),
            routes=(beat, _independent(timings)),
        )
    return RoutingTree(
        default=_route((), fallback(points), timings),
        routes=(beat, _independent(timings), *_owners(points, timings)),
    )
