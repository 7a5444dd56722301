"""The alert on a host's disks."""

from __future__ import annotations

from gallery.alerts import panels
from gallery.alerts.guards import NODE, unless_host_down
from gallery.alerts.model import Alert, Scope, Subject
from gallery.metrics import promql
from gallery.metrics.durations import MINUTE, Duration
from gallery.metrics.timings import FailureMode
from gallery.store.roles import INFRASTRUCTURE, Severity

# Two looks ahead, in seconds, each from a time long enough to be a trend: a log that grows is
# seen by the one, a job that writes without an end by the other.
TREND, _DAY = MINUTE * 60 * 6, 86_400
RUSH, _SHIFT = MINUTE * 30, 4 * 3_600
# Share of the disk below which it does not matter how fast it fills.
_NEARLY_FULL = 0.03
# Not what is kept in memory, cannot grow, or is a second sight of the same disk.
DISKS = f"fstype!~{promql.quoted('tmpfs|ramfs|squashfs|overlay')}"


def _filling(scope: Scope) -> str:
    def full(window: Duration, ahead: int) -> str:
        course = scope.of_hosts("node_filesystem_avail_bytes", NODE, DISKS, window=str(window))
        return f"predict_linear({course}, {ahead}) < 0"

    free = scope.of_hosts("node_filesystem_avail_bytes", NODE, DISKS)
    size = scope.of_hosts("node_filesystem_size_bytes", NODE, DISKS)
    readonly = scope.of_hosts("node_filesystem_readonly", NODE, DISKS)
    return (
        f"({free} / {size} < {scope.threshold:g}"
        f" and ({full(TREND, _DAY)} or {full(RUSH, _SHIFT)})"
        f" or {free} / {size} < {_NEARLY_FULL})"
        f" unless {readonly} == 1{unless_host_down(scope)}"
    )


HOST_DISK_FILLING = Alert(
    name="HostDiskFilling",
    subject=Subject.HOST,
    expr=_filling,
    hold=MINUTE * 30,
    severity=Severity.TICKET,
    owner=INFRASTRUCTURE.name,
    threshold=0.2,
    unit="share of the disk that is free, where it will be full within a day or, fast, in hours",
    summary="A disk fills.",
    what="{{ $labels.mountpoint }} of host {{ $labels.host }} has "
    "{{ $value | humanizePercentage }} of its space left and keeps filling.",
    panel=panels.DISK_LEFT,
    onset={FailureMode.CHANGED: lambda _: TREND},
)

ALERTS = (HOST_DISK_FILLING,)
