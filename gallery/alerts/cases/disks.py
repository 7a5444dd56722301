"""The cases of the alerts of `gallery.alerts.disks`."""

from __future__ import annotations

from gallery.alerts.cases.model import Case, Cases, Phase, Series, flat, ramp
from gallery.alerts.cases.stories import Spell, Story, lasting, passing, silent, valued
from gallery.alerts.cases.subjects import node_labels, whole
from gallery.alerts.disks import HOST_DISK_FILLING, RUSH, TREND
from gallery.alerts.model import Labels, Scope
from gallery.metrics.durations import MINUTE, Duration

_SIZE = 1e11


# Minutes until nothing is left, below and above the day that is looked ahead.
_SOON = 18 * 60


_LATER = 36 * 60


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
            series=_disk(scope, flat(low, TREND), falls),
            fires_at=TREND + length if fires else None,
            fires=fires,
            until=TREND + length,
            interval=MINUTE,
        )

    def never(name: str, story: Story) -> Case:
        return silent(scope, name, story, step=MINUTE)

    return (
        after_long("fills within a day", 24 * 60, TREND, disk),
        after_long("fills within hours", 4 * 60, RUSH, disk),
        after_long("has filled for a while, and not fast", 450, RUSH),
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


CASES: Cases = {
    HOST_DISK_FILLING: _filling_cases,
}
