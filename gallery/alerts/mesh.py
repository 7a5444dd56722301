"""Alerts on what the mesh's proxies let through: their certificates, and whom they refuse."""

from __future__ import annotations

from gallery.alerts import panels
from gallery.alerts.bridges import APART
from gallery.alerts.model import Alert, Scope, Subject, at_once
from gallery.metrics import labels, promql
from gallery.metrics.durations import MINUTE, Duration
from gallery.metrics.names import CALLS_ALLOWED, CERTIFICATE_LEFT, UNMATCHED
from gallery.metrics.ports import INBOUND_PORT
from gallery.metrics.timings import FailureMode, Timings
from gallery.store.roles import INCIDENT_RESPONSE, INFRASTRUCTURE, Severity

HOUR = 3_600
CALLS_WINDOW = MINUTE * 5
PLAIN_WINDOW = MINUTE * 10
# Who asked whom, as the proxy of the one that was asked saw it.
_CALL = (*labels.COMMON, "source_principal")
# How a refusal of a policy looks: HTTP's Forbidden, and gRPC's PERMISSION_DENIED.
REFUSALS = ('response_code="403"', 'grpc_response_status="7"')
INBOUND = f'listener_address=~".*_{INBOUND_PORT}"'


def _expiring(scope: Scope) -> str:
    """The certificate that is over first among a service's pods."""
    left = scope.job(CERTIFICATE_LEFT, labels.MESH, window=promql.LAST_KNOWN)
    first = f"min {promql.BY_SERVICE} (last_over_time({left}))"
    return f"{first} / {HOUR} < {scope.threshold:g}"


MESH_CERTIFICATES_EXPIRING = Alert(
    name="MeshCertificatesExpiring",
    subject=Subject.MESH,
    expr=_expiring,
    # Six hours of attempts have failed by then.
    hold=MINUTE,
    severity=Severity.PAGE,
    owner=INFRASTRUCTURE.name,
    # Istio's certificates are good for 24 hours and replaced after twelve: this one is six late.
    threshold=6,
    unit="hours until a proxy's certificate expires",
    summary="The certificates of the mesh's proxies are not replaced.",
    what="The certificate of a proxy of {{ $labels.service }} expires in "
    "{{ $value | humanize }} hours, and should long have been replaced.",
    panel=panels.CERTIFICATES_LEFT,
    onset={FailureMode.CHANGED: at_once},
    # What a pod that is gone said last counts for as long.
    clearing=lambda _: Duration.parse(promql.LAST_KNOWN),
    keep_firing=APART,
    meshed=True,
)


def _refused_share(scope: Scope) -> str:
    """The share of each way's calls that was refused, by who asked whom."""
    seen = (promql.equals("job", labels.MESH), promql.equals("reporter", "destination"))

    def rate(*matchers: str) -> str:
        window = str(CALLS_WINDOW)
        return f"rate({scope.series('istio_requests_total', *seen, *matchers, window=window)})"

    refused = " or ".join(rate(each) for each in REFUSALS)
    by = promql.by(_CALL)
    return f"sum {by} ({refused}) / sum {by} ({rate()})"


def _refused(scope: Scope) -> str:
    """Of what the call graph allows alone: that a stranger is refused is what policies are for."""
    allowed = f"max {promql.by((*_CALL, 'caller'))} ({scope.series(CALLS_ALLOWED)})"
    return (
        f"({_refused_share(scope)} > {scope.threshold:g})"
        f" * {promql.on(_CALL)} group_left (caller) {allowed}"
    )


def _tenth(timings: Timings) -> Duration:
    """X of a share of five minutes where every call is refused, the edges of its window too."""
    return Duration(CALLS_WINDOW.milliseconds // 10) + timings.scrape * 2


MESH_CALLS_REFUSED = Alert(
    name="MeshCallsRefused",
    subject=Subject.MESH,
    expr=_refused,
    hold=MINUTE,
    severity=Severity.PAGE,
    owner=INCIDENT_RESPONSE.name,
    threshold=0.1,
    unit="share of a caller's requests in five minutes that are refused",
    summary="The mesh refuses calls that the store is made of.",
    what="{{ $labels.service }} refuses {{ $value | humanizePercentage }} of what "
    "{{ $labels.caller }} asks it, which it should be allowed.",
    panel=panels.REFUSED,
    onset={FailureMode.CHANGED: _tenth},
    clearing=lambda _: CALLS_WINDOW,
    keep_firing=APART,
    recorded=True,
    outage=True,
    meshed=True,
)


def _plain(scope: Scope) -> str:
    """Under strict mutual TLS a listener has nothing for who does not begin a handshake."""
    inbound = (promql.equals("job", labels.MESH), INBOUND)
    tried = scope.series(UNMATCHED, *inbound, window=str(PLAIN_WINDOW))
    return f"sum {promql.BY_SERVICE} (increase({tried})) > 0"


MESH_PLAIN_TEXT = Alert(
    name="MeshPlainText",
    subject=Subject.MESH,
    expr=_plain,
    hold=Duration(0),
    severity=Severity.TICKET,
    owner=INFRASTRUCTURE.name,
    summary="Somebody speaks to a service of the store in plain text.",
    what="Somebody tries to reach {{ $labels.service }} in plain text, and is refused: a pod "
    "without a proxy, or nobody who belongs here.",
    impact="Nothing, unless it is a part of the store that lost its proxy: the mesh refuses it.",
    panel=panels.PLAIN_TEXT,
    onset={FailureMode.CHANGED: at_once},
    clearing=lambda _: PLAIN_WINDOW,
    keep_firing=APART,
    meshed=True,
)
ALERTS = (MESH_CALLS_REFUSED, MESH_CERTIFICATES_EXPIRING, MESH_PLAIN_TEXT)
