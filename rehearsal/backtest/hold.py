"""When an alert fires, by the times at which its condition held.

As Prometheus has it (`rules/alerting.go`, `AlertingRule.Eval`): the condition holds where the
expression has a sample, whatever its value. What has held for `for` at an evaluation fires; one
evaluation without a sample, and it begins anew. What fires goes on until it was missing for
`keep_firing_for` at an evaluation, and for as long as it comes back before.

Grafana differs in one thing (12, `pkg/services/ngalert/state/manager.go`,
`processMissingSeriesStates`, with one evaluation to resolve): what is missing while the expression
has a sample of another alert of the rule ends there, whatever `keep_firing_for`.

All times and lengths are whole milliseconds.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Grid:
    """The times of evaluations: every `step` from `first` on, the last not after `last`."""

    first: int
    last: int
    step: int

    def next_after(self, at: int, length: int) -> int:
        """The first evaluation that is at least so long after that one."""
        return at + -(-length // self.step) * self.step


@dataclass(frozen=True, kw_only=True)
class Hold:
    """For how long a condition must hold, and for how long it must be missing."""

    hold: int
    keep_firing: int


@dataclass(frozen=True, kw_only=True, order=True)
class Span:
    """From an evaluation to another; `end` is None where it goes on after the last."""

    begin: int
    end: int | None


def firing(
    held: Iterable[int], hold: Hold, grid: Grid, others: Sequence[int] = ()
) -> Iterator[Span]:
    """When an alert fired whose condition held at these evaluations, ascending.

    `others`, ascending, are those at which it ends if it is missing; it may be among them.
    """
    began: int | None = None
    resolves = 0
    for first, last in _runs(held, grid):
        if began is not None and first > resolves:
            yield Span(begin=began, end=resolves)
            began = None
        if began is None:
            fires = grid.next_after(first, hold.hold)
            if fires > last:
                continue
            began = fires
        resolves = grid.next_after(last + grid.step, hold.keep_firing)
        after = bisect_right(others, last)
        if after < len(others):
            resolves = min(resolves, others[after])
    if began is not None:
        yield Span(begin=began, end=resolves if resolves <= grid.last else None)


def _runs(held: Iterable[int], grid: Grid) -> Iterator[tuple[int, int]]:
    """The first and the last of evaluations that follow one another."""
    first = last = None
    for at in held:
        if first is not None and last is not None and at != last + grid.step:
            yield first, last
            first = None
        first, last = at if first is None else first, at
    if first is not None and last is not None:
        yield first, last
