"""Alerts on the shop's public address, as customers reach it."""

from __future__ import annotations

from gallery.alerts import panels
from gallery.alerts.bridges import APART
from gallery.alerts.degraded import WINDOW, answers, comes_and_goes, unless_like
from gallery.alerts.guards import failing, mostly_failing, no_later
from gallery.alerts.model import Alert, Scope, Subject, at_once, next_scrape
from gallery.metrics import labels, promql
from gallery.metrics.durations import MINUTE, Duration
from gallery.metrics.timings import FailureMode
from gallery.store.roles import INCIDENT_RESPONSE, INFRASTRUCTURE, RELIABILITY, Severity
from gallery.store.services import ENTRANCE

DAY = 86_400
# The certificate of where the shop is found in the end, and of the host that is asked for it.
CERTIFIED = (labels.DOOR, labels.DOOR_CERTIFICATE)
# How long a certificate is remembered that nobody can see any more.
_REMEMBERED = "1d"
# In which the probes meet every front end.
ROUND = MINUTE * 10


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


def _degraded(scope: Scope) -> str:
    """As when one of the addresses behind its name is dead: every second probe fails.

    Not where the frontend, or the prober itself, fails as often.
    """
    door = answers(scope, labels.DOOR)
    entrance = answers(scope, labels.PROBE, promql.equals(labels.SERVICE, ENTRANCE))
    others = (entrance, answers(scope, labels.CANARY))
    return comes_and_goes(scope, door) + unless_like(scope, door, *others)


SHOP_DOOR_DEGRADED = Alert(
    name="ShopDoorDegraded",
    subject=Subject.DOOR,
    expr=_degraded,
    hold=Duration(0),
    severity=Severity.TICKET,
    owner=RELIABILITY.name,
    threshold=0.9,
    unit="share of probes that succeed in ten minutes",
    summary="The shop's public address answers now and then.",
    what="The shop's public address keeps failing and coming back: "
    "{{ $value | humanizePercentage }} of its probes succeeded in ten minutes.",
    panel=panels.DOOR_OVER_TIME,
    # Every second probe fails: a minute's worth of failures, and as many good answers.
    onset={FailureMode.CHANGED: lambda _: MINUTE * 4},
    clearing=lambda _: WINDOW,
    keep_firing=APART,
    intermittent=True,
)


def _expiring(scope: Scope) -> str:
    """The worst of what the handshakes of ten minutes said, else what the last one of a day did.

    Behind one name stand several front ends, each with a certificate of its own, and each probe
    meets one of them. A door that is shut, or whose certificate is over, shows none. Where the
    shop redirects to another host, the certificate of either can be over first.
    """
    metric = "probe_ssl_earliest_cert_expiry"
    worst = f"min_over_time({scope.job(metric, *CERTIFIED, window=str(ROUND))})"
    last = f"last_over_time({scope.job(metric, *CERTIFIED, window=_REMEMBERED)})"
    first = f"min {promql.BY_SERVICE} ({worst} or {last})"
    return f"({first} - time()) / {DAY} < {scope.threshold:g}"


SHOP_DOOR_CERTIFICATE_EXPIRING = Alert(
    name="ShopDoorCertificateExpiring",
    subject=Subject.DOOR,
    expr=_expiring,
    # Front ends take a new certificate one by one; longer than what one of them showed counts.
    hold=MINUTE * 15,
    severity=Severity.TICKET,
    owner=INFRASTRUCTURE.name,
    threshold=14,
    unit="days until the certificate expires",
    summary="The certificate of the shop's public address expires soon.",
    what="The shop's certificate expires in {{ $value | humanize }} days.",
    panel=panels.CERTIFICATE,
    onset={FailureMode.CHANGED: at_once},
    clearing=lambda _: ROUND,
)
ALERTS = (SHOP_DOOR_DOWN, SHOP_DOOR_DEGRADED, SHOP_DOOR_CERTIFICATE_EXPIRING)
