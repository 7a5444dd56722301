"""Alerts on whether the store's services answer, seen through their own addresses."""

from __future__ import annotations

from gallery import labels, promql
from gallery.alerts.guards import PROBE_JOBS, SAME_MOMENT, collector_alive, prober_dead, unanswered
from gallery.alerts.model import (
    Alert,
    Case,
    Labels,
    Scope,
    Series,
    Subject,
    at_once,
    flat,
    gone,
    leaves_discovery,
    unwritten,
)
from gallery.alerts.stories import (
    CALM,
    MINUTE,
    STEP,
    Spell,
    gauge,
    lasting,
    minus,
    passing,
    present,
    silent,
    valued,
)
from gallery.alerts.subjects import (
    canary_labels,
    collector_silent,
    collector_well,
    probe_labels,
    whole,
)
from gallery.durations import Duration
from gallery.names import API_HEALTH, PROBE_EXPECTED
from gallery.roles import INCIDENT_RESPONSE, MONITORING, Severity
from gallery.times import Scenario


def _probe(scope: Scope, service: str, *spells: tuple[float, Duration]) -> Series:
    return valued("probe_success", probe_labels(scope, service), *spells)


def _canary(scope: Scope, *spells: tuple[float, Duration]) -> Series:
    return valued("probe_success", canary_labels(scope), *spells)


def _down_cases(scope: Scope) -> tuple[Case, ...]:
    cart, shop = probe_labels(scope, "cartservice"), probe_labels(scope, "frontend")

    def cart_fails(*spells: Spell) -> tuple[Series, ...]:
        length = whole(spells)
        return (
            gauge("probe_success", cart, spells, well=1, ill=0),
            _probe(scope, "frontend", (1, length)),
            _canary(scope, (1, length)),
        )

    def cart_and_canary_fail(*spells: Spell) -> tuple[Series, ...]:
        return (
            gauge("probe_success", cart, spells, well=1, ill=0),
            gauge("probe_success", canary_labels(scope), spells, well=1, ill=0),
            _probe(scope, "frontend", (1, whole(spells))),
        )

    def store_fails(*spells: Spell) -> tuple[Series, ...]:
        services = (gauge("probe_success", of, spells, well=1, ill=0) for of in (cart, shop))
        return (*services, _canary(scope, (1, whole(spells))))

    return (
        lasting(scope, "refuses for the hold", cart_fails, cart),
        lasting(scope, "the whole store is down", store_fails, cart, shop),
        lasting(scope, "the canary fails too, another answers", cart_and_canary_fail, cart),
        passing(scope, "answers again just before the hold ends", cart_fails),
        *_blind_cases(scope),
    )


def _blind_cases(scope: Scope) -> tuple[Case, ...]:
    cart = probe_labels(scope, "cartservice")
    down = scope.hold.ceil_to(STEP) + MINUTE
    dead = MINUTE * 3
    return (
        Case(
            name="keeps firing when the prober dies",
            series=(
                _canary(scope, (1, CALM + down)),
                Series(
                    metric="probe_success",
                    labels=cart,
                    phases=(flat(1, CALM), flat(0, down), gone(dead)),
                ),
            ),
            fires_at=CALM + down + dead,
            fires=(cart,),
        ),
        Case(
            name="keeps firing when the prober goes blind, and nothing else fires",
            series=(
                _canary(scope, (1, CALM + down), (0, dead)),
                _probe(scope, "frontend", (1, CALM + down), (0, dead)),
                _probe(scope, "cartservice", (1, CALM), (0, down + dead)),
            ),
            fires_at=CALM + down + dead,
            fires=(cart,),
        ),
        _loses_sight(scope, "fails with the prober, a moment before", int(SAME_MOMENT)),
        _loses_sight(scope, "was down before the prober went blind", int(SAME_MOMENT) + 1, cart),
    )


def _loses_sight(scope: Scope, name: str, scrapes: int, *fires: Labels) -> Case:
    """One endpoint fails so many scrapes before the prober loses sight of everything."""
    step = scope.timings.scrape
    known, blind = (MINUTE * 5).ceil_to(step), (scope.hold + MINUTE * 2).ceil_to(step)
    early = step * scrapes
    return Case(
        name=name,
        series=(
            _canary(scope, (1, known), (0, blind)),
            _probe(scope, "frontend", (1, known), (0, blind)),
            _probe(scope, "cartservice", (1, minus(known, early)), (0, blind + early)),
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
    onset={Scenario.REFUSED: at_once, Scenario.HANGING: at_once},
    cases=_down_cases,
)


def _missing(scope: Scope) -> str:
    return (
        f"{scope.series(PROBE_EXPECTED)}"
        f" unless {promql.ON_SERVICE} {scope.job('probe_success', *PROBE_JOBS)}"
        f" and {promql.ON_PLACE} ({collector_alive(scope)})"
        f" unless {promql.ON_PLACE} ({prober_dead(scope)})"
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
            present("probe_success", cart, spells, away=gone),
            valued("probe_success", shop, (1, length)),
            valued("probe_success", canary, (1, length)),
            collector_well(scope, length),
        )

    def exporter_is_dead(*spells: Spell) -> tuple[Series, ...]:
        length = whole(spells)
        return (
            *expected(length),
            *(gauge("up", of, spells, well=1, ill=0) for of in (cart, shop, canary)),
            *(present("probe_success", of, spells, away=gone) for of in (cart, shop, canary)),
            collector_well(scope, length),
        )

    dead = scope.hold.ceil_to(STEP) + MINUTE * 10
    return (
        lasting(scope, "nobody probes it", cart_is_lost, scope.at(service="cartservice")),
        passing(scope, "the probe comes back just before the hold ends", cart_is_lost),
        silent(scope, "the prober itself cannot be scraped", exporter_is_dead),
        Case(
            name="the collector is dead and its last values expire",
            series=(
                *expected(CALM + dead),
                present("probe_success", cart, ((False, CALM), (True, dead)), away=unwritten),
                present("probe_success", shop, ((False, CALM), (True, dead)), away=unwritten),
                collector_silent(scope, (False, CALM), (True, dead)),
            ),
            until=CALM + dead,
        ),
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
    onset={Scenario.GONE: leaves_discovery},
    clearing=leaves_discovery,
    recorded=True,
    cases=_missing_cases,
)
