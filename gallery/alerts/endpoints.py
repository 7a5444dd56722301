"""Alerts on whether the store's services answer at their own addresses, how often, how fast."""

from __future__ import annotations

from gallery.alerts import panels
from gallery.alerts.bridges import APART, lately, once
from gallery.alerts.degraded import WINDOW, answers, comes_and_goes, unless_like
from gallery.alerts.guards import collector_alive, still_planned, unanswered
from gallery.alerts.model import Alert, Scope, Subject, at_once, leaves_discovery
from gallery.metrics import labels, promql
from gallery.metrics.durations import MINUTE, Duration
from gallery.metrics.names import PROBE_EXPECTED
from gallery.metrics.timings import FailureMode
from gallery.store.roles import INCIDENT_RESPONSE, MONITORING, RELIABILITY, Severity

# Requests a second below which a percentile is one customer's bad luck.
FLOOR = 0.2


def _down(scope: Scope) -> str:
    return once(scope, unanswered(scope, labels.PROBE))


ENDPOINT_DOWN = Alert(
    name="EndpointDown",
    subject=Subject.ENDPOINT,
    expr=_down,
    hold=Duration.of(seconds=30),
    severity=Severity.PAGE,
    owner=INCIDENT_RESPONSE.name,
    summary="An endpoint of the store does not answer.",
    what="{{ $labels.service }} does not answer its probe.",
    panel=panels.ENDPOINTS_OVER_TIME,
    outage=True,
    unbridged="The first good answer ends it, so that a recovery is told at once. What fails again "
    "within ten minutes is EndpointDegraded's.",
    onset={FailureMode.REFUSED: at_once, FailureMode.HANGING: at_once},
)


def _degraded(scope: Scope) -> str:
    probe, canary = answers(scope, labels.PROBE), answers(scope, labels.CANARY)
    return comes_and_goes(scope, probe) + unless_like(scope, probe, canary)


ENDPOINT_DEGRADED = Alert(
    name="EndpointDegraded",
    subject=Subject.ENDPOINT,
    expr=_degraded,
    hold=Duration(0),
    severity=Severity.TICKET,
    owner=RELIABILITY.name,
    threshold=0.9,
    unit="share of probes that succeed in ten minutes",
    summary="An endpoint keeps failing and coming back.",
    what="{{ $labels.service }} keeps failing and coming back: "
    "{{ $value | humanizePercentage }} of its probes succeeded in ten minutes.",
    panel=panels.AVAILABILITY,
    # From the first failure: two outages of half a minute, and what is between them.
    onset={FailureMode.CHANGED: lambda _: MINUTE * 4},
    clearing=lambda _: WINDOW,
    keep_firing=APART,
    intermittent=True,
)


def _slow(scope: Scope) -> str:
    window = str(scope.timings.window)
    matchers = (
        promql.equals("job", labels.MESH),
        promql.equals("reporter", "destination"),
        f"source_workload!={promql.quoted(labels.PROBER_WORKLOAD)}",
    )
    buckets = scope.series("istio_request_duration_milliseconds_bucket", *matchers, window=window)
    requests = scope.series("istio_requests_total", *matchers, window=window)
    each = promql.by((*labels.COMMON, "le"))
    return (
        f"histogram_quantile(0.95, sum {each} (rate({buckets}))) > {scope.threshold:g}"
        f" and {promql.ON_SERVICE} sum {promql.BY_SERVICE} (rate({requests})) > {FLOOR:g}"
    )


ENDPOINT_SLOW = Alert(
    name="EndpointSlow",
    subject=Subject.ENDPOINT,
    expr=_slow,
    # Longer than the window: a few slow seconds keep the percentile high for all of it.
    hold=Duration.of(seconds=180),
    severity=Severity.TICKET,
    owner=RELIABILITY.name,
    # The edges of Istio's histogram next to it are 250 and 1000.
    threshold=500,
    unit="milliseconds within which 95 of 100 requests are answered",
    summary="An endpoint answers its customers slowly.",
    what="{{ $labels.service }} takes {{ $value | humanize }} ms for the slowest "
    "of twenty requests.",
    panel=panels.WAIT_P95,
    onset={FailureMode.CHANGED: lambda timings: timings.window},
    clearing=lambda timings: timings.window,
    keep_firing=APART,
    meshed=True,
)


def _missing(scope: Scope) -> str:
    expected = scope.series(PROBE_EXPECTED)
    probed = f"{promql.ON_SERVICE} {scope.job('up', *labels.PROBE_JOBS)}"
    missing = lately(scope, f"{expected} unless {probed}")
    return (
        f"{missing} and {still_planned(scope, expected)}"
        f" and {promql.ON_STACK} ({collector_alive(scope)})"
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
    panel=panels.ENDPOINTS_OVER_TIME,
    onset={FailureMode.GONE: leaves_discovery},
    clearing=leaves_discovery,
    keep_firing=APART,
    recorded=True,
)
ALERTS = (ENDPOINT_DOWN, ENDPOINT_DEGRADED, ENDPOINT_SLOW, ENDPOINT_PROBE_MISSING)
