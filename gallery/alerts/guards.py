"""Conditions that keep blindness from looking like an outage, and an outage from looking mended.

Grafana has no inhibition, so suppression is written into the expressions, alike for both engines.
"""

from __future__ import annotations

from gallery import labels, promql
from gallery.alerts.model import Scope
from gallery.durations import Duration

# Seconds: the age of the collector's own newest sample at which it no longer counts as alive.
COLLECTOR_FRESH = 90
# Every job whose series come through the blackbox exporter.
PROBE_JOBS = (labels.PROBE, labels.CANARY, labels.DOOR, labels.GRAFANA)
# Scrapes by which an endpoint may fail before the canary, and still fail with the prober: one
# for probes of different phase, and one for what has not been written yet.
SAME_MOMENT = 2.5


def collector_age(scope: Scope) -> str:
    """Seconds since the newest sample that any replica of the collector took of itself."""
    return f"time() - max {promql.BY_PLACE} (timestamp({scope.job('up', labels.COLLECTOR)}))"


def collector_alive(scope: Scope) -> str:
    """True for a place whose collector writes. A dead one's last values stay for five minutes."""
    return f"{collector_age(scope)} < {COLLECTOR_FRESH}"


def every_probe_fails(scope: Scope) -> str:
    """True for a place where neither a service nor the prober's own canary answers."""
    probes = scope.job("probe_success", labels.PROBE, labels.CANARY)
    return f"max {promql.BY_PLACE} ({probes}) == 0"


def prober_dead(scope: Scope) -> str:
    """True for a place whose prober cannot be scraped itself."""
    scraped = scope.job("up", labels.PROBE, labels.CANARY)
    return f"max {promql.BY_PLACE} ({scraped}) == 0"


def blind(scope: Scope) -> str:
    """True for a place whose prober sees nothing, or cannot be scraped itself."""
    return f"{every_probe_fails(scope)} or {prober_dead(scope)}"


def no_worse_than_canary(scope: Scope, job: str, window: Duration, scrapes: float) -> str:
    """Targets of a probe job that fail as the prober's probe of itself does, or less.

    They may have failed by so many scrapes more within the window.
    """
    probe = scope.job("probe_success", job, window=str(window))
    canary = scope.job("probe_success", labels.CANARY, window=str(window))
    share = scrapes * scope.timings.scrape.seconds / window.seconds
    return (
        f"avg_over_time({probe}) >= {promql.ON_PLACE} group_left ()"
        f" (max {promql.BY_PLACE} (avg_over_time({canary})) - {share:g})"
    )


def unanswered(scope: Scope, job: str) -> str:
    """Targets of a probe job that last were seen not to answer, for no fault of the prober.

    A failed probe survives the prober's death for five minutes and ends with the first good
    one. While nothing at all answers, canary included, a target that fares no worse than the
    canary tells of the prober; one that was down before stays down, so that a blind prober
    resolves nothing.
    """
    known = scope.job("probe_success", job, window=promql.LAST_KNOWN)
    window = Duration.parse(promql.LAST_KNOWN)
    alike = no_worse_than_canary(scope, job, window, SAME_MOMENT)
    return (
        f"last_over_time({known}) == 0"
        f" unless {promql.ON_SERVICE} ({alike} and {promql.ON_PLACE} {every_probe_fails(scope)})"
    )


def host_down(scope: Scope) -> str:
    """Hosts whose exporter cannot be scraped; their other alerts are silent."""
    return f"{scope.of_hosts('up', promql.equals('job', labels.NODE))} == 0"


def unless_host_down(scope: Scope) -> str:
    """What ends the expression of every other alert on a host."""
    return f" unless {promql.ON_HOST} {host_down(scope)}"
