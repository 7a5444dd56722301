"""Alerts on the shop's public address, as customers reach it."""

from __future__ import annotations

from gallery import labels, promql
from gallery.alerts.guards import blind, failing, unanswered
from gallery.alerts.model import Alert, Case, Scope, Series, Subject, at_once
from gallery.alerts.probing import hanging, refusing, unanswered_cases
from gallery.alerts.stories import (
    MINUTE,
    STEP,
    Spell,
    gauge,
    lasting,
    passing,
    silent,
)
from gallery.alerts.subjects import canary_labels, probe_labels, whole
from gallery.durations import Duration
from gallery.names import API_HEALTH
from gallery.roles import INCIDENT_RESPONSE, INFRASTRUCTURE, Severity
from gallery.services import ENTRANCE
from gallery.times import Scenario

_DAY = 86_400


def _door(scope: Scope) -> dict[str, str]:
    return probe_labels(scope, labels.DOOR_SERVICE, labels.DOOR)


def _down(scope: Scope) -> str:
    """The door does not answer, and not because of the frontend, whose own page says that.

    A blind prober sees the frontend fail too, and ends no page about the door.
    """
    entrance = failing(scope, labels.PROBE, promql.equals(labels.SERVICE, ENTRANCE))
    return (
        f"{unanswered(scope, labels.DOOR)} unless {promql.ON_PLACE}"
        f" (({entrance}) unless {promql.ON_PLACE} ({blind(scope)}))"
    )


def _down_cases(scope: Scope) -> tuple[Case, ...]:
    shop, canary = probe_labels(scope, ENTRANCE), canary_labels(scope)

    def frontend_refuses(*spells: Spell) -> tuple[Series, ...]:
        well = refusing(canary, (False, whole(spells)))
        return (*refusing(_door(scope), *spells), *refusing(shop, *spells), *well)

    def frontend_hangs(*spells: Spell) -> tuple[Series, ...]:
        well = refusing(canary, (False, whole(spells)))
        return (*hanging(_door(scope), *spells), *hanging(shop, *spells), *well)

    return (
        *unanswered_cases(scope, _door(scope)),
        silent(scope, "the frontend refuses too", frontend_refuses),
        silent(scope, "the frontend hangs too", frontend_hangs),
        _still_closed(scope),
    )


def _still_closed(scope: Scope) -> Case:
    """The frontend is well again and the door is not: its hold begins then."""
    both, hold = MINUTE * 5, scope.hold.ceil_to(STEP)
    after = hold + MINUTE
    return Case(
        name="stays closed when the frontend is well again",
        series=(
            *refusing(_door(scope), (True, both + after)),
            *refusing(probe_labels(scope, ENTRANCE), (True, both), (False, after)),
            *refusing(canary_labels(scope), (False, both + after)),
        ),
        fires_at=both + hold,
        fires=(_door(scope),),
    )


SHOP_DOOR_DOWN = Alert(
    name="ShopDoorDown",
    subject=Subject.DOOR,
    expr=_down,
    hold=Duration.of(seconds=60),
    severity=Severity.PAGE,
    owner=INCIDENT_RESPONSE.name,
    summary="The shop's public address does not answer.",
    what="The shop's public address does not answer: customers stand before a closed door.",
    dashboard=API_HEALTH,
    onset={Scenario.REFUSED: at_once, Scenario.HANGING: at_once},
    cases=_down_cases,
)


def _expiring(scope: Scope) -> str:
    expiry = scope.job("probe_ssl_earliest_cert_expiry", labels.DOOR)
    return f"({expiry} - time()) / {_DAY} < {scope.threshold:g}"


def _expiring_cases(scope: Scope) -> tuple[Case, ...]:
    days = scope.threshold * _DAY

    def expires(*spells: Spell, ill: float, well: float) -> tuple[Series, ...]:
        metric = "probe_ssl_earliest_cert_expiry"
        return (gauge(metric, _door(scope), spells, well=well * days, ill=ill * days),)

    def soon(*spells: Spell) -> tuple[Series, ...]:
        return expires(*spells, ill=0.75, well=6)

    def later(*spells: Spell) -> tuple[Series, ...]:
        return expires(*spells, ill=1.5, well=6)

    return (
        lasting(scope, "is not renewed", soon, _door(scope), step=MINUTE),
        passing(scope, "is renewed just before the hold ends", soon, step=MINUTE),
        silent(scope, "has some weeks yet", later, step=MINUTE),
    )


SHOP_DOOR_CERTIFICATE_EXPIRING = Alert(
    name="ShopDoorCertificateExpiring",
    subject=Subject.DOOR,
    expr=_expiring,
    # Behind one name stand several balancers, which take a new certificate one by one.
    hold=MINUTE * 10,
    severity=Severity.TICKET,
    owner=INFRASTRUCTURE.name,
    threshold=14,
    unit="days until the certificate expires",
    summary="The certificate of the shop's public address expires soon.",
    what="The shop's certificate expires in {{ $value | humanize }} days.",
    dashboard=API_HEALTH,
    onset={Scenario.CHANGED: at_once},
    cases=_expiring_cases,
)
