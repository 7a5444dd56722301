"""A table: its columns, and what each cell shows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rehearsal.wall.grafana.display import display
from rehearsal.wall.grafana.model.fields import FieldSettings
from rehearsal.wall.grafana.model.tables import CellCustom, SortBy, Table
from rehearsal.wall.grafana.palette import Theme
from rehearsal.wall.grafana.read import field_named
from rehearsal.wall.grafana.series import Cell, Frame, frame, transformed
from rehearsal.wall.grafana.variables import natural
from rehearsal.wall.views.asked import Asked


@dataclass(frozen=True, kw_only=True)
class ShownCell:
    """A cell. `ground` and `ink` are set where it is coloured, `bar` (0 to 1) in a gauge."""

    text: str
    ground: str | None = None
    ink: str | None = None
    bar: float | None = None
    bar_color: str | None = None


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column; its width is in pixels, None for what is left."""

    heading: str
    width: int | None
    wraps: bool
    numeric: bool


@dataclass(frozen=True, kw_only=True)
class Cells:
    """A table as it is seen."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[ShownCell, ...], ...]


def cells(panel: Table, asked: Sequence[Asked], theme: Theme) -> Cells:
    """The cells of a panel, sorted as it says."""
    alone = len(asked) == 1
    frames = [frame(one.query, one.found, alone=alone) for one in asked]
    table = transformed(frames, panel.transformations)
    settings = {name: field_named(panel.field_config, CellCustom, name) for name in table.fields}
    return Cells(
        columns=tuple(_column(name, table, settings[name]) for name in table.fields),
        rows=tuple(
            tuple(_cell(table.fields[name][row], settings[name], theme) for name in table.fields)
            for row in _order(table, panel.options.sort_by)
        ),
    )


def _column(name: str, table: Frame, settings: FieldSettings[CellCustom]) -> Column:
    custom = settings.custom
    words = settings.mappings or any(isinstance(cell, str) for cell in table.fields[name])
    return Column(
        heading=name,
        width=custom.width,
        wraps=custom.wrap_text or custom.cell_options.wrap_text,
        numeric=not words,
    )


def _order(table: Frame, sort_by: Sequence[SortBy]) -> list[int]:
    rows = list(range(table.rows))
    for one in reversed(sort_by):
        if one.display_name in table.fields:
            column = table.fields[one.display_name]
            rows.sort(key=lambda row: _rank(column[row]), reverse=one.desc)
    return rows


def _rank(cell: Cell) -> tuple[int, float, list[tuple[int, str]]]:
    """Nothing comes first, then numbers, then texts."""
    if cell is None:
        return 0, 0.0, []
    return (2, 0.0, natural(cell)) if isinstance(cell, str) else (1, cell, [])


def _cell(cell: Cell, settings: FieldSettings[CellCustom], theme: Theme) -> ShownCell:
    shown = display(cell, settings, theme)
    match settings.custom.cell_options.type:
        case "auto":
            return ShownCell(text=shown.text)
        case "color-background":
            if cell is None:
                return ShownCell(text=shown.text)
            return ShownCell(text=shown.text, ground=shown.color, ink=theme.text_on(shown.color))
        case "gauge":
            return ShownCell(text=shown.text, bar=_share(cell, settings), bar_color=shown.color)


def _share(cell: Cell, settings: FieldSettings[CellCustom]) -> float | None:
    low, high = settings.min, settings.max
    if not isinstance(cell, float) or math.isnan(cell) or low is None or high is None:
        return None
    return min(1.0, max(0.0, (cell - low) / (high - low)))
