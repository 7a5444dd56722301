"""Who watches the watchers: heartbeats, whose end sets off an alarm, and what goes past Grafana."""

from __future__ import annotations

from gallery.alerts import panels
from gallery.alerts.bridges import APART
from gallery.alerts.guards import NODE, collector_alive, unanswered
from gallery.alerts.model import Alert, Delivery, ErrorState, Evaluator, Scope, Subject, next_scrape
from gallery.contact_points.model import Engine
from gallery.metrics import labels, promql
from gallery.metrics.durations import MINUTE, Duration
from gallery.metrics.names import COLLECTOR_EXPECTED
from gallery.metrics.recordings import RATES, STALE_EVALUATIONS, USUAL, USUAL_EVERY, USUAL_KNOWN
from gallery.metrics.timings import BROKEN_WAIT, FailureMode, Timings
from gallery.store.roles import MONITORING, Severity

_GRAFANA = frozenset({Engine.GRAFANA})


def stale_after(timings: Timings) -> Duration:
    """How long the recording rules may bring no new value."""
    return timings.evaluate_amp * STALE_EVALUATIONS


WATCHDOG = Alert(
    name="Watchdog",
    subject=Subject.PIPELINE,
    # A constant would beat on when the collector is dead.
    expr=collector_alive,
    hold=Duration(0),
    severity=Severity.INFO,
    owner=MONITORING.name,
    summary="A heartbeat: the collector writes, and AMP evaluates and delivers.",
    what="All is well: this alert always fires, and an alarm goes off when it stops.",
    panel=None,
    # Nobody is told of a beat; a CloudWatch alarm tells of its absence.
    onset={},
    evaluator=Evaluator.AMP,
    delivery=Delivery.HEARTBEAT,
)


def _grafana_beats(scope: Scope) -> str:
    newest = f"max {promql.BY_STACK} (timestamp({scope.series(COLLECTOR_EXPECTED)}))"
    return f"time() - {newest} < {stale_after(scope.timings).seconds:g}"


GRAFANA_HEARTBEAT = Alert(
    name="GrafanaHeartbeat",
    subject=Subject.PIPELINE,
    expr=_grafana_beats,
    hold=Duration(0),
    severity=Severity.INFO,
    owner=MONITORING.name,
    summary="A heartbeat: Grafana reads AMP, evaluates and delivers.",
    what="All is well: this alert always fires, and an alarm goes off when it stops.",
    panel=None,
    onset={},
    recorded=True,
    engines=_GRAFANA,
    delivery=Delivery.GRAFANA_HEARTBEAT,
    # An error must end the beat, not keep it.
    error_state=ErrorState.OK,
)


def _constants_stale(scope: Scope) -> str:
    age = str(stale_after(scope.timings))
    return f"absent_over_time({scope.series(COLLECTOR_EXPECTED, window=age)})"


RECORDING_RULES_STALE = Alert(
    name="RecordingRulesStale",
    subject=Subject.PIPELINE,
    expr=_constants_stale,
    # What was planned is forgotten after five minutes; then what is missing would look found.
    hold=MINUTE,
    severity=Severity.PAGE,
    owner=MONITORING.name,
    summary="AMP's recording rules fail or are not evaluated.",
    what="AMP has recorded nothing of what is planned for three evaluations: soon hosts, probes "
    "and targets that are missing go unseen.",
    panel=panels.RECORDING_AGE,
    # All of it: what is missed is the recording itself, which comes back with an evaluation.
    onset={FailureMode.GONE: stale_after},
    clearing=lambda timings: timings.evaluate_amp,
    keep_firing=APART,
)


def _usual_stale(_: Timings) -> Duration:
    """What is usual is recorded seldom, and known for a while."""
    return USUAL_KNOWN + USUAL_EVERY


def _traffic_unrecorded(scope: Scope) -> str:
    """Hosts that answer and of which something is not recorded: one hides no other."""
    lately = scope.of_hosts("up", NODE, window=str(scope.timings.window))
    hosts = f"max {promql.BY_HOST} (max_over_time({lately})) == 1"
    age = str(stale_after(scope.timings))
    rates = (
        f"{hosts} unless {promql.ON_HOST} last_over_time({scope.series(rate, window=age)})"
        for rate, _ in RATES
    )
    # A new host has nothing that is usual, and one that is gone has nothing new.
    usual = (
        f"max {promql.BY_HOST} (last_over_time({scope.series(usual, window='1d')}))"
        f" and {promql.ON_HOST} {hosts}"
        f" unless {promql.ON_HOST} last_over_time({scope.series(usual, window=str(USUAL_KNOWN))})"
        for usual, _ in USUAL
    )
    return " or ".join(f"({each})" for each in (*rates, *usual))


HOST_TRAFFIC_UNRECORDED = Alert(
    name="HostTrafficUnrecorded",
    subject=Subject.PIPELINE,
    expr=_traffic_unrecorded,
    # A new stack's rates need two scrapes and an evaluation.
    hold=MINUTE * 2,
    severity=Severity.TICKET,
    owner=MONITORING.name,
    summary="What hosts' network traffic is and usually is, is no longer recorded.",
    what="AMP does not record the network traffic of host {{ $labels.host }}, or what is usual "
    "for it: unusual traffic goes unseen.",
    panel=panels.RECORDING_AGE,
    # Of the rates, and of what is usual.
    onset={FailureMode.GONE: stale_after, FailureMode.CHANGED: _usual_stale},
    clearing=lambda _: USUAL_EVERY,
)


GRAFANA_UNREACHABLE = Alert(
    name="GrafanaUnreachable",
    subject=Subject.PIPELINE,
    expr=lambda scope: unanswered(scope, labels.GRAFANA, bridged=True),
    hold=Duration.of(seconds=120),
    severity=Severity.PAGE,
    owner=MONITORING.name,
    summary="Grafana does not answer.",
    what="Grafana does not answer: dashboards are closed, and what Grafana alerts on may not be "
    "sent.",
    panel=None,
    onset={FailureMode.REFUSED: next_scrape, FailureMode.HANGING: next_scrape},
    clearing=next_scrape,
    keep_firing=APART,
    evaluator=Evaluator.AMP,
    delivery=Delivery.INDEPENDENT,
)


# Proven here only in part: that it is silent while AMP can be read. Its purpose is the query
# that fails. Every other rule keeps its last state then, or one refusal of AMP would page for
# each of them; this one turns into Grafana's own alert DatasourceError, which Grafana's first
# route takes to the monitoring engineer. No promtool can play that; Grafana's evaluator must.
DATASOURCE_CANARY = Alert(
    name="DatasourceCanary",
    subject=Subject.PIPELINE,
    expr=lambda scope: f"{scope.series(COLLECTOR_EXPECTED)} != 1",
    hold=Duration.of(seconds=60),
    severity=Severity.PAGE,
    owner=MONITORING.name,
    summary="Grafana cannot read Amazon Managed Prometheus.",
    what="Grafana cannot read Amazon Managed Prometheus: until it can, no alert changes.",
    panel=panels.SAMPLE_AGE,
    # Its route's group wait, beside the hold that a newer Grafana has as well.
    onset={FailureMode.REFUSED: lambda _: BROKEN_WAIT},
    keep_firing=APART,
    recorded=True,
    engines=_GRAFANA,
    error_state=ErrorState.ERROR,
)
ALERTS = (
    RECORDING_RULES_STALE,
    HOST_TRAFFIC_UNRECORDED,
    GRAFANA_UNREACHABLE,
    DATASOURCE_CANARY,
    WATCHDOG,
    GRAFANA_HEARTBEAT,
)
