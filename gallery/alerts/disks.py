"""Alerts on a host's disks: on each device and each place it is mounted at."""

from __future__ import annotations

from dataclasses import dataclass

from gallery.alerts import panels
from gallery.alerts.guards import NODE, unless_host_down
from gallery.alerts.model import Alert, Scope, Subject
from gallery.alerts.recent import half, last, median, share
from gallery.metrics import labels, promql
from gallery.metrics.durations import MINUTE, Duration
from gallery.metrics.timings import FailureMode
from gallery.store.roles import INFRASTRUCTURE, Severity

# Not what is kept in memory, cannot grow, or is a second sight of the same disk; nor what FUSE
# shows, whose size is invented (a real disk by way of FUSE is a fuseblk).
DISKS = f"fstype!~{promql.quoted('tmpfs|ramfs|squashfs|overlay|fuse|fuse[.].+')}"
_AVAILABLE, _SIZE = "node_filesystem_avail_bytes", "node_filesystem_size_bytes"
# Each aggregation drops what the exporter says of an error, else an alert would end with it.
_BY_DISK = promql.by((*labels.HOST_COMMON, "device"))
_BY_MOUNT = promql.by((*labels.HOST_COMMON, "device", "mountpoint"))


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How fast a disk fills: what each `part` of the time looked back on took.

    A step lies in one part, however large it is, and a saw-tooth rises in one: neither is a pace.
    `mean` smooths what is written in portions. At this pace nothing is left `ahead`.
    """

    part: Duration
    parts: int
    mean: Duration
    ahead: Duration

    @property
    def seen(self) -> Duration:
        """How long a disk must fill before that is a pace."""
        return self.part * self.parts + self.mean

    def condition(self, scope: Scope) -> str:
        """What is left, where that is less than the slowest part's share of the time ahead."""
        times = self.ahead.milliseconds / self.part.milliseconds
        older, newer = (
            scope.of_hosts(_AVAILABLE, NODE, DISKS, window=str(self.mean), ago=ago)
            for ago in (str(self.part), "")
        )
        # Every part that ended since the first one did, at two ends to each.
        ends = f"{self.part * (self.parts - 1)}:{self.part.halved}"
        taken = f"min_over_time((avg_over_time({older}) - avg_over_time({newer}))[{ends}])"
        # Not of a disk that is too new to have a pace.
        before = scope.of_hosts(
            _AVAILABLE, NODE, DISKS, window=str(self.mean), ago=str(self.part * self.parts)
        )
        return (
            f"{last(scope, _AVAILABLE, DISKS)} < {times:g} * {taken} and count_over_time({before})"
        )


# A log that grows is seen by the one, a job that writes without an end by the other.
TREND = Pace(part=MINUTE * 120, parts=3, mean=MINUTE * 30, ahead=MINUTE * 60 * 24)
RUSH = Pace(part=MINUTE * 10, parts=3, mean=MINUTE * 5, ahead=MINUTE * 60 * 4)


def _filling(scope: Scope) -> str:
    filling = f"({TREND.condition(scope)}) or ({RUSH.condition(scope)})"
    left = f"({filling}) / {last(scope, _SIZE, DISKS)}"
    return f"max {_BY_MOUNT} ({left} < {scope.threshold:g}){unless_host_down(scope)}"


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
    what="{{ $labels.mountpoint }} of host {{ $labels.host }} ({{ $labels.device }}) has "
    "{{ $value | humanizePercentage }} of its space left, and at its pace it will be full "
    "within a day.",
    panel=panels.DISK_LEFT,
    onset={FailureMode.CHANGED: lambda _: TREND.seen},
    # The slowest part ends it when it is one in which the disk did not fill.
    clearing=lambda _: TREND.part,
)


def _full(scope: Scope) -> str:
    left = f"{median(scope, _AVAILABLE, DISKS)} / {last(scope, _SIZE, DISKS)}"
    return f"max {_BY_MOUNT} ({left}) < {scope.threshold:g}{unless_host_down(scope)}"


HOST_DISK_FULL = Alert(
    name="HostDiskFull",
    subject=Subject.HOST,
    expr=_full,
    hold=MINUTE * 10,
    severity=Severity.TICKET,
    owner=INFRASTRUCTURE.name,
    threshold=0.03,
    unit="share of the disk that is free",
    summary="A disk is nearly full.",
    what="{{ $labels.mountpoint }} of host {{ $labels.host }} ({{ $labels.device }}) has only "
    "{{ $value | humanizePercentage }} of its space left.",
    panel=panels.DISK_LEFT,
    onset={FailureMode.CHANGED: half},
    clearing=half,
)


def _inodes(scope: Scope) -> str:
    free, every = "node_filesystem_files_free", "node_filesystem_files"
    left = f"{median(scope, free, DISKS)} / {last(scope, every, DISKS)}"
    return f"max {_BY_MOUNT} ({left}) < {scope.threshold:g}{unless_host_down(scope)}"


HOST_INODES_LOW = Alert(
    name="HostInodesLow",
    subject=Subject.HOST,
    expr=_inodes,
    hold=MINUTE * 10,
    severity=Severity.TICKET,
    owner=INFRASTRUCTURE.name,
    threshold=0.05,
    unit="share of the inodes that are free",
    summary="A disk runs out of inodes.",
    what="{{ $labels.mountpoint }} of host {{ $labels.host }} ({{ $labels.device }}) has "
    "{{ $value | humanizePercentage }} of its inodes left: soon no file can be made, however "
    "much space is free.",
    panel=panels.INODES_LEFT,
    onset={FailureMode.CHANGED: half},
    clearing=half,
)


def _readonly(scope: Scope) -> str:
    # By device: that a disk is mounted read-only at a second place as well is no fault.
    of = share(scope, "node_filesystem_readonly", DISKS)
    return f"min {_BY_DISK} ({of}) > {scope.threshold:g}{unless_host_down(scope)}"


HOST_DISK_READ_ONLY = Alert(
    name="HostDiskReadOnly",
    subject=Subject.HOST,
    expr=_readonly,
    hold=MINUTE * 10,
    severity=Severity.PAGE,
    owner=INFRASTRUCTURE.name,
    threshold=0.5,
    unit="share of five minutes in which the disk could only be read",
    summary="A disk can no longer be written.",
    what="{{ $labels.device }} of host {{ $labels.host }} is read-only: nothing on it can be "
    "written.",
    panel=panels.DISKS_AT_FAULT,
    onset={FailureMode.CHANGED: half},
    clearing=half,
)


def _unreadable(scope: Scope) -> str:
    errors = scope.of_hosts("node_filesystem_device_error", NODE, DISKS, window=promql.LAST_KNOWN)
    # Compared first: of most disks every measurement succeeds.
    failed = f"sum {_BY_MOUNT} (sum_over_time({errors}) > 0)"
    measured = f"sum {_BY_MOUNT} (count_over_time({errors}))"
    return f"{failed} / {measured} > {scope.threshold:g}{unless_host_down(scope)}"


HOST_DISK_UNREADABLE = Alert(
    name="HostDiskUnreadable",
    subject=Subject.HOST,
    expr=_unreadable,
    hold=MINUTE * 10,
    severity=Severity.TICKET,
    owner=INFRASTRUCTURE.name,
    threshold=0.25,
    unit="share of five minutes' measurements that failed",
    summary="A disk cannot be measured.",
    what="{{ $labels.mountpoint }} of host {{ $labels.host }} ({{ $labels.device }}) cannot be "
    "measured: whether it fills goes unseen, and what reads it may hang.",
    panel=panels.DISKS_AT_FAULT,
    onset={FailureMode.CHANGED: half},
    clearing=lambda _: MINUTE * 4,
)
ALERTS = (
    HOST_DISK_FILLING,
    HOST_DISK_FULL,
    HOST_INODES_LOW,
    HOST_DISK_READ_ONLY,
    HOST_DISK_UNREADABLE,
)
