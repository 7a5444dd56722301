"""A time series panel: its lines, what is behind them, and its legend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rehearsal.wall.grafana.display import display
from rehearsal.wall.grafana.intervals import Interval
from rehearsal.wall.grafana.model.fields import FieldSettings
from rehearsal.wall.grafana.model.graphs import Calc, LineCustom, TimeSeries
from rehearsal.wall.grafana.palette import Theme
from rehearsal.wall.grafana.read import field_named
from rehearsal.wall.grafana.series import Series, named, with_gaps
from rehearsal.wall.views.asked import Asked

HEADINGS: dict[Calc, str] = {"lastNotNull": "Last *", "max": "Max", "min": "Min", "sum": "Total"}


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line. `samples` holds None where it is broken, and `texts` what each value says.

    `legend` has a text for each column of the legend. The area down to the line that is named
    `down_to` is filled with its colour, `opacity` of it.
    """

    name: str
    color: str
    width: int
    dash: tuple[int, ...]
    samples: tuple[tuple[float, float | None], ...]
    texts: tuple[str, ...]
    legend: tuple[str, ...]
    down_to: str | None
    opacity: float


@dataclass(frozen=True, kw_only=True)
class Lines:
    """A panel's lines, and how values that stand on its axis are written and bounded."""

    lines: tuple[Line, ...]
    settings: FieldSettings[LineCustom]
    headings: tuple[str, ...]
    empty: str


def lines(panel: TimeSeries, asked: Sequence[Asked], theme: Theme) -> Lines:
    """The lines of a panel."""
    usual = field_named(panel.field_config, LineCustom, "")
    calcs = panel.options.legend.calcs if panel.options.legend.show_legend else ()
    return Lines(
        lines=tuple(
            _line(panel, named(one.query.legend_format, series.labels), series, one.over, theme)
            for one in asked
            for series in one.found
        ),
        settings=usual,
        headings=tuple(HEADINGS[calc] for calc in calcs),
        empty=usual.no_value,
    )


def _line(panel: TimeSeries, name: str, series: Series, over: Interval, theme: Theme) -> Line:
    settings = field_named(panel.field_config, LineCustom, name)
    samples = tuple(with_gaps(series, over.step))
    custom = settings.custom
    return Line(
        name=name,
        color=display(series.last, settings, theme, name).color,
        width=custom.line_width,
        dash=custom.line_style.dash if custom.line_style.fill != "solid" else (),
        samples=samples,
        texts=tuple(display(value, settings, theme, name).text for _, value in samples),
        legend=tuple(
            display(_calculated(calc, series), settings, theme, name).text
            for calc in panel.options.legend.calcs
        ),
        down_to=custom.fill_below_to,
        opacity=custom.fill_opacity / 100,
    )


def _calculated(calc: Calc, series: Series) -> float | None:
    values = [value for _, value in series.samples if value is not None]
    match calc:
        case "lastNotNull":
            return series.last
        case "max":
            return max(values, default=None)
        case "min":
            return min(values, default=None)
        case "sum":
            return sum(values)
