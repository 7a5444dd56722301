"""A graph as ECharts' options. What begins with a colon is JavaScript, as NiceGUI passes it on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from rehearsal.wall.asking import Mark
from rehearsal.wall.axis import Axis, axis
from rehearsal.wall.grafana.intervals import Interval
from rehearsal.wall.grafana.model.fields import Step
from rehearsal.wall.grafana.palette import Theme, channels
from rehearsal.wall.views.lines import Line, Lines

Options = dict[str, Any]

_AREA_OPACITY = 0.15
_SOLID, _DASHED = "solid", [10, 10]
# The text of a value travels with it, so that units are written in one place.
_TOOLTIP = """points => {
  const clean = text => String(text).replace(/[&<>"']/g, c => `&#${c.charCodeAt(0)};`);
  const lines = points.filter(p => p.value[1] !== null).sort((a, b) => b.value[1] - a.value[1]);
  const rows = lines.map(p =>
    `<div>${p.marker}${clean(p.seriesName)}&ensp;<b>${clean(p.value[2])}</b></div>`);
  return new Date(points[0].axisValue).toLocaleTimeString() + rows.join("");
}"""
# A quadrilateral between two lines, from one time to the next.
_BAND = """(params, api) => {
  const at = (x, y) => api.coord([api.value(x), api.value(y)]);
  return {type: "polygon", shape: {points: [at(0, 1), at(3, 4), at(3, 5), at(0, 2)]},
          style: {fill: api.visual("color")}, silent: true};
}"""


def chart(lines: Lines, over: Interval, marks: Iterable[Mark], theme: Theme) -> Options:
    """The lines, what is marked behind them, and the limits across them."""
    shown = axis(_values(lines), lines.settings)
    series = [
        *_bands(lines.lines),
        *(_series(line, theme) for line in lines.lines),
        _behind(lines, shown, [*marks], theme),
    ]
    return {
        "animation": False,
        "aria": {"enabled": False},
        "textStyle": {"fontFamily": "inherit"},
        "grid": {"left": 8, "right": 12, "top": 12, "bottom": 4, "containLabel": True},
        "tooltip": {"trigger": "axis", ":formatter": _TOOLTIP, "confine": True},
        "xAxis": _time_axis(over, theme),
        "yAxis": _value_axis(shown, theme),
        "series": series,
    }


def _values(lines: Lines) -> Iterator[float]:
    for line in lines.lines:
        yield from (value for _, value in line.samples if value is not None)


def _time_axis(over: Interval, theme: Theme) -> Options:
    return {
        "type": "time",
        "min": over.start * 1000,
        "max": over.end * 1000,
        "axisLabel": {"color": _ink(theme), "hideOverlap": True},
        "axisLine": {"lineStyle": {"color": _faint(theme)}},
    }


def _value_axis(shown: Axis, theme: Theme) -> Options:
    texts = json.dumps(shown.texts)
    if shown.log is None:
        step = shown.ticks[1] - shown.ticks[0]
        place = f"Math.round((v - {shown.ticks[0]!r}) / {step!r})"
        scale: Options = {"type": "value", "interval": step}
    else:
        place = f"Math.round(Math.log(v / {shown.ticks[0]!r}) / Math.log({shown.log}))"
        scale = {"type": "log", "logBase": shown.log}
    return {
        **scale,
        "min": shown.low,
        "max": shown.high,
        "axisLabel": {"color": _ink(theme), ":formatter": f"v => {texts}[{place}] ?? ''"},
        "splitLine": {"lineStyle": {"color": _faint(theme)}},
    }


def _series(line: Line, theme: Theme) -> Options:
    data = [
        [at * 1000, value, text] for (at, value), text in zip(line.samples, line.texts, strict=True)
    ]
    return {
        "type": "line",
        "name": line.name,
        "data": data,
        "showSymbol": False,
        "connectNulls": False,
        "color": line.color,
        "lineStyle": {
            "width": line.width,
            "type": list(line.dash) if line.dash else _SOLID,
            "color": line.color,
        },
        "emphasis": {"disabled": True},
        "itemStyle": {"borderColor": theme.ground},
    }


def _bands(lines: Sequence[Line]) -> Iterator[Options]:
    """What is filled between two lines."""
    by_name = {line.name: line for line in lines}
    for line in lines:
        below = by_name.get(line.down_to or "")
        if below is None:
            continue
        low = dict(below.samples)
        both = [(at, low.get(at), value) for at, value in line.samples]
        yield {
            "type": "custom",
            "name": f"{below.name} to {line.name}",
            ":renderItem": _BAND,
            "encode": {"x": [0, 3], "y": [1, 2, 4, 5], "tooltip": []},
            "itemStyle": {"color": _faded(line.color, line.opacity)},
            "data": [
                [one[0] * 1000, one[1], one[2], two[0] * 1000, two[1], two[2]]
                for one, two in pairwise(both)
                if None not in {*one, *two}
            ],
            "tooltip": {"show": False},
            "clip": True,
            "silent": True,
        }


def _behind(lines: Lines, shown: Axis, marks: Sequence[Mark], theme: Theme) -> Options:
    """Limits and marks: a line without samples that carries them."""
    style = lines.settings.custom.thresholds_style.mode
    steps = lines.settings.thresholds.steps
    return {
        "type": "line",
        "name": "",
        "data": [],
        "silent": False,
        "markLine": {
            "symbol": "none",
            "silent": False,
            "label": {"show": False},
            "data": [*_limits(steps, style, theme), *_moments(marks, theme)],
        },
        "markArea": {
            "silent": True,
            "data": [*_limit_areas(steps, style, shown, theme), *_spans(marks)],
        },
    }


def _limits(steps: Iterable[Step], style: str, theme: Theme) -> Iterator[Options]:
    if style == "off":
        return
    for step in steps:
        if step.value is not None and step.color != "transparent":
            yield {
                "yAxis": step.value,
                "lineStyle": {
                    "color": theme.color(step.color),
                    "width": 1,
                    "type": _DASHED if style == "dashed" else _SOLID,
                },
            }


def _limit_areas(
    steps: Sequence[Step], style: str, shown: Axis, theme: Theme
) -> Iterator[list[Options]]:
    if style != "line+area":
        return
    edges = [shown.low if step.value is None else step.value for step in steps]
    for step, low, high in zip(steps, edges, [*edges[1:], shown.high], strict=True):
        if step.color != "transparent":
            yield [
                {
                    "yAxis": max(low, shown.low),
                    "itemStyle": {"color": _faded(theme.color(step.color), _AREA_OPACITY)},
                },
                {"yAxis": min(high, shown.high)},
            ]


def _moments(marks: Iterable[Mark], theme: Theme) -> Iterator[Options]:
    for mark in marks:
        yield {
            "xAxis": mark.start * 1000,
            "name": mark.text,
            "lineStyle": {"color": theme.color(mark.color), "width": 1, "type": "dashed"},
        }


def _spans(marks: Iterable[Mark]) -> Iterator[list[Mapping[str, object]]]:
    for mark in marks:
        if mark.end > mark.start:
            yield [
                {
                    "xAxis": mark.start * 1000,
                    "itemStyle": {"color": _faded(mark.color, _AREA_OPACITY)},
                },
                {"xAxis": mark.end * 1000},
            ]


def _faded(color: str, opacity: float) -> str:
    red, green, blue = channels(color)
    return f"rgba({red}, {green}, {blue}, {opacity})"


def _ink(theme: Theme) -> str:
    return "#CCCCDC" if theme.dark else "#24292E"


def _faint(theme: Theme) -> str:
    return "rgba(204, 204, 220, 0.12)" if theme.dark else "rgba(36, 41, 46, 0.12)"
