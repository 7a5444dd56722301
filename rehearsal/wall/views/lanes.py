"""A state timeline: a lane for each series, its states one after another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rehearsal.wall.grafana.display import display
from rehearsal.wall.grafana.intervals import Interval
from rehearsal.wall.grafana.model.graphs import LaneCustom, StateTimeline
from rehearsal.wall.grafana.palette import Theme
from rehearsal.wall.grafana.read import field_named
from rehearsal.wall.grafana.series import Series, named, with_gaps
from rehearsal.wall.views.asked import Asked


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A state that lasted from `start` to `end`, in seconds since the epoch.

    `ground` is its colour as it is seen on a panel, `ink` that of its text.
    """

    start: float
    end: float
    text: str
    color: str
    ground: str
    ink: str


@dataclass(frozen=True, kw_only=True)
class Lane:
    """The states of one series; where nothing is known of it, there is none.

    `thickness` is the share of its row that it fills.
    """

    name: str
    segments: tuple[Segment, ...]
    thickness: float


def lanes(panel: StateTimeline, asked: Sequence[Asked], theme: Theme) -> list[Lane]:
    """The lanes of a panel, in the order of their series."""
    return [
        _lane(panel, named(one.query.legend_format, series.labels), series, one.over, theme)
        for one in asked
        for series in one.found
    ]


def _lane(panel: StateTimeline, name: str, series: Series, over: Interval, theme: Theme) -> Lane:
    settings = field_named(panel.field_config, LaneCustom, name)
    segments = list[Segment]()
    for start, end, value in _runs(series, over):
        shown = display(value, settings, theme, name)
        ground = theme.mixed(shown.color, settings.custom.fill_opacity / 100)
        segments.append(
            Segment(
                start=start,
                end=end,
                text=shown.text,
                color=shown.color,
                ground=ground,
                ink=theme.text_on(ground),
            )
        )
    return Lane(
        name=name,
        segments=tuple(segments),
        thickness=panel.options.row_height,
    )


def _runs(series: Series, over: Interval) -> Iterator[tuple[float, float, float]]:
    """From when to when it had which value."""
    samples = with_gaps(series, over.step)
    if not samples:
        return
    start, value = samples[0]
    for at, other in samples[1:]:
        if other != value:
            if value is not None:
                yield start, at, value
            start, value = at, other
    # Nothing has come since for longer than a step: it has ended.
    last = samples[-1][0]
    end = over.end if over.end - last <= over.step else last + over.step
    if value is not None and end > start:
        yield start, end, value
