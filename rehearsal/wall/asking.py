"""Asks the rehearsed AMP what the panels of a dashboard ask, as Grafana would."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rehearsal.machine.queries import PrometheusClient
from rehearsal.wall.grafana.intervals import interval, seconds
from rehearsal.wall.grafana.model.frame import Found, Frame, Listed, Marks
from rehearsal.wall.grafana.model.panels import Asking, Query
from rehearsal.wall.grafana.series import Series, named
from rehearsal.wall.grafana.variables import Choice, found, interpolated, label_values, listed
from rehearsal.wall.views.asked import Asked

# Grafana asks for as many points as a panel has pixels; a column of 24 has these, of 1280 pixels.
_COLUMN_PIXELS = 50


@dataclass(frozen=True, kw_only=True)
class Mark:
    """Something marked on graphs from `start` to `end`, in seconds since the epoch."""

    start: float
    end: float
    text: str
    color: str


@dataclass(frozen=True, kw_only=True)
class Window:
    """The time that is shown, in seconds since the epoch."""

    start: float
    end: float


@dataclass(frozen=True)
class Asker:
    """Asks for one dashboard. Raises loopback.UnansweredError where AMP is not up."""

    amp: PrometheusClient = field(default_factory=PrometheusClient)

    def choices(
        self, frame: Frame, asked: Mapping[str, tuple[str, ...]], window: Window
    ) -> dict[str, Choice]:
        """The variables in their order: one may be asked for with another's value."""
        choices = dict[str, Choice]()
        for variable in frame.templating.list:
            wanted = asked.get(variable.name, ())
            match variable:
                case Listed():
                    choices[variable.name] = listed(variable, wanted)
                case Found():
                    selector, label = label_values(variable)
                    values = self.amp.label_values(
                        interpolated(selector, choices), label, window.start, window.end
                    )
                    choices[variable.name] = found(variable, tuple(values), wanted)
        return choices

    def panel(self, panel: Asking, choices: Mapping[str, Choice], window: Window) -> list[Asked]:
        """What a panel's queries find. HttpStatusError for one that AMP refuses."""
        points = panel.grid_pos.w * _COLUMN_PIXELS
        return [self._ask(query, points, choices, window) for query in panel.targets]

    def marks(self, marks: Marks, choices: Mapping[str, Choice], window: Window) -> Sequence[Mark]:
        """When the query of an annotation was above nought."""
        over = interval(window.start, window.end, 24 * _COLUMN_PIXELS, marks.step)
        expr = interpolated(marks.expr, choices, over)
        ranges = self.amp.query_range(expr, over.start, over.end, over.step)
        return [
            Mark(
                start=start,
                end=end,
                text=named(marks.title_format, one.labels),
                color=marks.icon_color,
            )
            for one in ranges
            for start, end in _above_nought(one.samples, over.step)
        ]

    def _ask(
        self, query: Query, points: int, choices: Mapping[str, Choice], window: Window
    ) -> Asked:
        over = interval(window.start, window.end, points, query.interval)
        expr = interpolated(query.expr, choices, over)
        if query.instant:
            found = [
                Series(labels=one.labels, samples=((one.at, _number(one.value)),))
                for one in self.amp.query(expr, window.end)
            ]
        else:
            found = [
                Series(
                    labels=one.labels,
                    samples=tuple((at, _number(value)) for at, value in one.samples),
                )
                for one in self.amp.query_range(expr, over.start, over.end, over.step)
            ]
        return Asked(query=query, found=found, over=over)


def window(shown: str, end: float) -> Window:
    """The time up to `end`, from a text such as `now-1h`. Raises ValueError."""
    return Window(start=end - seconds(shown.removeprefix("now-")), end=end)


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def _above_nought(samples: Sequence[tuple[float, float]], step: float) -> list[tuple[float, float]]:
    spans = list[tuple[float, float]]()
    for at, value in samples:
        if value <= 0:
            continue
        if spans and at - spans[-1][1] <= step:
            spans[-1] = (spans[-1][0], at)
        else:
            spans.append((at, at))
    return spans
