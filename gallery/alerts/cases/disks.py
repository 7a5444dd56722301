"""The cases of the alerts of `gallery.alerts.disks`."""

from __future__ import annotations

from dataclasses import replace

from gallery.alerts.cases.model import Case, Cases, Phase, Series, flat, ramp
from gallery.alerts.cases.stories import (
    STEP,
    Spell,
    Story,
    gauge,
    lasting,
    passing,
    repeated,
    silent,
    valued,
)
from gallery.alerts.cases.subjects import host_labels, node_labels, whole
from gallery.alerts.disks import (
    HOST_DISK_FILLING,
    HOST_DISK_FULL,
    HOST_DISK_READ_ONLY,
    HOST_DISK_UNREADABLE,
    HOST_INODES_LOW,
    RUSH,
    TREND,
    Pace,
)
from gallery.alerts.model import Labels, Scope
from gallery.metrics import labels
from gallery.metrics.durations import MINUTE, Duration, minus

_SIZE, _INODES = 1e11, 1e6
_ROOT = {"device": "/dev/nvme0n1p1", "fstype": "xfs", "mountpoint": "/"}
_DATA = {"device": "/dev/nvme1n1", "fstype": "ext4", "mountpoint": "/data"}
# A disk that falls faster than its pace is seen so much sooner.
_EARLY = MINUTE * 9
# By how much what fires exceeds what counts.
_MARGIN = 1.05
# How long a value must be bad before more than half of five minutes is.
_ONSET = MINUTE * 3


def _told(scope: Scope, *names: str, of: Labels = _ROOT) -> dict[str, str]:
    """What an alert says of a disk: of its labels these."""
    return host_labels(scope) | {name: of[name] for name in names}


def _disk(scope: Scope, *shares: Phase, of: Labels = _ROOT, up: int = 1) -> tuple[Series, ...]:
    """A disk whose free share takes this course."""
    disk, length = node_labels(scope) | dict(of), _length(shares)
    return (
        Series(metric="node_filesystem_avail_bytes", labels=disk, phases=_times(shares, _SIZE)),
        valued("node_filesystem_size_bytes", disk, (_SIZE, length)),
        valued("up", node_labels(scope), (up, length)),
    )


def _length(phases: tuple[Phase, ...]) -> Duration:
    return whole(tuple((True, phase.length) for phase in phases))


def _times(shares: tuple[Phase, ...], factor: float) -> tuple[Phase, ...]:
    return tuple(
        share
        if share.start is None
        else Phase(start=share.start * factor, step=share.step * factor, length=share.length)
        for share in shares
    )


def _filling_cases(scope: Scope) -> tuple[Case, ...]:
    low, roomy = 0.9 * scope.threshold, 1.8 * scope.threshold
    root, data = (_told(scope, "device", "mountpoint", of=of) for of in (_ROOT, _DATA))
    hold = scope.hold.ceil_to(MINUTE)

    def falls(pace: Pace, speed: float, share: float = low) -> tuple[Phase, ...]:
        """From a share kept for long, at so many times the pace, until that is seen and held."""
        length = pace.seen + hold
        taken = _minutely(pace, share, length, speed)
        return flat(share, pace.seen), ramp(share, per_sample=-taken, length=length)

    def just_fast_enough(pace: Pace) -> float:
        """A little more than what counts when the hold begins, when there is more left."""
        return _MARGIN * pace.ahead.seconds / minus(pace.ahead, hold).seconds

    def fires(name: str, shares: tuple[Phase, ...]) -> Case:
        return _course(name, _disk(scope, *shares), shares, root)

    def silent_in(name: str, *shares: Phase, up: int = 1) -> Case:
        return _course(name, _disk(scope, *shares, up=up), shares)

    by_the_day = falls(TREND, just_fast_enough(TREND))
    beside = (flat(0.6, _length(by_the_day)),)
    second = (
        *_disk(scope, *by_the_day, of=_DATA),
        *_disk(scope, *beside)[:2],
        valued("up", node_labels(scope, 2), (0, _length(by_the_day))),
    )
    length = _length(by_the_day)
    missed = (
        *_disk(scope, *by_the_day)[:2],
        valued(
            "up",
            node_labels(scope),
            (1, minus(length, MINUTE * 10)),
            (0, MINUTE),
            (1, MINUTE * 9),
        ),
    )
    # Its successor answers already, and what it was is found a while longer.
    leaving = node_labels(scope) | {labels.INSTANCE: "i-leaving"}
    replaced = (*_disk(scope, *by_the_day), valued("up", leaving, (0, length)))
    step = 0.25 * scope.threshold
    return (
        fires("fills within a day", by_the_day),
        fires("fills within hours", falls(RUSH, just_fast_enough(RUSH))),
        _course("fills on a host that misses a scrape", missed, by_the_day, root),
        _course("fills on a host that is being replaced", replaced, by_the_day, root),
        _course("fills on its second volume, and another host is down", second, by_the_day, data),
        silent_in("fills, and lasts for more than a day", *falls(TREND, 0.9)),
        silent_in("fills fast, and lasts for the hours to come", *falls(RUSH, 0.92)),
        silent_in("fills with room to spare", *falls(TREND, 1.5, roomy)),
        silent_in("fills on a host that is down", *by_the_day, up=0),
        silent_in("is rather full, and stays so", flat(low, TREND.seen * 2 + hold)),
        silent_in(
            "takes one step, and stays there",
            flat(low + step, TREND.seen),
            ramp(low + step, per_sample=-step / 20, length=MINUTE * 20),
            flat(low, TREND.seen + TREND.part + hold),
        ),
        silent_in("fills and is cleared, again and again", *_saw_tooth(low, step / 2)),
        silent_in(
            "is new, and is written full at once",
            *_first_half_hour(low, RUSH),
        ),
        _cleared(scope),
    )


def _course(
    name: str, series: tuple[Series, ...], shares: tuple[Phase, ...], *fires: Labels
) -> Case:
    """What is so at the end of the course, or never until then."""
    end = minus(_length(shares), MINUTE)
    return Case(
        name=name,
        series=series,
        fires_at=end if fires else None,
        fires=fires,
        until=end,
        interval=MINUTE,
    )


def _minutely(pace: Pace, share: float, length: Duration, speed: float) -> float:
    """What a disk loses a minute that falls at so many times the pace, as of the end.

    What is left then is what must be exceeded, and earlier there was more.
    """
    minutes = length.seconds / 60
    return speed * share / (pace.ahead.seconds / 60 + speed * minutes)


def _first_half_hour(share: float, pace: Pace) -> tuple[Phase, ...]:
    """It falls fast for a little less than the time looked back on, which is all there is."""
    length = minus(pace.part * pace.parts, MINUTE * 2)
    taken = _minutely(pace, share, length, 2)
    left = share - taken * length.seconds / 60
    return ramp(share, per_sample=-taken, length=length), flat(left, pace.seen)


def _saw_tooth(high: float, depth: float) -> tuple[Phase, ...]:
    down, up = MINUTE * 50, MINUTE * 10
    tooth = (
        ramp(high, per_sample=-depth / 50, length=down),
        ramp(high - depth, per_sample=depth / 10, length=up),
    )
    return tooth * 10


def _cleared(scope: Scope) -> Case:
    """It fills for as long as it takes to be seen, and is cleared before the hold is over."""
    low, held = 0.9 * scope.threshold, Duration.of(seconds=scope.hold.seconds * 0.75)
    length = RUSH.seen + minus(held, _EARLY).ceil_to(MINUTE)
    taken = _minutely(RUSH, low, length, 1.5)
    shares = (
        flat(low, RUSH.seen),
        ramp(low, per_sample=-taken, length=length),
        flat(1.5 * scope.threshold, scope.hold + MINUTE),
    )
    return _course("is cleared within the hold", _disk(scope, *shares), shares)


def _left_cases(scope: Scope, free: str, every: str, size: float) -> tuple[Case, ...]:
    """Cases of a share that is left of something on a disk."""
    told = _told(scope, "device", "mountpoint")

    def left(*spells: Spell, ill: float, of: Labels = _ROOT, up: int = 1) -> tuple[Series, ...]:
        disk, length = node_labels(scope) | dict(of), whole(spells)
        return (
            gauge(free, disk, spells, well=0.5 * size, ill=ill * scope.threshold * size),
            valued(every, disk, (size, length)),
            valued("up", node_labels(scope), (up, length)),
        )

    def little(*spells: Spell) -> tuple[Series, ...]:
        return left(*spells, ill=0.75)

    def some(*spells: Spell) -> tuple[Series, ...]:
        return left(*spells, ill=1.5)

    def in_memory(*spells: Spell) -> tuple[Series, ...]:
        return left(*spells, ill=0.75, of={**_ROOT, "fstype": "tmpfs"})

    def by_fuse(*spells: Spell) -> tuple[Series, ...]:
        return left(*spells, ill=0.75, of={**_ROOT, "fstype": "fuse.sshfs"})

    def on_a_dead_host(*spells: Spell) -> tuple[Series, ...]:
        return left(*spells, ill=0.75, up=0)

    def successor_is_well(*spells: Spell) -> tuple[Series, ...]:
        old, new = little(*spells), left((False, whole(spells)), ill=1)
        return (*old, *(replace(one, labels={**one.labels, "instance": "i-2"}) for one in new))

    return (
        lasting(scope, "has next to nothing left", little, told, onset=_ONSET),
        passing(scope, "is cleared within the hold", little),
        silent(scope, "has a little more left", some),
        silent(scope, "is memory", in_memory),
        silent(scope, "is another host's, by FUSE", by_fuse),
        silent(scope, "belongs to a host that is down", on_a_dead_host),
        silent(scope, "belonged to a host whose successor is well", successor_is_well),
    )


def _full_cases(scope: Scope) -> tuple[Case, ...]:
    metrics = "node_filesystem_avail_bytes", "node_filesystem_size_bytes"
    return _left_cases(scope, *metrics, _SIZE)


def _inodes_cases(scope: Scope) -> tuple[Case, ...]:
    free, every = "node_filesystem_files_free", "node_filesystem_files"

    def has_none(*spells: Spell) -> tuple[Series, ...]:
        disk, length = node_labels(scope) | _ROOT, whole(spells)
        return (
            *(valued(metric, disk, (0, length)) for metric in (free, every)),
            valued("up", node_labels(scope), (1, length)),
        )

    return (
        *_left_cases(scope, free, every, _INODES),
        silent(scope, "is of a kind that counts none", has_none),
    )


def _flags(scope: Scope, metric: str, *series: Series, up: int = 1) -> tuple[Series, ...]:
    length = _length(series[0].phases)
    return (
        *(replace(one, metric=metric) for one in series),
        valued("up", node_labels(scope), (up, length)),
    )


def _readonly_cases(scope: Scope) -> tuple[Case, ...]:
    metric = "node_filesystem_readonly"
    root, bound = (
        node_labels(scope) | _ROOT | {"mountpoint": mountpoint} for mountpoint in ("/", "/srv/ro")
    )

    def turns(*spells: Spell) -> tuple[Series, ...]:
        return _flags(scope, metric, gauge(metric, root, spells, well=0, ill=1))

    def twice(*spells: Spell) -> tuple[Series, ...]:
        again = gauge(metric, bound, spells, well=0, ill=1)
        return _flags(scope, metric, gauge(metric, root, spells, well=0, ill=1), again)

    def bound_so(*spells: Spell) -> tuple[Series, ...]:
        at_root = valued(metric, root, (0, whole(spells)))
        return _flags(scope, metric, at_root, valued(metric, bound, (1, whole(spells))))

    def image(*spells: Spell) -> tuple[Series, ...]:
        of = {**root, "fstype": "squashfs"}
        return _flags(scope, metric, valued(metric, of, (1, whole(spells))))

    def on_a_dead_host(*spells: Spell) -> tuple[Series, ...]:
        return _flags(scope, metric, valued(metric, root, (1, whole(spells))), up=0)

    def now_and_then(*spells: Spell) -> tuple[Series, ...]:
        bits = repeated((1, 0, 0), STEP, whole(spells))
        return _flags(scope, metric, Series(metric=metric, labels=root, phases=bits))

    told = _told(scope, "device")
    return (
        lasting(scope, "turns read-only", turns, told, onset=_ONSET),
        lasting(scope, "turns read-only at every place", twice, told, onset=_ONSET),
        passing(scope, "is read-only within the hold", turns),
        silent(scope, "is bound read-only at a second place", bound_so),
        silent(scope, "is read-only for a third of the time", now_and_then),
        silent(scope, "is an image", image),
        silent(scope, "belongs to a host that is down", on_a_dead_host),
    )


def _unreadable_cases(scope: Scope) -> tuple[Case, ...]:
    metric = "node_filesystem_device_error"
    disk = node_labels(scope) | _ROOT

    def fails(*spells: Spell) -> tuple[Series, ...]:
        """Since node_exporter 1.10 an error is another series, which says what it is."""
        return _flags(scope, metric, gauge(metric, disk, spells, well=0, ill=1))

    def one_in(count: int) -> Story:
        def story(*spells: Spell) -> tuple[Series, ...]:
            bits = repeated((*(0,) * (count - 1), 1), STEP, whole(spells))
            return _flags(scope, metric, Series(metric=metric, labels=disk, phases=bits))

        return story

    def by_fuse(*spells: Spell) -> tuple[Series, ...]:
        of = {**disk, "fstype": "fuse.sshfs"}
        return _flags(scope, metric, valued(metric, of, (1, whole(spells))))

    def on_a_dead_host(*spells: Spell) -> tuple[Series, ...]:
        return _flags(scope, metric, valued(metric, disk, (1, whole(spells))), up=0)

    def beside_a_successor(story: Story) -> Story:
        def beside(*spells: Spell) -> tuple[Series, ...]:
            first, *others = story(*spells)
            well = {**first.labels, "instance": "i-2"}
            return first, *others, valued(metric, well, (0, whole(spells)))

        return beside

    def twice_in_five(*spells: Spell) -> tuple[Series, ...]:
        bits = repeated((1, 1, 0, 0, 0), STEP, whole(spells))
        return _flags(scope, metric, Series(metric=metric, labels=disk, phases=bits))

    def both_now_and_then(*spells: Spell) -> tuple[Series, ...]:
        first, *others = one_in(5)(*spells)
        [second, *_] = twice_in_five(*spells)
        successor = replace(second, labels={**second.labels, "instance": "i-2"})
        return first, *others, successor

    told = _told(scope, "device", "mountpoint")
    # The share stays high for some minutes longer.
    short = Duration.of(seconds=scope.hold.seconds * 0.6).ceil_to(STEP)
    return (
        lasting(scope, "cannot be measured", fails, told, onset=_ONSET),
        lasting(scope, "fails once in three times", one_in(3), told, onset=MINUTE * 5),
        lasting(
            scope,
            "cannot be measured, beside a successor's that can",
            beside_a_successor(fails),
            told,
            onset=MINUTE * 3,
        ),
        lasting(
            scope,
            "fails now and then, and its successor's does so more often",
            both_now_and_then,
            told,
            onset=MINUTE * 5,
        ),
        passing(scope, "fails for a moment", fails, spell=short),
        silent(
            scope,
            "fails twice in five times beside a successor's that does not",
            beside_a_successor(twice_in_five),
        ),
        silent(scope, "fails once in five times", one_in(5)),
        silent(scope, "is another host's, by FUSE", by_fuse),
        silent(scope, "belongs to a host that is down", on_a_dead_host),
    )


CASES: Cases = {
    HOST_DISK_FILLING: _filling_cases,
    HOST_DISK_FULL: _full_cases,
    HOST_INODES_LOW: _inodes_cases,
    HOST_DISK_READ_ONLY: _readonly_cases,
    HOST_DISK_UNREADABLE: _unreadable_cases,
}
