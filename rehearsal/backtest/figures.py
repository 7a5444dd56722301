"""What is told of firings in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from rehearsal.backtest.past import Firing, Period


@dataclass(frozen=True, kw_only=True)
class Figures:
    """How often something fired in a period, and for how many seconds of it.

    `before` counts what fired already when it began, `hours` what began in it, by the hour (UTC).
    """

    began: int
    before: int
    seconds: float
    longest_seconds: float
    hours: Mapping[int, int]


def figures(firings: Iterable[Firing], period: Period) -> Figures:
    """The figures of a rule's firings."""
    found = tuple(firings)
    lengths = [lasted(one, period) for one in found]
    began = [one.span.begin for one in found if one.span.begin >= period.begin]
    return Figures(
        began=len(began),
        before=len(found) - len(began),
        seconds=sum(lengths),
        longest_seconds=max(lengths, default=0.0),
        hours=by_hour(began),
    )


def lasted(firing: Firing, period: Period) -> float:
    """For how many seconds of the period it fired."""
    end = period.end if firing.span.end is None else min(firing.span.end, period.end)
    return (end - max(firing.span.begin, period.begin)) / 1000


def by_hour(times: Iterable[int]) -> Mapping[int, int]:
    """How many there are in each hour of a day (UTC) that has any, the earliest hour first."""
    return dict(sorted(Counter(moment(at).hour for at in times).items()))


def moment(at: int) -> datetime:
    """A time in milliseconds since the epoch."""
    return datetime.fromtimestamp(at / 1000, UTC)
