"""Alerts on the pipeline itself: whether anybody would see an outage."""

from __future__ import annotations

from gallery.alerts import panels
from gallery.alerts.guards import COLLECTOR_FRESH, blind, collector_age, collector_alive
from gallery.alerts.model import Alert, Scope, Subject, at_once, leaves_discovery
from gallery.metrics import labels, promql
from gallery.metrics.durations import MINUTE, Duration
from gallery.metrics.names import COLLECTOR_EXPECTED, TARGETS_EXPECTED
from gallery.metrics.timings import FailureMode
from gallery.store.roles import MONITORING, Severity

FRESH = Duration.of(seconds=COLLECTOR_FRESH)
_BY_REPLICA = promql.by((*labels.COMMON, labels.INSTANCE))


def _collector_down(scope: Scope) -> str:
    # What is expected is a constant, so that a silence that outlives the last sample fires on.
    return (
        f"{scope.series(COLLECTOR_EXPECTED)} unless {promql.ON_STACK}"
        f" ({collector_age(scope)} < {COLLECTOR_FRESH})"
    )


COLLECTOR_DOWN = Alert(
    name="CollectorDown",
    subject=Subject.PIPELINE,
    expr=_collector_down,
    hold=Duration.of(seconds=30),
    severity=Severity.PAGE,
    owner=MONITORING.name,
    summary="Nothing new arrives from the collector.",
    what="Nothing that the collector took in the last minute and a half has arrived: "
    "it is down, or cannot write to Amazon Managed Prometheus.",
    panel=panels.SAMPLE_AGE,
    onset={FailureMode.REFUSED: lambda _: FRESH, FailureMode.GONE: lambda _: FRESH},
    recorded=True,
    blindness=True,
)


COLLECTOR_BLIND = Alert(
    name="CollectorBlind",
    subject=Subject.PIPELINE,
    expr=blind,
    # Well below the five minutes after which what was down before would look mended.
    hold=Duration.of(seconds=60),
    severity=Severity.PAGE,
    owner=MONITORING.name,
    summary="The prober sees nothing, not even itself.",
    what="No probe succeeds, not even the prober's of itself: outages of the store go unseen.",
    panel=panels.PROBER,
    onset={FailureMode.REFUSED: at_once, FailureMode.HANGING: at_once},
    blindness=True,
)


def _targets_lost(scope: Scope) -> str:
    """Targets that cannot be scraped, and services of which too few are found at all.

    A pod that cannot be scheduled has no address, and is no target.
    """
    targets = scope.job("up", labels.MESH, labels.COLLECTOR)
    expected = scope.series(TARGETS_EXPECTED)
    found = f"count {promql.BY_SERVICE} ({targets}) or 0 * {expected}"
    return (
        f"({targets} == 0 or {expected} - ({found}) > 0)"
        f" and {promql.ON_STACK} ({collector_alive(scope)})"
    )


TARGETS_LOST = Alert(
    name="TargetsLost",
    subject=Subject.PIPELINE,
    expr=_targets_lost,
    hold=MINUTE * 5,
    severity=Severity.TICKET,
    owner=MONITORING.name,
    summary="Something that should be scraped is not.",
    what="{{ if $labels.instance }}{{ $labels.instance }} of {{ $labels.service }} cannot be "
    "scraped.{{ else }}Of {{ $labels.service }} fewer pods are found than planned: "
    "{{ $value }} missing.{{ end }}",
    panel=panels.TARGETS,
    onset={FailureMode.REFUSED: at_once, FailureMode.GONE: leaves_discovery},
    clearing=leaves_discovery,
    recorded=True,
)


def _behind(scope: Scope) -> str:
    sent = scope.job(
        "prometheus_remote_storage_queue_highest_sent_timestamp_seconds", labels.COLLECTOR
    )
    failed = scope.job(
        "prometheus_remote_storage_samples_failed_total",
        labels.COLLECTOR,
        window=str(scope.timings.window),
    )
    # The age of what was sent, as of the scrape that saw it.
    return (
        f"max {_BY_REPLICA} (timestamp({sent}) - {sent}) > {scope.threshold:g}"
        f" or sum {_BY_REPLICA} (rate({failed})) > 0"
    )


REMOTE_WRITE_BEHIND = Alert(
    name="RemoteWriteBehind",
    subject=Subject.PIPELINE,
    expr=_behind,
    hold=MINUTE * 5,
    severity=Severity.TICKET,
    owner=MONITORING.name,
    # Below the age at which the collector would count as dead.
    threshold=60,
    unit="seconds between a sample and its sending",
    summary="The collector does not keep up with writing, or its samples are refused.",
    what="{{ $labels.instance }} of the collector writes far too late, or its samples are refused.",
    panel=panels.REMOTE_WRITE,
    # What is late to arrive is late to be seen; after five minutes nothing is.
    onset={FailureMode.CHANGED: lambda _: MINUTE * 5},
    clearing=lambda timings: timings.window,
)
ALERTS = (COLLECTOR_DOWN, COLLECTOR_BLIND, TARGETS_LOST, REMOTE_WRITE_BEHIND)
