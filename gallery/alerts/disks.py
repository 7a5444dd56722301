"""The alert on a host's disks."""

from __future__ import annotations

from gallery.alerts.guards import unless_host_down
from gallery.alerts.hosts import NODE
from gallery.alerts.model import (
    Alert,
    Case,
    Labels,
    Phase,
    Scope,
    Series,
    Subject,
    flat,
    ramp,
)
from gallery.alerts.panels import HOSTS
from gallery.alerts.stories import MINUTE, Spell, Story, lasting, passing, silent, valued
from gallery.alerts.subjects import node_labels, whole
from gallery.metrics import promql
from gallery.metrics.durations import Duration
from gallery.metrics.timings import FailureMode
from gallery.store.roles import INFRASTRUCTURE, Severity

# Two looks ahead, in seconds, each from a time long enough to be a trend: a log that grows is
# seen by the one, a job that writes without an end by the other.
_TREND, _DAY = MINUTE * 60 * 6, 86_400
_RUSH, _SHIFT = MINUTE * 30, 4 * 3_600
# Share of the disk below which it does not matter how fast it fills.
_NEARLY_FULL = 0.03
# Not what is kept in memory, cannot grow, or is a second sight of the same disk.
DISKS = f"fstype!~{promql.quoted('tmpfs|ramfs|squashfs|overlay')}"
_SIZE = 1e11
# Minutes until nothing is left, below and above the day that is looked ahead.
_SOON = 18 * 60
_LATER = 36 * 60


def _filling(scope: Scope) -> str:
    def full(window: Duration, ahead: int) -> str:
        course = scope.of_hosts("node_filesystem_avail_bytes", NODE, DISKS, window=str(window))
        return f"predict_linear({course}, {ahead}) < 0"

    free = scope.of_hosts("node_filesystem_avail_bytes", NODE, DISKS)
    size = scope.of_hosts("node_filesystem_size_bytes", NODE, DISKS)
    readonly = scope.of_hosts("node_filesystem_readonly", NODE, DISKS)
    return (
        f"({free} / {size} < {scope.threshold:g}"
        f" and ({full(_TREND, _DAY)} or {full(_RUSH, _SHIFT)})"
        f" or {free} / {size} < {_NEARLY_FULL})"
        f" unless {readonly} == 1{unless_host_down(scope)}"
    )


def _labels(scope: Scope, fstype: str = "xfs") -> dict[str, str]:
    return node_labels(scope) | {
        "device": "/dev/nvme0n1p1",
        "fstype": fstype,
        "mountpoint": "/",
    }


def _disk(
    scope: Scope, *shares: Phase, fstype: str = "xfs", readonly: int = 0, up: int = 1
) -> tuple[Series, ...]:
    """A disk whose free share takes this course."""
    disk, length = _labels(scope, fstype), whole(tuple((True, share.length) for share in shares))
    free = tuple(map(_in_bytes, shares))
    return (
        Series(metric="node_filesystem_avail_bytes", labels=disk, phases=free),
        valued("node_filesystem_size_bytes", disk, (_SIZE, length)),
        valued("node_filesystem_readonly", disk, (readonly, length)),
        valued("up", node_labels(scope), (up, length)),
    )


def _in_bytes(share: Phase) -> Phase:
    if share.start is None:
        return share
    return Phase(start=share.start * _SIZE, step=share.step * _SIZE, length=share.length)


def _fills(scope: Scope, share: float, minutes: int = _SOON) -> Story:
    """From this free share to nothing within so many minutes, at a sample a minute."""

    def story(*spells: Spell) -> tuple[Series, ...]:
        falling = (ramp(share, per_sample=-share / minutes, length=of) for _, of in spells)
        roomy = (flat((1 + scope.threshold) / 2, of) for _, of in spells)
        courses = zip(spells, falling, roomy, strict=True)
        return _disk(scope, *(ill if spell[0] else well for spell, ill, well in courses))

    return story


def _keeps(
    scope: Scope, share: float, *, fstype: str = "xfs", readonly: int = 0, up: int = 1
) -> Story:
    """A free share that does not change."""

    def story(*spells: Spell) -> tuple[Series, ...]:
        phase = flat(share, whole(spells))
        return _disk(scope, phase, fstype=fstype, readonly=readonly, up=up)

    return story


def _filling_cases(scope: Scope) -> tuple[Case, ...]:
    low, roomy, full = 0.9 * scope.threshold, 1.8 * scope.threshold, 0.02

    disk = _labels(scope)

    def after_long(name: str, minutes: int, onset: Duration, *fires: Labels) -> Case:
        """From a share kept for long to nothing in so many minutes, seen as a trend by `onset`."""
        length = onset + scope.hold.ceil_to(MINUTE)
        falls = ramp(low, per_sample=-low / minutes, length=length + MINUTE)
        return Case(
            name=name,
            series=_disk(scope, flat(low, _TREND), falls),
            fires_at=_TREND + length if fires else None,
            fires=fires,
            until=_TREND + length,
            interval=MINUTE,
        )

    def never(name: str, story: Story) -> Case:
        return silent(scope, name, story, step=MINUTE)

    return (
        after_long("fills within a day", 24 * 60, _TREND, disk),
        after_long("fills within hours", 4 * 60, _RUSH, disk),
        after_long("has filled for a while, and not fast", 450, _RUSH),
        lasting(scope, "is nearly full", _keeps(scope, full), disk, step=MINUTE),
        passing(scope, "is cleared within the hold", _fills(scope, low), step=MINUTE),
        never("fills with room to spare", _fills(scope, roomy)),
        never("fills within two days", _fills(scope, low, _LATER)),
        never("is rather full, and stays so", _keeps(scope, 0.75 * scope.threshold)),
        never("has a little more than nothing", _keeps(scope, 2 * full)),
        never("is memory", _keeps(scope, full, fstype="tmpfs")),
        never("cannot be written", _keeps(scope, full, readonly=1)),
        never("belongs to a host that is down", _keeps(scope, full, up=0)),
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
    dashboard=HOSTS,
    onset={FailureMode.CHANGED: lambda _: _TREND},
    cases=_filling_cases,
)
