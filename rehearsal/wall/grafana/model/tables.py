"""Tables, and what is done to frames before they are one."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from rehearsal.wall.grafana.model.panels import Asking
from rehearsal.wall.grafana.model.part import Part


class CellOptions(Part):
    """How a cell is drawn."""

    type: Literal["auto", "color-background", "gauge"]
    mode: Literal["basic"] = "basic"
    value_display_mode: Literal["text"] = "text"
    wrap_text: bool = False


class CellCustom(Part):
    """How a column is drawn; its width is in pixels."""

    cell_options: CellOptions = CellOptions(type="auto")
    width: int | None = None
    wrap_text: bool = False


class Footer(Part):
    """None is drawn."""

    show: Literal[False]
    count_rows: Literal[False]
    reducer: tuple[()] = ()


class SortBy(Part):
    """The column that rows are sorted by."""

    display_name: str
    desc: bool


class TableOptions(Part):
    """Around the cells."""

    cell_height: Literal["sm"]
    footer: Footer
    frame_index: Literal[0]
    show_header: Literal[True]
    show_type_icons: Literal[False]
    sort_by: tuple[SortBy, ...]


class JoinOptions(Part):
    """Frames side by side, by one field."""

    by_field: str
    mode: Literal["outer"]


class JoinByField(Part):
    """The transformation of that name."""

    id: Literal["joinByField"]
    options: JoinOptions


class OrganizeOptions(Part):
    """Which fields stay, in which order, under which names."""

    include_by_name: dict[str, Literal[True]]
    index_by_name: dict[str, int]
    rename_by_name: dict[str, str]
    exclude_by_name: dict[str, bool] = Field(default_factory=dict[str, bool])


class Organize(Part):
    """The transformation of that name."""

    id: Literal["organize"]
    options: OrganizeOptions


Transformation = Annotated[JoinByField | Organize, Field(discriminator="id")]


class Table(Asking):
    """A table."""

    type: Literal["table"]
    options: TableOptions
    transformations: tuple[Transformation, ...] = ()
