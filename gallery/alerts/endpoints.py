"""Alerts on what the store's services answer, seen through their own addresses."""

from __future__ import annotations

from gallery import labels
from gallery.alerts.guards import unanswered
from gallery.alerts.model import Alert, Case, Scope, Series, Subject, at_once, flat, gone
from gallery.alerts.stories import CALM, MINUTE, STEP, Spell, gauge, lasting, passing, valued
from gallery.durations import Duration
from gallery.names import API_HEALTH
from gallery.roles import INCIDENT_RESPONSE, Severity
from gallery.times import Scenario


def probe_labels(scope: Scope, service: str) -> dict[str, str]:
    """The labels of a service's probe."""
    return scope.at(job=labels.PROBE, service=service, instance=service)


def canary_labels(scope: Scope) -> dict[str, str]:
    """The labels of the prober's probe of itself."""
    name = labels.COLLECTOR_SERVICE
    return scope.at(job=labels.CANARY, service=name, instance=name)


def _probe(scope: Scope, service: str, *spells: tuple[float, Duration]) -> Series:
    return valued("probe_success", probe_labels(scope, service), *spells)


def _canary(scope: Scope, *spells: tuple[float, Duration]) -> Series:
    return valued("probe_success", canary_labels(scope), *spells)


def _down_cases(scope: Scope) -> tuple[Case, ...]:
    long = CALM + scope.hold.ceil_to(STEP) + MINUTE * 10
    well = (_canary(scope, (1, long)), _probe(scope, "frontend", (1, long)))
    cart, shop = probe_labels(scope, "cartservice"), probe_labels(scope, "frontend")

    def cart_fails(*spells: Spell) -> tuple[Series, ...]:
        return (gauge("probe_success", cart, spells, well=1, ill=0), *well)

    def store_fails(*spells: Spell) -> tuple[Series, ...]:
        services = (gauge("probe_success", of, spells, well=1, ill=0) for of in (cart, shop))
        return (*services, _canary(scope, (1, long)))

    return (
        lasting(scope, "refuses for the hold", cart_fails, cart),
        lasting(scope, "the whole store is down", store_fails, cart, shop),
        passing(scope, "answers again just before the hold ends", cart_fails),
        *_blind_cases(scope),
    )


def _blind_cases(scope: Scope) -> tuple[Case, ...]:
    cart = probe_labels(scope, "cartservice")
    hold = scope.hold.ceil_to(STEP)
    down = hold + MINUTE
    blind = MINUTE * 3
    return (
        Case(
            name="keeps firing when the prober dies",
            series=(
                _canary(scope, (1, CALM + down)),
                Series(
                    metric="probe_success",
                    labels=cart,
                    phases=(flat(1, CALM), flat(0, down), gone(blind)),
                ),
            ),
            fires_at=CALM + down + blind,
            fires=(cart,),
        ),
        Case(
            name="keeps firing when the prober goes blind, and nothing else fires",
            series=(
                _canary(scope, (1, CALM + down), (0, blind)),
                _probe(scope, "frontend", (1, CALM + down), (0, blind)),
                _probe(scope, "cartservice", (1, CALM), (0, down + blind)),
            ),
            fires_at=CALM + down + blind,
            fires=(cart,),
        ),
        Case(
            name="the prober goes blind, one probe a moment before the canary",
            series=(
                _canary(scope, (1, CALM), (0, hold + CALM)),
                _probe(scope, "frontend", (1, CALM), (0, hold + CALM)),
                _probe(
                    scope,
                    "cartservice",
                    (1, Duration(CALM.milliseconds - STEP.milliseconds)),
                    (0, hold + CALM + STEP),
                ),
            ),
            until=CALM + hold + CALM,
        ),
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
    onset={Scenario.REFUSED: at_once, Scenario.HANGING: at_once},
    cases=_down_cases,
)
