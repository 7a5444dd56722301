"""The firing cases of an alert once more, with gaps: what it tells of is seen with interruptions.

A gap of one scrape and of three, during the hold and again while the alert fires: its target
cannot be scraped, or nothing is written at all, as while the collector's replicas change. And a
single good answer between bad ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from gallery.alerts.cases import cases_of
from gallery.alerts.cases.model import Case, Series
from gallery.metrics.durations import MINUTE, Duration
from gallery.plan.alerts import PlannedAlert
from gallery.render.proof import Document, input_series, proven, silent_document
from tests.rules.firing import began, count, fired, labelled
from tests.rules.promtool import Proof
from tests.rules.samples import STALE, Sample, Sampled, sampled

AS_TOLD = "as it is told"
# Cases that go on for longer are looked at once a minute.
_LONG = MINUTE * 90
# What says whether a target answered.
_ANSWERS = {"up", "probe_success"}

# What becomes of a series in a gap from one sample until before another.
Tear = Callable[[Sampled, int, int], Sampled]


@dataclass(frozen=True, kw_only=True)
class Gap:
    """A gap of so many scrapes. `everywhere` where it is in more than the thing's own series."""

    name: str
    scrapes: int
    tear: Tear
    everywhere: bool = False


def _torn(one: Sampled, begin: int, gap: tuple[Sample, ...]) -> Sampled:
    before, after = one.samples[:begin], one.samples[begin + len(gap) :]
    # What is not there after the gap goes as a scrape takes it away.
    if after and after[0] is None and isinstance(gap[-1], float):
        after = (STALE, *after[1:])
    return replace(one, samples=(*before, *gap, *after))


def _missed(one: Sampled, begin: int, end: int) -> Sampled:
    """The scrape fails: the target is not up, and has nothing else."""
    length = end - begin
    if one.samples[begin] is None:
        return one
    if one.series.metric == "up":
        return _torn(one, begin, (0.0,) * length)
    return _torn(one, begin, (STALE, *(None,) * (length - 1)))


def _unwritten(one: Sampled, begin: int, end: int) -> Sampled:
    """Nobody writes, and nobody says so."""
    return _torn(one, begin, (None,) * (end - begin))


def _answered(one: Sampled, begin: int, end: int) -> Sampled:
    """The target answers as it did in the beginning."""
    well = one.samples[0]
    if one.series.metric not in _ANSWERS or not isinstance(well, float):
        return one
    return _torn(one, begin, (well,) * (end - begin))


GAPS = (
    Gap(name="a missed scrape", scrapes=1, tear=_missed),
    Gap(name="three missed scrapes", scrapes=3, tear=_missed),
    Gap(
        name="a scrape of everything that nobody writes",
        scrapes=1,
        tear=_unwritten,
        everywhere=True,
    ),
    Gap(
        name="three scrapes of everything that nobody writes",
        scrapes=3,
        tear=_unwritten,
        everywhere=True,
    ),
    Gap(name="a good answer", scrapes=1, tear=_answered),
)


@dataclass(frozen=True, kw_only=True)
class _Told:
    """A firing case at the steps of a scrape, and when its alert must have come and still be."""

    case: Case
    series: tuple[Sampled, ...]
    step: Duration
    look: Duration
    hold: Duration
    due: Duration

    @property
    def rest(self) -> Duration:
        """How long the alert is looked at before and after a gap."""
        return max(self.step * 8, MINUTE * 2).ceil_to(self.look)

    def end(self, gap: int) -> Duration:
        """When the story ends: after a gap of so many scrapes while the alert fires."""
        return (self.due + self.rest * 2 + self.step * gap).ceil_to(self.look)

    def begins(self) -> Iterator[Duration]:
        """When a gap begins: in the middle of the hold, and while the alert fires."""
        half = Duration(
            self.hold.milliseconds // 2 // self.look.milliseconds * self.look.milliseconds
        )
        if half.milliseconds:
            yield Duration(self.due.milliseconds - half.milliseconds)
        yield (self.due + self.rest).ceil_to(self.look)


def proofs_with_gaps(planned: PlannedAlert) -> Iterator[tuple[str, Proof]]:
    """For each firing case that goes on, itself and the same with each gap."""
    rule = proven(planned)
    rules = silent_document(rule)
    for case in cases_of(planned.alert, planned.scope):
        if case.fires_at is None or not case.fires:
            continue
        told = _told(case, planned)
        for gap in (None, *GAPS):
            document = _document(planned, told, gap)
            if document is not None:
                name = gap.name if gap else AS_TOLD
                yield f"{case.name}: {name}", Proof(rules=rules, tests=(document,))


def _told(case: Case, planned: PlannedAlert) -> _Told:
    step, at = planned.scope.timings.scrape, case.fires_at or Duration(0)
    # As often as the rule is evaluated: a gap begins at a look, so that none falls between two.
    look = MINUTE if at > _LONG else max(step, planned.scope.evaluate)
    told = _Told(
        case=case, series=(), step=step, look=look, hold=planned.hold, due=at.ceil_to(look)
    )
    count = told.end(3).milliseconds // step.milliseconds + 1
    series = tuple(sampled(one, case.interval, step, count) for one in case.series)
    return replace(told, series=series)


def _document(planned: PlannedAlert, told: _Told, gap: Gap | None) -> Document | None:
    series = told.series
    if gap is not None:
        for begin in told.begins():
            first = begin.milliseconds // told.step.milliseconds
            series = tuple(_with_gap(one, gap, first, told.case) for one in series)
        if series == told.series:
            return None
    # A sample later than without the gap: what was seen a moment ago counts.
    late = told.look if gap else Duration(0)
    since, end = told.due + late, told.end(gap.scrapes if gap else 0)
    firing, things = labelled(planned.name), len(told.case.fires)
    return {
        "rule_files": ["rules.json"],
        "evaluation_interval": str(told.look),
        "tests": [
            {
                "interval": str(told.step),
                "input_series": input_series([one.told(told.step) for one in series], told.step),
                "promql_expr_test": [
                    count(fired(firing, since, end, told.look), end, things),
                    count(f"sum ({began(firing, end, told.look)})", end, things, counted=True),
                ],
            }
        ],
    }


def _with_gap(one: Sampled, gap: Gap, first: int, case: Case) -> Sampled:
    if one.job is None or not (gap.everywhere or _is_of(one.series, case)):
        return one
    return gap.tear(one, first, first + gap.scrapes)


def _is_of(series: Series, case: Case) -> bool:
    """Whether a series is of a thing that the alert tells of."""
    return any(
        all(fires.get(name, value) == value for name, value in series.labels.items())
        for fires in case.fires
    )
