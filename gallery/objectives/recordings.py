"""What is recorded of objectives: counts first, so that every window weighs each request alike.

One rule serves all objectives. What it costs and why it is so: `docs/adr/0038-objectives.md`,
`docs/adr/0041-kinds-of-objectives.md`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from gallery.metrics import labels, names, promql
from gallery.metrics.durations import Duration
from gallery.metrics.recordings import Recording, RecordingGroup, StackSeries
from gallery.metrics.timings import Timings
from gallery.objectives.excuses import Paged, unanswered
from gallery.objectives.indicators import Look
from gallery.objectives.model import Objective
from gallery.objectives.probes import within
from gallery.objectives.windows import COUNTED_EVERY, counted_over


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """What recordings of objectives depend on.

    `needs` are, by a service's name, those it cannot do without. `paged` says of which outages a
    page tells; none excuses a budget where it is empty.
    """

    stack: StackSeries
    timings: Timings
    objectives: tuple[Objective, ...]
    needs: Mapping[str, tuple[str, ...]]
    paged: tuple[Paged, ...]


def objective_groups(of: Recorded) -> tuple[RecordingGroup, ...]:
    """The groups of recordings; none without objectives."""
    if not of.objectives:
        return ()
    excuses = unanswered(of.stack, of.timings, of.paged)
    return (
        RecordingGroup(
            name="gallery-objectives",
            interval=of.timings.evaluate_amp,
            rules=(*_promised(of), *_counts(of), *_windows(of), *excuses),
        ),
        RecordingGroup(
            name="gallery-objectives-window", interval=COUNTED_EVERY, rules=tuple(_budgets(of))
        ),
    )


def needed_by(one: Objective, needs: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """What an objective cannot be kept without: what its indicator names, and what those need."""
    each = (needs.get(name, (name,)) for name in one.indicator.needed)
    return tuple(dict.fromkeys(name for found in each for name in found))


def _labelled(one: Objective, expr: str, **more: str) -> str:
    return promql.labelled(expr, {labels.SERVICE: one.service, labels.OBJECTIVE: one.name} | more)


def _promised(of: Recorded) -> Iterator[Recording]:
    """Constants: what rules compare with, so that one serves objectives with other targets."""
    promised: dict[str, Callable[[Objective], float]] = {
        names.OBJECTIVE_BUDGET: lambda one: one.budget,
        names.OBJECTIVE_WINDOW: lambda one: one.window.seconds,
        names.OBJECTIVE_LEAST_FAILURES: lambda one: one.floors.failures,
        names.OBJECTIVE_LEAST_REQUESTS: lambda one: one.floors.requests,
    }
    for record, value in promised.items():
        series = (_labelled(one, f"vector({value(one):.15g})") for one in of.objectives)
        yield Recording(record=record, expr=" or ".join(series), labels=of.stack.labels)
    agreed = [
        _labelled(one, f"vector({one.agreement.budget:.15g})")
        for one in of.objectives
        if one.agreement
    ]
    if agreed:
        yield Recording(
            record=names.OBJECTIVE_AGREED, expr=" or ".join(agreed), labels=of.stack.labels
        )
    needs = (
        _labelled(one, "vector(1)", **{labels.NEEDS: needed})
        for one in of.objectives
        for needed in needed_by(one, of.needs)
    )
    yield Recording(record=names.OBJECTIVE_NEEDS, expr=" or ".join(needs), labels=of.stack.labels)


def _counts(of: Recorded) -> Iterator[Recording]:
    look = Look(stack=of.stack, scrape=of.timings.scrape, window=counted_over(of.timings))
    events = (_labelled(one, one.indicator.events(look)) for one in of.objectives)
    yield Recording(record=names.OBJECTIVE_REQUESTS, expr=" or ".join(events))
    failures = (_labelled(one, one.indicator.failures(look)) for one in of.objectives)
    none = f"0 * {of.stack.series(names.OBJECTIVE_REQUESTS)}"
    yield Recording(record=names.OBJECTIVE_FAILURES, expr=" or ".join((*failures, none)))


def _windows(of: Recorded) -> Iterator[Recording]:
    stack, seconds = of.stack, of.timings.evaluate_amp.seconds

    def summed(metric: str, window: str) -> str:
        return f"sum_over_time({stack.series(metric, window=within(Duration.parse(window)))})"

    for window, record in names.OBJECTIVE_BURN.items():
        requests = summed(names.OBJECTIVE_REQUESTS, window)
        failures = summed(names.OBJECTIVE_FAILURES, window)
        budget = stack.series(names.OBJECTIVE_BUDGET)
        yield Recording(record=record, expr=f"{failures} / ({requests} > 0) / {budget}")
    for window, record in names.OBJECTIVE_FAILED.items():
        requests = summed(names.OBJECTIVE_REQUESTS, window)
        failures = summed(names.OBJECTIVE_FAILURES, window)
        yield Recording(
            record=record,
            expr=(
                f"{failures} * {seconds:g} >= {stack.series(names.OBJECTIVE_LEAST_FAILURES)}"
                f" and {requests} * {seconds:g} >= {stack.series(names.OBJECTIVE_LEAST_REQUESTS)}"
            ),
        )


def _budgets(of: Recorded) -> Iterator[Recording]:
    stack, seconds = of.stack, of.timings.evaluate_amp.seconds
    for record, rate in (
        (names.OBJECTIVE_REQUESTS_COUNTED, names.OBJECTIVE_REQUESTS),
        (names.OBJECTIVE_FAILURES_COUNTED, names.OBJECTIVE_FAILURES),
    ):
        counted = stack.series(rate, window=within(COUNTED_EVERY))
        yield Recording(record=record, expr=f"sum_over_time({counted}) * {seconds:g}")
    windows = tuple(_of_windows(of))
    for record, expr in (
        (names.OBJECTIVE_SEEN, _Window.seen),
        (names.OBJECTIVE_SPENT, _Window.spent),
        (names.OBJECTIVE_LEFT, _Window.left),
    ):
        yield Recording(record=record, expr=" or ".join(map(expr, windows)))


def _of_windows(of: Recorded) -> Iterator[_Window]:
    """Those objectives together whose budgets are counted over the same window."""
    lengths = dict.fromkeys(one.window for one in of.objectives)
    for length in lengths:
        chosen = [one.name for one in of.objectives if one.window == length]
        matchers = [promql.one_of(labels.OBJECTIVE, chosen)] if len(lengths) > 1 else []
        yield _Window(stack=of.stack, length=length, matchers=tuple(matchers))


@dataclass(frozen=True, kw_only=True)
class _Window:
    """Budgets that are counted over this window, of the objectives that the matchers choose."""

    stack: StackSeries
    length: Duration
    matchers: tuple[str, ...]

    def _counted(self, record: str) -> str:
        return self.stack.series(record, *self.matchers, window=within(self.length))

    def _series(self, record: str) -> str:
        return self.stack.series(record, *self.matchers)

    @property
    def _requests(self) -> str:
        return f"sum_over_time({self._counted(names.OBJECTIVE_REQUESTS_COUNTED)})"

    @property
    def _failures(self) -> str:
        return f"sum_over_time({self._counted(names.OBJECTIVE_FAILURES_COUNTED)})"

    def seen(self) -> str:
        samples = self.length.milliseconds // COUNTED_EVERY.milliseconds
        counted = self._counted(names.OBJECTIVE_REQUESTS_COUNTED)
        return f"count_over_time({counted}) / {samples}"

    def spent(self) -> str:
        """An objective that is young has spent no more of a window's budget than it could."""
        budget, seen = map(self._series, (names.OBJECTIVE_BUDGET, names.OBJECTIVE_SEEN))
        return f"{self._failures} / ({self._requests} > 0) / {budget} * {seen}"

    def left(self) -> str:
        budget, seen = map(self._series, (names.OBJECTIVE_BUDGET, names.OBJECTIVE_SEEN))
        return f"{self._requests} / {seen} * {budget} - {self._failures}"
