"""A dashboard without its panels: times, variables, marks on graphs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from rehearsal.wall.grafana.model.part import DataSource, Link, Part


class Option(Part):
    """A value that can be chosen, or several as one."""

    text: str | tuple[str, ...]
    value: str | tuple[str, ...]
    selected: bool | None = None


class Variable(Part):
    """What is said of every variable."""

    name: str
    label: str
    description: str
    current: Option
    multi: Literal[True]
    include_all: Literal[True]
    allow_custom_value: Literal[False]
    options: tuple[Option, ...]
    skip_url_sync: Literal[False] = False
    # These are of variables that count intervals.
    auto: Literal[False] = False
    auto_count: int = Field(30, alias="auto_count")
    auto_min: str = Field("10s", alias="auto_min")


class Listed(Variable):
    """A variable over given values."""

    type: Literal["custom"]
    query: str


class LabelValues(Part):
    """`label_values(selector, label)`."""

    query: str
    ref_id: str
    qry_type: Literal[1]


class Found(Variable):
    """A variable over the values that a label has."""

    type: Literal["query"]
    datasource: DataSource
    definition: str
    query: LabelValues
    refresh: Literal[2]
    sort: Literal[7]


class Templating(Part):
    """A dashboard's variables."""

    list: tuple[Annotated[Listed | Found, Field(discriminator="type")], ...]


class GrafanaSource(Part):
    """Grafana itself."""

    type: Literal["grafana"]
    uid: str


class RuleStates(Part):
    """Grafana's own marks; hidden, and nothing is drawn for them."""

    name: str
    type: Literal["dashboard"]
    built_in: Literal[1]
    datasource: GrafanaSource
    enable: bool
    hide: bool
    icon_color: str


class Marks(Part):
    """Marks on every graph while a query is above nought."""

    name: str
    built_in: Literal[0] = 0
    datasource: DataSource
    enable: Literal[True]
    hide: Literal[False]
    icon_color: str
    expr: str
    step: str
    title_format: str


class Annotations(Part):
    """What is marked on graphs."""

    list: tuple[RuleStates | Marks, ...]


class TimeRange(Part):
    """From when to when, as `now-1h`."""

    from_: str = Field(alias="from")
    to: Literal["now"]


class TimePicker(Part):
    """Which refreshes are offered."""

    hidden: bool = False
    refresh_intervals: tuple[str, ...] = Field(alias="refresh_intervals")


class Frame(Part):
    """A dashboard without its panels."""

    uid: str
    title: str
    description: str
    tags: tuple[str, ...]
    timezone: Literal["browser"]
    editable: bool
    graph_tooltip: Literal[1]
    time: TimeRange
    timepicker: TimePicker
    refresh: str
    schema_version: Literal[41]
    fiscal_year_start_month: int = 0
    templating: Templating
    annotations: Annotations
    links: tuple[Link, ...]
