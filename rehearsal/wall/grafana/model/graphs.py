"""The panels with a time axis: lines, and lanes of states."""

from __future__ import annotations

from typing import Literal

from rehearsal.wall.grafana.model.panels import Asking
from rehearsal.wall.grafana.model.part import Part


class LineStyle(Part):
    """Solid, or strokes and gaps in pixels; dots are short strokes."""

    fill: Literal["solid", "dash", "dot"]
    dash: tuple[int, ...] = ()


class ScaleDistribution(Part):
    """A linear axis, or a logarithmic one to the base `log`."""

    type: Literal["linear", "log"]
    log: int | None = None


class ThresholdsStyle(Part):
    """How thresholds show behind lines."""

    mode: Literal["off", "dashed", "line+area"]


class LineCustom(Part):
    """How a line is drawn. Widths are pixels; `fill_below_to` names the line to fill down to."""

    draw_style: Literal["line"]
    line_interpolation: Literal["linear"]
    line_width: int
    fill_opacity: int
    show_points: Literal["never"]
    span_nulls: Literal[False]
    scale_distribution: ScaleDistribution
    thresholds_style: ThresholdsStyle
    axis_soft_min: float | None = None
    axis_soft_max: float | None = None
    line_style: LineStyle = LineStyle(fill="solid")
    fill_below_to: str | None = None


class LaneCustom(Part):
    """How the states of a lane are drawn; opacity in percent."""

    line_width: Literal[0]
    fill_opacity: int


Calc = Literal["lastNotNull", "max", "min", "sum"]


class Legend(Part):
    """A legend; `calcs` are its columns."""

    display_mode: Literal["table", "list"]
    placement: Literal["right", "bottom"]
    show_legend: bool
    calcs: tuple[Calc, ...]


class Tooltip(Part):
    """What is told of the point under the pointer."""

    mode: Literal["single", "multi"]
    sort: Literal["asc", "desc", "none"]


class LineOptions(Part):
    """Around the lines."""

    legend: Legend
    tooltip: Tooltip


class LaneOptions(Part):
    """Lanes of states; `row_height` is a lane's share of its row."""

    align_value: Literal["left"]
    legend: Legend
    merge_values: Literal[True]
    per_page: int
    row_height: float
    show_value: Literal["auto"]
    tooltip: Tooltip


class TimeSeries(Asking):
    """Lines over time."""

    type: Literal["timeseries"]
    options: LineOptions


class StateTimeline(Asking):
    """A lane of states for each series."""

    type: Literal["state-timeline"]
    options: LaneOptions
