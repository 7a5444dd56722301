"""The cases of the alerts of `gallery.alerts.kernel`."""

from __future__ import annotations

from dataclasses import replace

from gallery.alerts.cases.model import Case, Cases, Phase, Series, flat, ramp, unwritten
from gallery.alerts.cases.stories import (
    CALM,
    STEP,
    Spell,
    Story,
    counter,
    gauge,
    lasting,
    passing,
    silent,
    valued,
)
from gallery.alerts.cases.subjects import host_labels, node_labels, whole
from gallery.alerts.kernel import (
    EVENT,
    HOST_CLOCK_SKEWED,
    HOST_CONNTRACK_FULL,
    HOST_FILE_DESCRIPTORS_LOW,
    HOST_OOM_KILLING,
    HOST_REBOOTED,
)
from gallery.alerts.model import Scope
from gallery.metrics.durations import MINUTE, Duration

_ONSET = MINUTE * 3
# A day and a half, in seconds: since when a host runs.
_LONG = 130_000.0


def _up(scope: Scope, length: Duration, up: int = 1) -> Series:
    return valued("up", node_labels(scope), (up, length))


def _successor(series: tuple[Series, ...]) -> tuple[Series, ...]:
    """The same of the instance that takes the host's place."""
    return tuple(replace(one, labels={**one.labels, "instance": "i-2"}) for one in series)


def _usual(scope: Scope, made: Story, beside: Story, threshold_met_by: Story) -> tuple[Case, ...]:
    """What is asked of every alert on a value that is too high."""

    def on_a_dead_host(*spells: Spell) -> tuple[Series, ...]:
        of_values = (one for one in made(*spells) if one.metric != "up")
        return (*of_values, _up(scope, whole(spells), up=0))

    def successor_is_well(*spells: Spell) -> tuple[Series, ...]:
        return (*made(*spells), *_successor(beside(*spells)))

    return (
        lasting(scope, "is too high", made, host_labels(scope), onset=_ONSET),
        passing(scope, "is too high for a while", made),
        silent(scope, "is nearly too high", threshold_met_by),
        silent(scope, "is too high on a host that is down", on_a_dead_host),
        silent(scope, "is too high on one whose successor is well", successor_is_well),
    )


def _skewed_cases(scope: Scope) -> tuple[Case, ...]:
    metric, host = "node_timex_maxerror_seconds", node_labels(scope)

    def error(ill: float) -> Story:
        def story(*spells: Spell) -> tuple[Series, ...]:
            bad = ill * scope.threshold
            return gauge(metric, host, spells, well=0.01, ill=bad), _up(scope, whole(spells))

        return story

    def polled_seldom(*spells: Spell) -> tuple[Series, ...]:
        """Polls every 34 minutes, and the error grows until then by half a millisecond a second."""
        poll = MINUTE * 34
        polls = 1 + whole(spells).milliseconds // poll.milliseconds
        grows = ramp(0.03 * scope.threshold, per_sample=0.005 * scope.threshold, length=poll)
        return Series(metric=metric, labels=host, phases=(grows,) * polls), _up(scope, poll * polls)

    return (
        *_usual(scope, error(1.5), error(0.01), error(0.75)),
        silent(scope, "is off for a moment before each of few polls", polled_seldom),
    )


def _killing_cases(scope: Scope) -> tuple[Case, ...]:
    metric, host = "node_vmstat_oom_kill", node_labels(scope)

    def kills(*spells: Spell) -> tuple[Series, ...]:
        counted = gauge(metric, host, spells, well=3, ill=4)
        return counted, _up(scope, whole(spells))

    def killed_long_ago(*spells: Spell) -> tuple[Series, ...]:
        return valued(metric, host, (7, whole(spells))), _up(scope, whole(spells))

    def begins_anew(*spells: Spell) -> tuple[Series, ...]:
        length = whole(spells)
        return valued(metric, host, (7, CALM), (0, length)), _up(scope, CALM + length)

    def on_a_dead_host(*spells: Spell) -> tuple[Series, ...]:
        length = whole(spells)
        counted = valued(metric, host, (3, STEP), (4, length))
        return counted, _up(scope, STEP + length, up=0)

    def beside(*spells: Spell) -> tuple[Series, ...]:
        length = whole(spells)
        return (*kills(*spells), *_successor(killed_long_ago((True, length))))

    def kills_on(*spells: Spell) -> tuple[Series, ...]:
        counted = counter(metric, host, *((0.1 * bad, length) for bad, length in spells))
        return counted, _up(scope, whole(spells))

    return (
        lasting(scope, "kills a process", kills, host_labels(scope)),
        lasting(scope, "kills beside a successor that does not", beside, host_labels(scope)),
        lasting(scope, "kills one after another", kills_on, host_labels(scope), onset=MINUTE),
        _forgotten(scope, metric, (3, 4)),
        silent(scope, "killed long ago", killed_long_ago),
        silent(scope, "counts from nothing after a start", begins_anew),
        silent(scope, "killed before the host went down", on_a_dead_host),
    )


def _forgotten(scope: Scope, metric: str, values: tuple[float, float]) -> Case:
    """Half an hour later nothing is said of it any more."""
    before, after = values
    late = CALM + EVENT + MINUTE
    return Case(
        name="is told for half an hour",
        series=(
            valued(metric, node_labels(scope), (before, CALM), (after, EVENT + MINUTE * 3)),
            _up(scope, CALM + EVENT + MINUTE * 3),
        ),
        fires_at=late,
        fires=(),
    )


def _rebooted_cases(scope: Scope) -> tuple[Case, ...]:
    metric, host = "node_boot_time_seconds", node_labels(scope)

    def moves(by: float) -> Story:
        def story(*spells: Spell) -> tuple[Series, ...]:
            started = gauge(metric, host, spells, well=-_LONG, ill=by - _LONG)
            return started, _up(scope, whole(spells))

        return story

    def runs_on(*spells: Spell) -> tuple[Series, ...]:
        return valued(metric, host, (-_LONG, whole(spells))), _up(scope, whole(spells))

    def is_replaced(*spells: Spell) -> tuple[Series, ...]:
        length = whole(spells)
        phases: tuple[Phase, ...] = (unwritten(MINUTE), flat(0, length))
        new = Series(metric=metric, labels={**host, "instance": "i-2"}, phases=phases)
        return (*runs_on(*spells), new)

    def on_a_dead_host(*spells: Spell) -> tuple[Series, ...]:
        length = whole(spells)
        started = valued(metric, host, (-_LONG, STEP), (0, length))
        return started, _up(scope, STEP + length, up=0)

    def restarts_on(*spells: Spell) -> tuple[Series, ...]:
        """Each time it answers it started just now."""
        started = counter(metric, host, *((float(bad), length) for bad, length in spells))
        return started, _up(scope, whole(spells))

    moved = moves(1.5 * scope.threshold)

    def beside(*spells: Spell) -> tuple[Series, ...]:
        return (*moved(*spells), *_successor(runs_on(*spells)))

    loop = Duration.of(seconds=1.5 * scope.threshold).ceil_to(STEP)
    return (
        lasting(scope, "restarts again and again", restarts_on, host_labels(scope), onset=loop),
        lasting(scope, "restarts", moved, host_labels(scope)),
        lasting(scope, "restarts beside a successor that runs on", beside, host_labels(scope)),
        _forgotten(scope, metric, (-_LONG, 0)),
        silent(scope, "runs on", runs_on),
        _never(scope, "has its clock set by some seconds", moves(0.75 * scope.threshold)),
        silent(scope, "is replaced by another instance", is_replaced),
        silent(scope, "restarted before it went down", on_a_dead_host),
    )


def _never(scope: Scope, name: str, story: Story) -> Case:
    """A change that is none of the alert's business."""
    length = CALM + scope.hold.ceil_to(STEP) + STEP * 6
    return Case(name=name, series=story((False, CALM), (True, length)), until=length)


def _used_cases(
    scope: Scope, used: str, limits: tuple[tuple[str, float], ...], allowed: float
) -> tuple[Case, ...]:
    """Cases of a share of what is allowed, by these other metrics."""
    host = node_labels(scope)

    def using(share: float) -> Story:
        def story(*spells: Spell) -> tuple[Series, ...]:
            length = whole(spells)
            bad = share * scope.threshold * allowed
            return (
                gauge(used, host, spells, well=0.1 * allowed, ill=bad),
                *(valued(metric, host, (value, length)) for metric, value in limits),
                _up(scope, length),
            )

        return story

    return _usual(scope, using(1.2), using(0.1), using(0.75))


def _conntrack_cases(scope: Scope) -> tuple[Case, ...]:
    limits: tuple[tuple[str, float], ...] = (("node_nf_conntrack_entries_limit", 65_536),)
    return _used_cases(scope, "node_nf_conntrack_entries", limits, 65_536)


def _files_cases(scope: Scope) -> tuple[Case, ...]:
    memory = 4 * 2**30

    def limited(allowed: float) -> tuple[tuple[str, float], ...]:
        return (("node_filefd_maximum", allowed), ("node_memory_MemTotal_bytes", memory))

    def named(kind: str, allowed: float, limit: float) -> tuple[Case, ...]:
        cases = _used_cases(scope, "node_filefd_allocated", limited(limit), allowed)
        return tuple(replace(case, name=f"{case.name}, {kind}") for case in cases)

    return (
        *named("of a limit that somebody set", 100_000, 100_000),
        *named("of what memory bears", memory / 10_240, 9.2e18),
    )


CASES: Cases = {
    HOST_CLOCK_SKEWED: _skewed_cases,
    HOST_OOM_KILLING: _killing_cases,
    HOST_REBOOTED: _rebooted_cases,
    HOST_CONNTRACK_FULL: _conntrack_cases,
    HOST_FILE_DESCRIPTORS_LOW: _files_cases,
}
