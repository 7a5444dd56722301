"""Where panels stand: bands from top to bottom on Grafana's grid of 24 columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from grafana_foundation_sdk.models.dashboard import GridPos, Panel, RowPanel

from gallery.alerts.panels import panel_id

COLUMNS = 24
_HEADING_HEIGHT = 1


@dataclass(frozen=True, kw_only=True)
class Band:
    """Panels side by side, each with its width in columns; `height` in units of 38 pixels."""

    height: int
    panels: tuple[tuple[int, Panel], ...]


@dataclass(frozen=True, kw_only=True)
class Heading:
    """A row's title; what follows belongs to it. `repeat` names the variable it repeats for."""

    title: str
    repeat: str | None = None


def side_by_side(height: int, *panels: Panel) -> Band:
    """A band of panels that share its width; what does not divide goes to the first ones."""
    width, rest = divmod(COLUMNS, len(panels))
    shares = ((width + (1 if number < rest else 0), panel) for number, panel in enumerate(panels))
    return Band(height=height, panels=tuple(shares))


def placed(parts: Iterable[Band | Heading]) -> Iterator[Panel | RowPanel]:
    """Every panel with its id and its place, from top to bottom."""
    top = 0
    for part in parts:
        if isinstance(part, Heading):
            yield _heading(part, top)
            top += _HEADING_HEIGHT
        else:
            yield from _band(part, top)
            top += part.height


def _heading(heading: Heading, top: int) -> RowPanel:
    return RowPanel(
        title=heading.title,
        id_val=panel_id(f"row: {heading.title}"),
        grid_pos=GridPos(h=_HEADING_HEIGHT, w=COLUMNS, x=0, y=top),
        panels=[],
        repeat=heading.repeat,
    )


def _band(band: Band, top: int) -> Iterator[Panel]:
    left = 0
    for width, panel in band.panels:
        panel.id_val = panel_id(panel.title or "")
        panel.grid_pos = GridPos(h=band.height, w=width, x=left, y=top)
        left += width
        yield panel
