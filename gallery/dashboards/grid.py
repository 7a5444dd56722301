"""Where panels stand: bands from top to bottom on Grafana's grid of 24 columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from zlib import crc32

from grafana_foundation_sdk.models.dashboard import GridPos, Panel, RowPanel

COLUMNS = 24
_ROW_HEIGHT = 1
# An id is a positive 32-bit integer.
_IDS = 2**31 - 1


@dataclass(frozen=True, kw_only=True)
class Band:
    """Panels side by side, each with its width in columns; `height` in units of 30 pixels."""

    height: int
    panels: tuple[tuple[int, Panel], ...]


@dataclass(frozen=True, kw_only=True)
class Heading:
    """A row's title; what follows belongs to it. `repeat` names the variable it repeats for."""

    title: str
    repeat: str | None = None


def panel_id(title: str) -> int:
    """The id of the panel with this title.

    It depends on nothing else, so that a link to a panel outlives the panels added before it.
    """
    return crc32(title.encode()) % _IDS + 1


def placed(parts: Iterable[Band | Heading]) -> list[Panel | RowPanel]:
    """Every panel with its id and its place, from top to bottom."""
    return list(_placed(parts))


def _placed(parts: Iterable[Band | Heading]) -> Iterator[Panel | RowPanel]:
    top = 0
    for part in parts:
        if isinstance(part, Heading):
            yield RowPanel(
                title=part.title,
                id_val=panel_id(f"row {part.title}"),
                grid_pos=GridPos(h=_ROW_HEIGHT, w=COLUMNS, x=0, y=top),
                panels=[],
                repeat=part.repeat,
            )
            top += _ROW_HEIGHT
            continue
        left = 0
        for width, panel in part.panels:
            panel.id_val = panel_id(panel.title or "")
            panel.grid_pos = GridPos(h=part.height, w=width, x=left, y=top)
            left += width
            yield panel
        top += part.height
