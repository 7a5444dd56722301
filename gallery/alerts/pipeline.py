"""Alerts on the pipeline itself: whether anybody would see an outage."""

from __future__ import annotations

from gallery.alerts import panels
from gallery.alerts.bridges import APART, lately, mostly
from gallery.alerts.guards import COLLECTOR_FRESH, collector_alive, sight
from gallery.alerts.model import Alert, Scope, Subject, leaves_discovery, next_scrape
from gallery.metrics import labels, promql
from gallery.metrics.durations import MINUTE, Duration, minus
from gallery.metrics.names import COLLECTOR_EXPECTED, MESH_METRICS, PROXY_METRICS, TARGETS_EXPECTED
from gallery.metrics.timings import FailureMode, Timings
from gallery.store.roles import MONITORING, Severity

FRESH = Duration.of(seconds=COLLECTOR_FRESH)
# While one replica takes over from another nothing is written: 51 s at most were measured.
_NOTHING = Duration.of(seconds=52)
_BY_REPLICA = promql.by((*labels.COMMON, labels.INSTANCE))


def _collector_down(scope: Scope) -> str:
    """Fewer than two samples of any replica: one alone is a good answer among bad ones.

    What is expected is a constant, so that a silence that outlives the last sample fires on.
    """
    expected = scope.series(COLLECTOR_EXPECTED)
    came = f"count_over_time({scope.job('up', labels.COLLECTOR, window=str(_written(scope)))})"
    return f"{expected} unless {promql.ON_STACK} (max {promql.BY_STACK} ({came}) > 1)"


def _written(scope: Scope) -> Duration:
    """Less than that by next to nothing: a range may hold its left edge, or not."""
    return minus(fresh(scope.timings), Duration(1))


def _silent(timings: Timings) -> Duration:
    """X: from the last sample until the last but one is too old."""
    return minus(fresh(timings), timings.scrape)


def fresh(timings: Timings) -> Duration:
    """The time within which a living collector writes several samples, a failover among them."""
    return max(FRESH, timings.scrape * 4 + _NOTHING)


COLLECTOR_DOWN = Alert(
    name="CollectorDown",
    subject=Subject.PIPELINE,
    expr=_collector_down,
    hold=Duration.of(seconds=30),
    severity=Severity.PAGE,
    owner=MONITORING.name,
    summary="Nothing new arrives from the collector.",
    what="Hardly anything that the collector took in the last minute and a half has arrived: "
    "it is down, or cannot write to Amazon Managed Prometheus.",
    panel=panels.SAMPLE_AGE,
    onset={FailureMode.REFUSED: _silent, FailureMode.GONE: _silent},
    clearing=next_scrape,
    keep_firing=APART,
    recorded=True,
    blindness=True,
)


def _blind(scope: Scope) -> str:
    return mostly(scope, f"{sight(scope)} == 0")


COLLECTOR_BLIND = Alert(
    name="CollectorBlind",
    subject=Subject.PIPELINE,
    expr=_blind,
    # Well below the five minutes after which what was down before would look mended.
    hold=Duration.of(seconds=60),
    severity=Severity.PAGE,
    owner=MONITORING.name,
    summary="The prober sees nothing, not even itself.",
    what="No probe succeeds, not even the prober's of itself: outages of the store go unseen.",
    panel=panels.PROBER,
    onset={FailureMode.REFUSED: next_scrape, FailureMode.HANGING: next_scrape},
    clearing=next_scrape,
    keep_firing=APART,
    blindness=True,
)


def _targets_lost(scope: Scope) -> str:
    """Targets that cannot be scraped, and services of which too few are found at all.

    A pod that cannot be scheduled has no address, and is no target.
    """
    targets = scope.job("up", labels.MESH, labels.COLLECTOR)
    expected = f"max {promql.BY_SERVICE} ({scope.series(TARGETS_EXPECTED)})"
    # Each once, by however many it is scraped.
    found = f"count {promql.BY_SERVICE} (max {_BY_REPLICA} ({targets})) or 0 * {expected}"
    refuses = mostly(scope, f"{targets} == 0")
    fewer = lately(scope, f"{expected} - ({found})")
    return f"({refuses} or {fewer} > 0) and {promql.ON_STACK} ({collector_alive(scope)})"


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
    onset={FailureMode.REFUSED: next_scrape, FailureMode.GONE: leaves_discovery},
    clearing=leaves_discovery,
    keep_firing=APART,
    recorded=True,
)


def _mesh_unmeasured(scope: Scope) -> str:
    """Proxies that answer, and none of them says of requests or of itself what alerts read.

    A proxy goes on counting what it has ever seen, and the prober asks every service.
    """
    proxies = promql.equals("job", labels.MESH)

    def known(metric: str) -> str:
        asked = (promql.equals("reporter", "destination"),) if metric in MESH_METRICS else ()
        series = scope.series(metric, proxies, *asked, window=promql.LAST_KNOWN)
        return f"count {promql.BY_STACK} (last_over_time({series}))"

    up = scope.job("up", labels.MESH, window=str(scope.timings.window))
    every = f" and {promql.ON_STACK} ".join(map(known, PROXY_METRICS))
    return f"max {promql.BY_STACK} (max_over_time({up})) == 1 unless {promql.ON_STACK} ({every})"


MESH_UNMEASURED = Alert(
    name="MeshUnmeasured",
    subject=Subject.PIPELINE,
    expr=_mesh_unmeasured,
    # The first requests of a new stack are those of the prober.
    hold=MINUTE * 10,
    severity=Severity.TICKET,
    owner=MONITORING.name,
    summary="The mesh's proxies do not say what alerts read.",
    what="The mesh's proxies answer, but without all the metrics that are read here: slow "
    "endpoints, refused calls or certificates near their end go unseen.",
    panel=panels.WAIT_P95,
    # What was known last counts for as long.
    onset={FailureMode.CHANGED: lambda _: Duration.parse(promql.LAST_KNOWN)},
    clearing=next_scrape,
    keep_firing=APART,
    meshed=True,
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
    # The age of what was sent, as of the scrape that saw it; the collector may miss some scrapes.
    late = f"(timestamp({sent}) - {sent})[{scope.timings.window}:{scope.timings.scrape}]"
    return (
        f"max {_BY_REPLICA} (max_over_time({late})) > {scope.threshold:g}"
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
    keep_firing=APART,
)
ALERTS = (COLLECTOR_DOWN, COLLECTOR_BLIND, TARGETS_LOST, MESH_UNMEASURED, REMOTE_WRITE_BEHIND)
