"""Stories of a target that is probed: it refuses, it hangs, or the prober is to blame.

A probe that hangs leaves a failed scrape and no answer; so does every probe of a dead prober.
"""

from __future__ import annotations

from gallery.alerts.cases.model import Case, Series, gone
from gallery.alerts.cases.stories import (
    CALM,
    STEP,
    Spell,
    Story,
    gauge,
    lasting,
    passing,
    present,
    short_of,
    valued,
)
from gallery.alerts.cases.subjects import canary_labels, probe_labels, whole
from gallery.alerts.model import Labels, Scope
from gallery.metrics.durations import MINUTE, ZERO, Duration


def refusing(of: Labels, *spells: Spell) -> tuple[Series, ...]:
    """A target that says no for a spell."""
    answer = gauge("probe_success", of, spells, well=1, ill=0)
    return answer, valued("up", of, (1, whole(spells)))


def hanging(of: Labels, *spells: Spell) -> tuple[Series, ...]:
    """A target whose probes do not come back for a spell."""
    answer = present("probe_success", of, spells, away=gone)
    return answer, gauge("up", of, spells, well=1, ill=0)


def unanswered_cases(scope: Scope, target: Labels, *, onset: Duration = ZERO) -> tuple[Case, ...]:
    """What is asked of every alert on a target that does not answer, which is seen by `onset`."""
    shop, canary = probe_labels(scope, "frontend"), canary_labels(scope)
    if target == shop:
        raise ValueError("the frontend is the other service here, which answers")

    def alone(*spells: Spell) -> tuple[Series, ...]:
        well = (False, whole(spells))
        return (*refusing(target, *spells), *refusing(shop, well), *refusing(canary, well))

    def alone_and_silent(*spells: Spell) -> tuple[Series, ...]:
        well = (False, whole(spells))
        return (*hanging(target, *spells), *refusing(shop, well), *refusing(canary, well))

    def canary_too(*spells: Spell) -> tuple[Series, ...]:
        failing = (series for of in (target, canary) for series in refusing(of, *spells))
        return (*failing, *refusing(shop, (False, whole(spells))))

    def nothing_is_reached(*spells: Spell) -> tuple[Series, ...]:
        return tuple(series for of in (target, shop, canary) for series in refusing(of, *spells))

    def prober_is_dead(*spells: Spell) -> tuple[Series, ...]:
        return tuple(series for of in (target, shop, canary) for series in hanging(of, *spells))

    return (
        lasting(scope, "refuses for the hold", alone, target, onset=onset),
        lasting(scope, "accepts and never answers", alone_and_silent, target, onset=onset),
        lasting(scope, "the canary fails too, another answers", canary_too, target, onset=onset),
        passing(scope, "answers again just before the hold ends", alone),
        _blinded(scope, "the prober reaches nothing at all", nothing_is_reached),
        _blinded(scope, "the prober itself cannot be scraped", prober_is_dead),
        _recovered(scope, target),
        *_down_before(scope, target),
    )


def long_before(scope: Scope) -> Duration:
    """Down for the hold, and for longer than what may still be the prober's own end."""
    return scope.hold.ceil_to(STEP) + max(MINUTE, (scope.timings.scrape * 4).ceil_to(STEP))


def _blinded(scope: Scope, name: str, story: Story) -> Case:
    """The prober goes blind for longer than its last answers are remembered: nothing fires."""
    length = MINUTE * 7 + scope.hold.ceil_to(STEP)
    return Case(name=name, series=story((False, CALM), (True, length)), until=CALM + length)


def _recovered(scope: Scope, target: Labels) -> Case:
    """A target that was down, and was well again when the prober died."""
    length, down = MINUTE * 7 + scope.hold.ceil_to(STEP), short_of(scope.hold)
    others = (probe_labels(scope, "frontend"), canary_labels(scope))
    up = valued("up", target, (1, CALM + down + MINUTE), (0, length))
    answer = valued("probe_success", target, (1, CALM), (0, down), (1, MINUTE))
    well = (False, CALM + down + MINUTE)
    return Case(
        name="was down, and was well again when the prober died",
        series=(
            up,
            Series(metric="probe_success", labels=target, phases=(*answer.phases, gone(length))),
            *(series for of in others for series in hanging(of, well, (True, length))),
        ),
        until=CALM + down + MINUTE + length,
    )


def _down_before(scope: Scope, target: Labels) -> tuple[Case, ...]:
    """A target that was down when the prober went: a blind prober resolves nothing."""
    down, dead = long_before(scope), MINUTE * 3
    others = (probe_labels(scope, "frontend"), canary_labels(scope))
    well, ill = (False, CALM + down), (True, dead)

    def case(name: str, series: tuple[Series, ...]) -> Case:
        return Case(name=name, series=series, fires_at=CALM + down + dead, fires=(target,))

    return (
        case(
            "keeps firing when the prober goes blind, and nothing else fires",
            (
                *refusing(target, (False, CALM), (True, down + dead)),
                *(series for of in others for series in refusing(of, well, ill)),
            ),
        ),
        case(
            "keeps firing when the prober dies",
            (
                gauge("up", target, (well, ill), well=1, ill=0),
                Series(
                    metric="probe_success",
                    labels=target,
                    phases=(
                        *valued("probe_success", target, (1, CALM), (0, down)).phases,
                        gone(dead),
                    ),
                ),
                *(series for of in others for series in hanging(of, well, ill)),
            ),
        ),
        case(
            "hangs, and keeps firing when the prober dies",
            (
                *hanging(target, (False, CALM), (True, down + dead)),
                *(series for of in others for series in hanging(of, well, ill)),
            ),
        ),
    )
