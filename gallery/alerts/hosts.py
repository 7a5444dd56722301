"""Alerts on whether the EC2 hosts are there and answer, through their node_exporter."""

from __future__ import annotations

from gallery.alerts import panels
from gallery.alerts.bridges import APART, lately, mostly, once
from gallery.alerts.degraded import WINDOW, failed_again, share_well
from gallery.alerts.guards import NODE, collector_alive, host_up, still_planned
from gallery.alerts.model import (
    Alert,
    Scope,
    Subject,
    leaves_discovery,
    next_scrape,
    scrape_times_out,
)
from gallery.metrics import labels, promql
from gallery.metrics.durations import MINUTE, Duration, minus
from gallery.metrics.names import HOSTS_EXPECTED
from gallery.metrics.timings import FailureMode
from gallery.store.roles import INFRASTRUCTURE, Severity

_GROUP = (*labels.COMMON, labels.HOST_GROUP)
_BY_GROUP, _ON_GROUP = promql.by(_GROUP), promql.on(_GROUP)


def _down(scope: Scope) -> str:
    """Hosts that do not answer, and those that long had not when they left EC2's discovery.

    A dead host that is switched off is gone, not well: its page lasts until HostMissing has come.
    One that answered until it was switched off is HostMissing's alone.
    """
    up, scrape = scope.of_hosts("up", NODE), scope.timings.scrape

    def newest(failed: str, within: str) -> str:
        """When each host last failed so. Only of those that did: well ones cost nothing."""
        return f"max {promql.BY_HOST} (max_over_time(timestamp({failed})[{within}:{scrape}]))"

    # While an instance is replaced two carry its host's labels, and one that answers is enough.
    down = f"{host_up(scope)} == 0"
    last = newest(f"{up} == 0", promql.LAST_KNOWN)
    first = newest(f"{up} == 0 unless {up} offset {scrape} == 0", str(looks_back(scope)))
    answered = f"last_over_time({scope.of_hosts('up', NODE, window=promql.LAST_KNOWN)}) == 1"
    return (
        f"{mostly(scope, down)} or {last} - ({first} or 0 * {last})"
        f" > {minus(long(scope), scrape).seconds:g} unless {promql.ON_HOST} {answered}"
    )


def long(scope: Scope) -> Duration:
    """Nearly the hold, but longer than a host that ends well fails until discovery knows of it."""
    scrape = scope.timings.scrape
    return max(minus(scope.hold, scrape * 2), scope.timings.discovery + scrape * 3)


def looks_back(scope: Scope) -> Duration:
    """How far the page of a host that was switched off must look back."""
    return Duration.parse(promql.LAST_KNOWN) + scope.hold


HOST_DOWN = Alert(
    name="HostDown",
    subject=Subject.HOST,
    expr=lambda scope: once(scope, _down(scope)),
    hold=Duration.of(seconds=120),
    severity=Severity.PAGE,
    owner=INFRASTRUCTURE.name,
    summary="A host does not answer.",
    what="Host {{ $labels.host }} of group {{ $labels.host_group }} does not answer.",
    panel=panels.HOSTS_OVER_TIME,
    onset={
        FailureMode.REFUSED: next_scrape,
        FailureMode.HANGING: lambda timings: scrape_times_out(timings) + timings.scrape,
    },
    clearing=next_scrape,
)


def _degraded(scope: Scope) -> str:
    """Of each instance, whose scrapes are read once; its host is as well as the best of them.

    A range of what is worked out for each host would work out forty looks at a thousand hosts.
    """
    answers = scope.of_hosts("up", NODE, window=str(WINDOW))
    return (
        f"max {promql.BY_HOST} ({share_well(answers)}) < {scope.threshold:g}"
        f" and {promql.ON_HOST} {failed_again(answers)}"
    )


HOST_DEGRADED = Alert(
    name="HostDegraded",
    subject=Subject.HOST,
    expr=_degraded,
    hold=Duration(0),
    severity=Severity.TICKET,
    owner=INFRASTRUCTURE.name,
    threshold=0.9,
    unit="share of scrapes that succeed in ten minutes",
    summary="A host answers now and then.",
    what="Host {{ $labels.host }} of group {{ $labels.host_group }} keeps failing and coming back: "
    "{{ $value | humanizePercentage }} of its scrapes succeeded in ten minutes.",
    panel=panels.HOSTS_OVER_TIME,
    # It fails, answers once and fails again, for a minute's worth of scrapes.
    onset={FailureMode.CHANGED: lambda _: MINUTE * 4},
    clearing=lambda _: WINDOW,
    keep_firing=APART,
    intermittent=True,
)


def _missing(scope: Scope) -> str:
    constant = scope.of_hosts(HOSTS_EXPECTED)
    expected = f"max {_BY_GROUP} ({constant})"
    counted = f"count {_BY_GROUP} ({host_up(scope)})"
    missing = lately(scope, f"{expected} - ({counted} or 0 * {expected})")
    return (
        f"{missing} > 0 and {_ON_GROUP} {still_planned(scope, constant)}"
        f" and {promql.ON_STACK} ({collector_alive(scope)})"
    )


HOST_MISSING = Alert(
    name="HostMissing",
    subject=Subject.HOST,
    expr=_missing,
    hold=Duration.of(seconds=120),
    severity=Severity.PAGE,
    owner=INFRASTRUCTURE.name,
    summary="Fewer hosts are there than planned.",
    what="Of the hosts of group {{ $labels.host_group }} {{ $value }} cannot be found in EC2.",
    panel=panels.HOSTS_MISSING,
    onset={FailureMode.GONE: leaves_discovery},
    clearing=leaves_discovery,
    keep_firing=APART,
    recorded=True,
)
ALERTS = (HOST_DOWN, HOST_DEGRADED, HOST_MISSING)
