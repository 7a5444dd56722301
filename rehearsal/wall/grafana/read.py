"""Reads a dashboard, panel by panel: one that cannot be drawn says why and spoils no other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from rehearsal.wall.grafana.model.fields import FieldConfig, FieldSettings, NoCustom
from rehearsal.wall.grafana.model.frame import Frame
from rehearsal.wall.grafana.model.graphs import LaneCustom, LineCustom, StateTimeline, TimeSeries
from rehearsal.wall.grafana.model.panels import AlertList, Asking, Row, Stat, Text
from rehearsal.wall.grafana.model.part import GridPos, Part
from rehearsal.wall.grafana.model.tables import CellCustom, Table

Readable = Stat | TimeSeries | StateTimeline | Table | AlertList | Text
_PANEL: TypeAdapter[Readable] = TypeAdapter(Annotated[Readable, Field(discriminator="type")])
_CUSTOM: dict[type[Asking], type[Part]] = {
    Stat: NoCustom,
    TimeSeries: LineCustom,
    StateTimeline: LaneCustom,
    Table: CellCustom,
}
CustomT = TypeVar("CustomT", bound=Part)


@dataclass(frozen=True, kw_only=True)
class Undrawable:
    """A panel that the wall does not draw, and why."""

    id: int
    title: str
    grid_pos: GridPos
    why: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Section:
    """The panels under a row, or those before the first, which have none."""

    row: Row | None
    panels: tuple[Readable | Undrawable, ...]


@dataclass(frozen=True, kw_only=True)
class Dashboard:
    """A dashboard as it is drawn."""

    frame: Frame
    sections: tuple[Section, ...]

    def panels(self) -> Iterator[Readable | Undrawable]:
        """Every panel."""
        for section in self.sections:
            yield from section.panels

    def undrawable(self) -> list[Undrawable]:
        """The panels that cannot be drawn."""
        return [panel for panel in self.panels() if isinstance(panel, Undrawable)]


class DashboardError(Exception):
    """A dashboard of which not even the frame can be drawn; its text says why."""


def read(document: dict[str, Any]) -> Dashboard:
    """A dashboard in Grafana's JSON model. Raises DashboardError."""
    rest = {key: value for key, value in document.items() if key != "panels"}
    try:
        frame = Frame.model_validate(rest)
        sections = tuple(_sections(document["panels"]))
    except ValidationError as error:
        raise DashboardError("; ".join(_reasons(error))) from None
    return Dashboard(frame=frame, sections=sections)


def field_named(config: FieldConfig, custom: type[CustomT], name: str) -> FieldSettings[CustomT]:
    """How the field of that name looks: the defaults, with its overrides in their order.

    Raises pydantic.ValidationError for a setting that is not drawn.
    """
    settings = dict(config.defaults)
    settings["custom"] = dict(settings.get("custom") or {})
    for override in config.overrides:
        if override.matcher.options == name:
            for one in override.properties:
                place, _, key = one.id.rpartition(".")
                target = settings["custom"] if place == "custom" else settings
                target[key if place in {"", "custom"} else one.id] = one.value
    return FieldSettings[custom].model_validate(settings)


def _sections(panels: Iterable[dict[str, Any]]) -> Iterator[Section]:
    row, found = None, list[Readable | Undrawable]()
    for panel in panels:
        if panel["type"] == "row":
            yield from _section(row, found)
            row = Row.model_validate(panel)
            found = [_panel(inner) for inner in row.panels]
        else:
            found.append(_panel(panel))
    yield from _section(row, found)


def _section(row: Row | None, panels: list[Readable | Undrawable]) -> Iterator[Section]:
    if row is not None or panels:
        yield Section(row=row, panels=tuple(panels))


def _panel(document: dict[str, Any]) -> Readable | Undrawable:
    try:
        panel = _PANEL.validate_python(document)
        if isinstance(panel, Asking):
            _try_fields(panel)
    except ValidationError as error:
        return Undrawable(
            id=document["id"],
            title=document.get("title", ""),
            grid_pos=GridPos.model_validate(document["gridPos"]),
            why=tuple(_reasons(error)),
        )
    return panel


def _try_fields(panel: Asking) -> None:
    """Raise for settings of fields that cannot be drawn, whether or not such a field comes."""
    custom = _CUSTOM[type(panel)]
    config = panel.field_config
    for name in ("", *(override.matcher.options for override in config.overrides)):
        field_named(config, custom, name)


def _reasons(error: ValidationError) -> Iterator[str]:
    """What is not drawn, by its place in the JSON."""
    for fault in error.errors():
        place = ".".join(str(part) for part in fault["loc"])
        given = fault["input"]
        match fault["type"]:
            case "union_tag_invalid":
                tag = fault.get("ctx", {})["tag"]
                yield f'{place or "panels of type"}: "{tag}" is not drawn here'
            case "extra_forbidden":
                yield f"{place}: this option is not drawn here"
            case _:
                shown = "" if isinstance(given, dict | list | BaseModel) else f" {given!r}"
                yield f"{place}:{shown} is not drawn here ({fault['msg']})"
