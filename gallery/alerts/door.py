"""Alerts on the shop's public address, as customers reach it."""

from __future__ import annotations

from gallery.alerts import panels
from gallery.alerts.bridges import APART
from gallery.alerts.guards import failing, mostly_failing, no_later
from gallery.alerts.model import Alert, Scope, Subject, at_once, next_scrape
from gallery.metrics import labels, promql
from gallery.metrics.durations import MINUTE, Duration
from gallery.metrics.timings import FailureMode
from gallery.store.roles import INCIDENT_RESPONSE, INFRASTRUCTURE, Severity
from gallery.store.services import ENTRANCE

DAY = 86_400
# How long a certificate is remembered that nobody can see any more.
_REMEMBERED = "1d"


def _down(scope: Scope) -> str:
    """The door does not answer, and not because of the frontend, whose own page says that.

    A frontend that fails while the door is shut already is no reason, nor is one that comes and
    goes: it must have answered no later than the door did. A prober that goes blind sees both
    fail at once, so it begins no page about the door, and ends none.
    """
    entrance = promql.equals(labels.SERVICE, ENTRANCE)
    return (
        f"({mostly_failing(scope, labels.DOOR)}) unless {promql.ON_STACK}"
        f" (({failing(scope, labels.PROBE, entrance)})"
        f" and {promql.ON_STACK} ({no_later(scope, entrance, than=labels.DOOR)}))"
    )


SHOP_DOOR_DOWN = Alert(
    name="ShopDoorDown",
    subject=Subject.DOOR,
    expr=_down,
    hold=Duration.of(seconds=60),
    severity=Severity.PAGE,
    owner=INCIDENT_RESPONSE.name,
    summary="The shop's public address does not answer.",
    what="The shop's public address does not answer: customers cannot reach the shop.",
    panel=panels.DOOR_OVER_TIME,
    onset={FailureMode.REFUSED: next_scrape, FailureMode.HANGING: next_scrape},
    clearing=next_scrape,
    keep_firing=APART,
)


def _expiring(scope: Scope) -> str:
    """What the last handshake said; a door that is shut, or whose certificate is over, has none.

    A renewed certificate is seen with the first probe that meets it.
    """
    expiry = scope.job("probe_ssl_earliest_cert_expiry", labels.DOOR, window=_REMEMBERED)
    return f"(last_over_time({expiry}) - time()) / {DAY} < {scope.threshold:g}"


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
    panel=panels.CERTIFICATE,
    onset={FailureMode.CHANGED: at_once},
)
ALERTS = (SHOP_DOOR_DOWN, SHOP_DOOR_CERTIFICATE_EXPIRING)
