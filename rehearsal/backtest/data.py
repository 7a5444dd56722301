"""From when to when there are samples of what a rule needs, and where there are none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from gallery.metrics import promql
from gallery.metrics.durations import ZERO
from rehearsal.backtest.expressions import LOOKBACK, can_give, reads
from rehearsal.backtest.hold import Grid
from rehearsal.backtest.past import Period, ranges
from rehearsal.machine.queries import NAME, Queries


@dataclass(frozen=True, kw_only=True)
class Gap:
    """A time without samples, both ends in milliseconds since the epoch."""

    begin: int
    end: int


@dataclass(frozen=True, kw_only=True)
class Data:
    """When a rule could not have fired for want of samples, and what there are none of at all.

    Gaps are in the order of time, to five minutes: a shorter one hides nothing from most rules.
    """

    gaps: tuple[Gap, ...] = ()
    without: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Samples:
    """Who has samples, of which period; asks of each metric once."""

    queries: Queries
    period: Period
    _known: dict[str, frozenset[int]] = field(default_factory=dict[str, frozenset[int]], init=False)

    def of(self, metric: str) -> frozenset[int]:
        """The ends of the stretches of five minutes in which there are any."""
        if metric not in self._known:
            named = promql.selector("", (promql.equals(NAME, metric),), str(LOOKBACK))
            expr = f"group(present_over_time({named}))"
            self._known[metric] = frozenset(
                round(at * 1000)
                for series in ranges(self.queries, metric, expr, self._grid)
                for at, _ in series.samples
            )
        return self._known[metric]

    def for_rule(self, expr: str) -> Data:
        """What there is for a rule of that expression."""
        metrics = sorted(reads(expr))
        fires = dict[frozenset[str], bool]()

        def blind(end: int) -> bool:
            absent = frozenset(each for each in metrics if end not in self.of(each))
            if absent not in fires:
                fires[absent] = can_give(expr, absent)
            return not fires[absent]

        step = self._grid.step
        ends = range(self._grid.first + step, self._grid.last + 1, step)
        return Data(
            gaps=tuple(_gaps(((end - step, blind(end)) for end in ends), self.period)),
            without=tuple(each for each in metrics if not self.of(each)),
        )

    @property
    def _grid(self) -> Grid:
        return self.period.grid(LOOKBACK, ZERO)


def _gaps(parts: Iterable[tuple[int, bool]], period: Period) -> Iterator[Gap]:
    """Of parts that follow one another, each with its beginning and whether it is one of a gap."""
    began: int | None = None
    for begin, blind in parts:
        if not blind and began is not None:
            yield Gap(begin=began, end=begin)
            began = None
        elif blind and began is None:
            began = max(begin, period.begin)
    if began is not None:
        yield Gap(begin=began, end=period.end)
