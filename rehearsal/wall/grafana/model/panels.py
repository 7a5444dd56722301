"""What every panel has, and the panels without a time axis."""

from __future__ import annotations

from typing import Any, Literal

from rehearsal.wall.grafana.model.fields import FieldConfig
from rehearsal.wall.grafana.model.part import DataSource, GridPos, Link, Part


class Query(Part):
    """A PromQL query; `interval` is the shortest step, as `5s`."""

    datasource: DataSource
    expr: str
    interval: str
    legend_format: str
    ref_id: str
    format: Literal["time_series", "table"]
    instant: bool
    range: bool
    editor_mode: Literal["code"]


class Drawn(Part):
    """What every panel has."""

    id: int
    title: str
    description: str = ""
    grid_pos: GridPos
    links: tuple[Link, ...] = ()
    transparent: Literal[False] = False
    repeat_direction: Literal["h"] = "h"


class Asking(Drawn):
    """A panel that queries."""

    datasource: DataSource
    targets: tuple[Query, ...]
    field_config: FieldConfig


class ReduceOptions(Part):
    """One value of a series: the last that is one."""

    calcs: tuple[Literal["lastNotNull"]]
    fields: Literal[""]
    values: Literal[False]


class StatOptions(Part):
    """A value on the whole of a coloured ground."""

    color_mode: Literal["background_solid"]
    graph_mode: Literal["none"]
    justify_mode: Literal["center"]
    orientation: Literal["auto"]
    text_mode: Literal["value", "value_and_name"]
    wide_layout: Literal[False]
    show_percent_change: Literal[False]
    percent_change_color_mode: Literal["standard"]
    reduce_options: ReduceOptions


class Stat(Asking):
    """One tile for each series."""

    type: Literal["stat"]
    options: StatOptions


class Folder(Part):
    """A folder of alert rules."""

    title: str
    uid: str


class StateFilter(Part):
    """Which alerts are listed."""

    firing: Literal[True]
    pending: Literal[True]
    no_data: Literal[True]
    error: Literal[True]
    recovering: Literal[True]
    normal: Literal[False]


class AlertListOptions(Part):
    """Alerts by a selector of their labels, the gravest first.

    Of Grafana's own rules, in one folder, or of those that the source of series evaluates.
    """

    alert_instance_label_filter: str
    alert_name: Literal[""]
    dashboard_alerts: Literal[False]
    datasource: Literal["-- Grafana --", "Gallery metrics"]
    folder: Folder | None = None
    group_by: tuple[()]
    group_mode: Literal["default"]
    max_items: int
    show_inactive_alerts: Literal[False]
    show_instances: Literal[True]
    sort_order: Literal[3]
    state_filter: StateFilter
    view_mode: Literal["list"]


class AlertList(Drawn):
    """Alerts."""

    type: Literal["alertlist"]
    options: AlertListOptions


class TextOptions(Part):
    """Markdown."""

    mode: Literal["markdown"]
    content: str


class Text(Drawn):
    """Prose."""

    type: Literal["text"]
    options: TextOptions


class Row(Part):
    """A heading under which panels fold; with `repeat`, one for each value of that variable."""

    type: Literal["row"]
    id: int
    title: str
    grid_pos: GridPos
    collapsed: bool
    panels: tuple[dict[str, Any], ...] = ()
    repeat: str | None = None
