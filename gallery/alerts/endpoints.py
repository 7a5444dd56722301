"""Alerts on whether the store's services answer, seen through their own addresses."""

from __future__ import annotations

from gallery.alerts.guards import SAME_MOMENT, collector_alive, unanswered
from gallery.alerts.model import (
    Alert,
    Case,
    Labels,
    Scope,
    Series,
    Subject,
    at_once,
    gone,
    leaves_discovery,
)
from gallery.alerts.panels import API_HEALTH
from gallery.alerts.probing import hanging, refusing, unanswered_cases
from gallery.alerts.stories import (
    MINUTE,
    Spell,
    lasting,
    minus,
    passing,
    present,
    short_of,
    silent,
    valued,
)
from gallery.alerts.subjects import (
    canary_labels,
    collector_dies,
    collector_well,
    probe_labels,
    whole,
)
from gallery.metrics import labels, promql
from gallery.metrics.durations import Duration
from gallery.metrics.names import PROBE_EXPECTED
from gallery.metrics.timings import FailureMode
from gallery.store.roles import INCIDENT_RESPONSE, MONITORING, Severity


def _down_cases(scope: Scope) -> tuple[Case, ...]:
    cart, shop = probe_labels(scope, "cartservice"), probe_labels(scope, "frontend")
    scrape = scope.timings.scrape

    def store_fails(*spells: Spell) -> tuple[Series, ...]:
        services = (series for of in (cart, shop) for series in refusing(of, *spells))
        return (*services, *refusing(canary_labels(scope), (False, whole(spells))))

    return (
        *unanswered_cases(scope, cart),
        lasting(scope, "the whole store is down", store_fails, cart, shop),
        _loses_sight(
            scope,
            "fails with the prober, a moment before",
            min(scrape * int(SAME_MOMENT), short_of(scope.hold, scrape)),
        ),
        _loses_sight(
            scope,
            "was down before the prober went blind",
            scrape * (int(SAME_MOMENT) + 1),
            cart,
        ),
    )


def _loses_sight(scope: Scope, name: str, early: Duration, *fires: Labels) -> Case:
    """One endpoint fails so long before the prober loses sight of everything."""
    step = scope.timings.scrape
    known, blind = (MINUTE * 5).ceil_to(step), (scope.hold + MINUTE * 2).ceil_to(step)
    cart, others = (
        probe_labels(scope, "cartservice"),
        (probe_labels(scope, "frontend"), canary_labels(scope)),
    )
    return Case(
        name=name,
        series=(
            *refusing(cart, (False, minus(known, early)), (True, blind + early)),
            *(series for of in others for series in refusing(of, (False, known), (True, blind))),
        ),
        fires_at=known + blind if fires else None,
        fires=fires,
        until=known + blind,
        interval=step,
    )


ENDPOINT_DOWN = Alert(
    name="EndpointDown",
    subject=Subject.ENDPOINT,
    expr=lambda scope: unanswered(scope, labels.PROBE),
    hold=Duration.of(seconds=30),
    severity=Severity.PAGE,
    owner=INCIDENT_RESPONSE.name,
    summary="An endpoint of the store does not answer.",
    what="{{ $labels.service }} does not answer its probe.",
    dashboard=API_HEALTH,
    outage=True,
    onset={FailureMode.REFUSED: at_once, FailureMode.HANGING: at_once},
    cases=_down_cases,
)


def _missing(scope: Scope) -> str:
    return (
        f"{scope.series(PROBE_EXPECTED)}"
        f" unless {promql.ON_SERVICE} {scope.job('up', *labels.PROBE_JOBS)}"
        f" and {promql.ON_STACK} ({collector_alive(scope)})"
    )


def _missing_cases(scope: Scope) -> tuple[Case, ...]:
    cart, shop = probe_labels(scope, "cartservice"), probe_labels(scope, "frontend")
    canary = canary_labels(scope)

    def expected(length: Duration) -> tuple[Series, ...]:
        return tuple(
            valued(PROBE_EXPECTED, scope.at(service=service), (1, length))
            for service in ("cartservice", "frontend")
        )

    def cart_is_lost(*spells: Spell) -> tuple[Series, ...]:
        length = whole(spells)
        return (
            *expected(length),
            present("up", cart, spells, away=gone),
            *(valued("up", of, (1, length)) for of in (shop, canary)),
            collector_well(scope, length),
        )

    def exporter_is_dead(*spells: Spell) -> tuple[Series, ...]:
        length = whole(spells)
        return (
            *expected(length),
            *(series for of in (cart, shop, canary) for series in hanging(of, *spells)),
            collector_well(scope, length),
        )

    return (
        lasting(scope, "nobody probes it", cart_is_lost, scope.at(service="cartservice")),
        passing(scope, "the probe comes back just before the hold ends", cart_is_lost),
        silent(scope, "the prober itself cannot be scraped", exporter_is_dead),
        collector_dies(scope, expected, cart, shop),
    )


ENDPOINT_PROBE_MISSING = Alert(
    name="EndpointProbeMissing",
    subject=Subject.ENDPOINT,
    expr=_missing,
    hold=Duration.of(seconds=120),
    severity=Severity.PAGE,
    owner=MONITORING.name,
    summary="An endpoint that should be probed is not.",
    what="Nobody probes {{ $labels.service }}: its outage would go unseen.",
    dashboard=API_HEALTH,
    onset={FailureMode.GONE: leaves_discovery},
    clearing=leaves_discovery,
    recorded=True,
    cases=_missing_cases,
)
