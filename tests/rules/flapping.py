"""What an alert tells of comes and goes: who is told of it how often, and is the last word true.

The firing cases of an alert say what its series are while all is well, and while it is not. Any
pattern of the two can be made of that, and each is played to two ends: all is well for good, and
nothing is well any more.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, chain, cycle, groupby, islice

from gallery.alerts.cases import cases_of
from gallery.alerts.cases.model import Case
from gallery.alerts.endpoints import ENDPOINT_DEGRADED, ENDPOINT_DOWN
from gallery.alerts.hosts import HOST_DEGRADED, HOST_DOWN
from gallery.metrics import promql
from gallery.metrics.durations import MINUTE, Duration
from gallery.metrics.recordings import USUAL_EVERY
from gallery.plan.alerts import PlannedAlert
from gallery.render.proof import Document, input_series, proven, silent_document
from tests.rules.firing import began_most, count, labelled
from tests.rules.promtool import Proof
from tests.rules.samples import STALE, Sample, Sampled, sampled
from tests.rules.variants import effective

# Nobody is told of one thing more often than once in so long.
APART = MINUTE * 10
_CALM = MINUTE * 12
_PLAYED = MINUTE * 40
_SEEDS = (1, 2)
# What tells of the second outage of a thing whose page is over at once, and not again so soon.
_TICKETS = {ENDPOINT_DOWN.name: ENDPOINT_DEGRADED.name, HOST_DOWN.name: HOST_DEGRADED.name}
# A hold of so much is told no sooner for being looked at more than once a minute.
_LONG = MINUTE * 5


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """What is seen at each scrape while it comes and goes: True where it is bad."""

    name: str
    bad: tuple[bool, ...]


def patterns(scrape: Duration, hold: Duration) -> Iterator[Pattern]:
    """Periodic ones, bursts around the hold, and random ones."""
    whole = _PLAYED.milliseconds // scrape.milliseconds
    held = hold.milliseconds // scrape.milliseconds + 2

    def periodic(name: str, *lengths: tuple[bool, int]) -> Pattern:
        once = tuple(chain.from_iterable((bad,) * length for bad, length in lengths))
        return Pattern(name=name, bad=tuple(islice(cycle(once), whole)))

    yield periodic("one of two is bad", (True, 1), (False, 1))
    yield periodic("one of four is good", (True, 3), (False, 1))
    yield periodic("one of seven is good", (True, 6), (False, 1))
    yield periodic("just longer than the hold, then well for a scrape", (True, held), (False, 1))
    yield periodic("just longer than the hold, then well for four", (True, held), (False, 4))
    yield periodic("just longer than the hold, then well as long", (True, held), (False, held))
    minutes = MINUTE.milliseconds * 6 // scrape.milliseconds
    yield periodic("twice the hold, then well for six minutes", (True, held * 2), (False, minutes))
    for seed in _SEEDS:
        yield Pattern(name=f"random, seed {seed}", bad=tuple(_random(seed, whole, held)))


def _random(seed: int, whole: int, held: int) -> Iterator[bool]:
    """Spells of any length up to three holds."""
    # The same pattern each time.
    chance, bad, left = random.Random(seed), True, whole  # noqa: S311 - keeps no secret
    while left > 0:
        length = min(left, chance.choice((1, 2, 3, held, chance.randint(1, 3 * held))))
        yield from (bad for _ in range(length))
        bad, left = not bad, left - length


def proofs_of_flapping(planned: PlannedAlert) -> Iterator[tuple[str, Proof]]:
    """Each pattern to both ends, told with the alert's first firing case that begins well."""
    told = next(_stories(planned), None)
    if told is None:
        return
    rules = silent_document(proven(planned))
    for number, pattern in enumerate(patterns(planned.scope.timings.scrape, planned.hold)):
        # Each pattern to one of the two ends, in turn.
        ends = "is broken" if number % 2 else "is well"
        document = _document(planned, told, pattern, broken=bool(number % 2))
        yield f"{pattern.name}, and {ends} for good", Proof(rules=rules, tests=(document,))


@dataclass(frozen=True)
class _Motion:
    """A series as it goes on: from a value by so much at each scrape, or as a mark."""

    first: Sample
    growth: float
    at: int = 0

    def after(self, steps: int) -> float:
        """What it has come to, so many scrapes after the beginning."""
        return float(self.first or 0.0) + self.growth * (steps - self.at)


@dataclass(frozen=True)
class _Story:
    """What moves while all is well and while it is not, and how many things that tells of."""

    case: Case
    well: Sequence[_Motion]
    ill: Sequence[_Motion]


def proofs_of_second_outages(planned: PlannedAlert) -> Iterator[tuple[str, Proof]]:
    """A page is over, and its thing fails again a moment later: that must be told, by whatever.

    The last that anybody heard would be that all is well again.
    """
    told = next(_stories(planned), None)
    if told is None:
        return
    timings, step = planned.scope.timings, planned.scope.timings.scrape
    ticket = _TICKETS.get(planned.name)
    rules = [planned, *(one.planned for one in effective("prod") if one.planned.name == ticket)]
    documents = [silent_document(proven(one)) for one in rules]
    groups = {"groups": [group for document in documents for group in document["groups"]]}
    seen = planned.hold + max(x(timings) for x in planned.alert.onset.values()) + MINUTE * 2
    for name, first in (("a short", seen), ("a long", seen + MINUTE * 20)):
        spells = ((False, _CALM), (True, first), (False, MINUTE * 3), (True, seen))
        course = tuple(
            chain.from_iterable(
                (bad,) * (length.milliseconds // step.milliseconds) for bad, length in spells
            )
        )
        names = promql.one_of("alertname", (one.name for one in rules))
        firing = promql.selector("ALERTS", (names, promql.equals("alertstate", "firing")))
        until = _end(planned, course)
        asked = count(f"count by (environment) ({firing})", until, 1)
        yield (
            f"after {name} one",
            Proof(rules=groups, tests=(_test(planned, told, course, [asked]),)),
        )


def _stories(planned: PlannedAlert) -> Iterator[_Story]:
    """Firing cases whose series go one way in the beginning and another before the alert fires."""
    step = planned.scope.timings.scrape
    for case in cases_of(planned.alert, planned.scope):
        if case.fires_at is None or not case.fires:
            continue
        count = case.fires_at.milliseconds // step.milliseconds
        # Further than is looked at: until what is recorded seldom is recorded again.
        whole = count + USUAL_EVERY.milliseconds // step.milliseconds
        series = [_kept(sampled(one, case.interval, step, whole)) for one in case.series]
        well = [_motion(one, 0) for one in series]
        for late in range(count - 2, 0, -1):
            ill = [_motion(one, late) for one in series]
            if ill != well:
                yield _Story(case, well, ill)
                break


def _kept(one: Sampled) -> Sampled:
    """The series with a value wherever a rule that writes seldom has written one before.

    Whatever is looked at between two of its values, it is not missing while a thing is ill.
    """
    spells = [written for written, _ in groupby(one.samples, lambda value: value is not None)]
    if one.job is not None or spells.count(True) < 2:
        return one
    kept = accumulate(one.samples, lambda last, now: last if now is None else now)
    return replace(one, samples=tuple(kept))


def _motion(one: Sampled, at: int) -> _Motion:
    here, then = one.samples[at], one.samples[at + 1]
    if isinstance(here, float | int) and isinstance(then, float | int):
        return _Motion(float(here), round(then - here, 9), at if then != here else 0)
    return _Motion(here if here is not None else None, 0.0)


def _played(one: Sampled, well: _Motion, ill: _Motion, bad: Sequence[bool]) -> Sampled:
    """The series as the pattern has it. What grows goes on from where it was."""
    grows = well.growth != 0 or ill.growth != 0
    shifts = grows and well.growth == ill.growth
    found, reached, before = list[Sample](), well.first, False
    for now in bad:
        course = ill if now else well
        if course.first is None or course.first == STALE:
            # A scrape takes away what it brought; a rule only ceases to write.
            marked = one.job is not None and not before
            found.append(STALE if marked else None)
        elif shifts:
            found.append(course.after(len(found)))
        elif grows:
            reached = float(reached or 0.0) + course.growth
            found.append(reached)
        else:
            found.append(course.first)
        before = found[-1] is None or found[-1] == STALE
    return Sampled(series=one.series, samples=tuple(found))


def _document(planned: PlannedAlert, story: _Story, pattern: Pattern, *, broken: bool) -> Document:
    alert, step = planned.alert, planned.scope.timings.scrape
    clears = alert.clearing(planned.scope.timings) + alert.keep_firing + APART
    end = planned.hold + max(clears, *(x(planned.scope.timings) for x in alert.onset.values()))
    calm, last = (length.milliseconds // step.milliseconds for length in (_CALM, end + MINUTE * 5))
    bad = ((False,) * calm, pattern.bad, (broken,) * last)
    course = tuple(chain.from_iterable(bad))
    look, until = _look(planned), _end(planned, course)
    firing = labelled(planned.name)
    things = len(story.case.fires) if broken and not alert.intermittent else 0
    often = count(f"{began_most(firing, APART, until, look)} > 1", until, 0)
    return _test(planned, story, course, [often, count(firing, until, things)])


def _look(planned: PlannedAlert) -> Duration:
    scope = planned.scope
    return MINUTE if planned.hold >= _LONG else max(scope.timings.scrape, scope.evaluate)


def _end(planned: PlannedAlert, course: Sequence[bool]) -> Duration:
    """The first look at which all of a course has been seen."""
    return (planned.scope.timings.scrape * (len(course) - 1)).ceil_to(_look(planned))


def _test(
    planned: PlannedAlert, story: _Story, course: Sequence[bool], asked: list[Document]
) -> Document:
    """What is asked when the story has gone the course of what is bad at each scrape."""
    step = planned.scope.timings.scrape
    series = [
        _played(Sampled(series=one, samples=()), calmly, badly, course)
        for one, calmly, badly in zip(story.case.series, story.well, story.ill, strict=True)
    ]
    return {
        "rule_files": ["rules.json"],
        "evaluation_interval": str(_look(planned)),
        "tests": [
            {
                "interval": str(step),
                "input_series": input_series([one.told(step) for one in series], step),
                "promql_expr_test": asked,
            }
        ],
    }
