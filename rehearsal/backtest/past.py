"""A rule evaluated over the past: its expression by whoever has the samples, its hold here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gallery.metrics.durations import Duration
from offline.errors import UserError
from rehearsal.backtest.hold import Grid, Hold, Span, firing
from rehearsal.diff.tree import GRAFANA, Recording, Rule
from rehearsal.drill.alert_notifications import ALERTNAME
from rehearsal.machine.loopback import HttpStatusError, UnansweredError
from rehearsal.machine.queries import NAME, Queries, Sampled

# A Prometheus gives no more of a series at once; AMP bounds what it reads for a day (service
# quotas, "Query bytes for range queries").
_MOST_POINTS = 11_000
_MOST_MILLISECONDS = 86_400_000

_Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Firing:
    """An alert that fired: all of its labels, and when, in milliseconds since the epoch."""

    labels: Mapping[str, str]
    span: Span


@dataclass(frozen=True, kw_only=True)
class Period:
    """The past that is asked about, both ends in milliseconds since the epoch."""

    begin: int
    end: int

    def grid(self, every: Duration, before: Duration, phase: int = 0) -> Grid:
        """Evaluations on multiples of `every`, moved by `phase`, from so long before on."""
        step = every.milliseconds
        first = (self.begin - before.milliseconds - phase) // step * step + phase
        return Grid(first=first, last=(self.end - phase) // step * step + phase, step=step)


def evaluated(queries: Queries, rule: Rule, period: Period, phase: int = 0) -> tuple[Firing, ...]:
    """When the rule's alerts fired in that time, the first first.

    Evaluation begins so long before it that whatever fired at its beginning is known. `phase` in
    milliseconds: on which moments of its interval the engine evaluates. Raises UserError where
    the expression cannot be evaluated, and where the engine would refuse what it gives.
    """
    if templates := [name for name, value in rule.labels.items() if "{{" in value]:
        raise UserError(
            f"{rule.name} has a template in its label {templates[0]!r}, which is not worked out "
            "here; let the expression give that label"
        )
    hold = Hold(
        hold=Duration.parse(rule.hold).milliseconds,
        keep_firing=Duration.parse(rule.keep_firing).milliseconds,
    )
    every = Duration.parse(rule.interval)
    # What has fired when the period begins did so at an evaluation before it.
    grid = period.grid(every, Duration(hold.hold + hold.keep_firing) + every, phase)
    every_held = _held(queries, rule, grid)
    others = sorted({at for held in every_held.values() for at in held})
    found = [
        Firing(labels=dict(labels), span=span)
        for labels, held in every_held.items()
        for span in firing(held, hold, grid, others if rule.engine == GRAFANA else ())
        if span.end is None or span.end > period.begin
    ]
    return tuple(sorted(found, key=lambda one: (one.span.begin, sorted(one.labels.items()))))


def recorded(queries: Queries, recording: Recording, grid: Grid) -> Iterator[Sampled]:
    """The series that a recording would have written, in no order."""
    for series in ranges(queries, recording.name, recording.expr, grid):
        labels = _with(series.labels, {NAME: recording.name, **recording.labels})
        yield Sampled(labels=dict(labels), samples=series.samples)


def _held(queries: Queries, rule: Rule, grid: Grid) -> Mapping[_Labels, list[int]]:
    """The evaluations at which the condition held, by the labels of the alert."""
    found = dict[_Labels, list[int]]()
    added = {ALERTNAME: rule.name, **rule.labels}
    for series in ranges(queries, rule.name, rule.expr, grid):
        labels = _with(series.labels, added)
        found.setdefault(labels, []).extend(round(at * 1000) for at, _ in series.samples)
    for labels, times in found.items():
        # What an expression names anew may be one series in one place and another in the next.
        times.sort()
        if len(set(times)) < len(times):
            raise UserError(
                f"{rule.name} gives several alerts of the same labels at once "
                f"({dict(labels)}), which no engine takes; aggregate by the labels that it adds"
            )
    return found


def _with(labels: Mapping[str, str], added: Mapping[str, str]) -> _Labels:
    """The labels of what a rule makes of a series: an empty one takes away."""
    every = {**{name: value for name, value in labels.items() if name != NAME}, **added}
    return tuple(sorted((name, value) for name, value in every.items() if value))


def ranges(queries: Queries, name: str, expr: str, grid: Grid) -> Iterator[Sampled]:
    """What the expression gives on the grid, in parts of no more than one answer can have."""
    points = min(_MOST_POINTS, max(1, _MOST_MILLISECONDS // grid.step))
    for first in range(grid.first, grid.last + 1, points * grid.step):
        last = min(grid.last, first + (points - 1) * grid.step)
        try:
            yield from queries.query_range(expr, first / 1000, last / 1000, grid.step / 1000)
        except HttpStatusError as refused:
            raise UserError(
                f"{name} cannot be evaluated, the answer is {refused}; try its expression there"
            ) from None
        except UnansweredError as gone:
            raise UserError(
                f"{name} got no answer ({gone}); see that it is up, and if it is slow ask for "
                "less of the past by --since"
            ) from None
