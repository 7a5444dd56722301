"""Alerts on the shop's public address, as customers reach it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from gallery.alerts.guards import failing, no_later
from gallery.alerts.model import Alert, Case, Scope, Series, Subject, at_once, gone
from gallery.alerts.panels import API_HEALTH
from gallery.alerts.probing import hanging, long_before, refusing, unanswered_cases
from gallery.alerts.stories import (
    CALM,
    MINUTE,
    STEP,
    Spell,
    gauge,
    lasting,
    minus,
    passing,
    short_of,
    silent,
)
from gallery.alerts.subjects import canary_labels, probe_labels, whole
from gallery.metrics import labels, promql
from gallery.metrics.durations import Duration
from gallery.metrics.timings import FailureMode
from gallery.store.roles import INCIDENT_RESPONSE, INFRASTRUCTURE, Severity
from gallery.store.services import ENTRANCE

_DAY = 86_400
# How long a certificate is remembered that nobody can see any more.
_REMEMBERED = "1d"


def _door(scope: Scope) -> dict[str, str]:
    return probe_labels(scope, labels.DOOR_SERVICE, labels.DOOR)


def _down(scope: Scope) -> str:
    """The door does not answer, and not because of the frontend, whose own page says that.

    A frontend that fails while the door is shut already is no reason, nor is one that comes and
    goes: it must have answered no later than the door did. A prober that goes blind sees both
    fail at once, so it begins no page about the door, and ends none.
    """
    entrance = promql.equals(labels.SERVICE, ENTRANCE)
    return (
        f"({failing(scope, labels.DOOR)}) unless {promql.ON_STACK}"
        f" (({failing(scope, labels.PROBE, entrance)})"
        f" and {promql.ON_STACK} ({no_later(scope, entrance, than=labels.DOOR)}))"
    )


def _down_cases(scope: Scope) -> tuple[Case, ...]:
    return (
        *unanswered_cases(scope, _door(scope)),
        _with_the_frontend(scope, "the frontend refuses too", refusing),
        _with_the_frontend(scope, "the frontend hangs too", hanging),
        _still_closed(scope),
        _shut_already(scope),
        _comes_and_goes(scope),
    )


def _with_the_frontend(
    scope: Scope, name: str, failing_so: Callable[..., tuple[Series, ...]]
) -> Case:
    """Both fail, the door a moment earlier, for longer than it is known which was first."""
    length, early = MINUTE * 65 + scope.hold.ceil_to(STEP), min(STEP, short_of(scope.hold))
    return Case(
        name=name,
        series=(
            *failing_so(_door(scope), (False, CALM), (True, early + length)),
            *failing_so(probe_labels(scope, ENTRANCE), (False, CALM + early), (True, length)),
            *refusing(canary_labels(scope), (False, CALM + early + length)),
        ),
        until=CALM + early + length,
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


def _shut_already(scope: Scope) -> Case:
    """A frontend that fails behind a shut door neither ends the page nor begins a second."""
    # Longer than a last answer is remembered elsewhere.
    shut, blip, step = long_before(scope), MINUTE * 7, MINUTE
    return Case(
        name="was shut before the frontend failed",
        series=(
            *refusing(_door(scope), (False, step), (True, shut + blip)),
            *refusing(probe_labels(scope, ENTRANCE), (False, step + shut), (True, blip)),
            *refusing(canary_labels(scope), (False, step + shut + blip)),
        ),
        fires_at=minus(step + shut + blip, STEP),
        fires=(_door(scope),),
    )


def _comes_and_goes(scope: Scope) -> Case:
    """A frontend that fails now and then does not hide a door that is shut all the time."""
    rounds = scope.hold.ceil_to(MINUTE).milliseconds // MINUTE.milliseconds + 7
    now_and_then = ((True, STEP), (False, STEP * 5)) * rounds
    return Case(
        name="is shut while the frontend comes and goes",
        series=(
            *refusing(_door(scope), (True, MINUTE * rounds)),
            *refusing(probe_labels(scope, ENTRANCE), *now_and_then),
            *refusing(canary_labels(scope), (False, MINUTE * rounds)),
        ),
        # At a moment at which the frontend fails.
        fires_at=MINUTE * (rounds - 1),
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
    onset={FailureMode.REFUSED: at_once, FailureMode.HANGING: at_once},
    cases=_down_cases,
)


def _expiring(scope: Scope) -> str:
    """What the last handshake said; a door that is shut, or whose certificate is over, has none.

    A renewed certificate is seen with the first probe that meets it.
    """
    expiry = scope.job("probe_ssl_earliest_cert_expiry", labels.DOOR, window=_REMEMBERED)
    return f"(last_over_time({expiry}) - time()) / {_DAY} < {scope.threshold:g}"


def _expiring_cases(scope: Scope) -> tuple[Case, ...]:
    days = scope.threshold * _DAY

    def expires(*spells: Spell, ill: float, well: float) -> tuple[Series, ...]:
        metric = "probe_ssl_earliest_cert_expiry"
        return (gauge(metric, _door(scope), spells, well=well * days, ill=ill * days),)

    def soon(*spells: Spell) -> tuple[Series, ...]:
        return expires(*spells, ill=0.75, well=6)

    def later(*spells: Spell) -> tuple[Series, ...]:
        return expires(*spells, ill=1.5, well=6)

    def soon_and_unseen(*spells: Spell) -> tuple[Series, ...]:
        (seen,) = soon((True, MINUTE * 2))
        return (replace(seen, phases=(*seen.phases, gone(minus(whole(spells), MINUTE * 2)))),)

    return (
        lasting(scope, "is not renewed", soon, _door(scope), step=MINUTE),
        lasting(scope, "is not seen again", soon_and_unseen, _door(scope), step=MINUTE),
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
    onset={FailureMode.CHANGED: at_once},
    cases=_expiring_cases,
)
