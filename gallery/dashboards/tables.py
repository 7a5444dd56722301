"""Tables: one line for each service or host, with what is wrong on top."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from grafana_foundation_sdk.models import common, table
from grafana_foundation_sdk.models import dashboard as model

from gallery.dashboards.panels import Face, Query, configured, panel, states, targets
from gallery.dashboards.sources import Source

_PLAIN = {"type": "auto"}
_WRAPPED = {"type": "auto", "wrapText": True}
_COLOURED = {"type": "color-background", "mode": "basic"}
_GAUGED = {"type": "gauge", "mode": "basic", "valueDisplayMode": "text"}


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column under its heading. `shows` is the label or `Value #A` that stands in it.

    `texts` replace what the column would show; `width` is in pixels.
    """

    heading: str
    shows: str
    width: int | None = None
    face: Face | None = None
    gauge: bool = False
    state: str | None = None
    texts: Mapping[str, str] = field(default_factory=dict[str, str])


def live_table(
    source: Source,
    title: str,
    description: str,
    queries: tuple[Query, ...],
    columns: tuple[Column, ...],
    *,
    key: str | None = None,
    greatest_first: bool = False,
) -> model.Panel:
    """What is now, sorted by the first column.

    `key` is the label by which several queries make one line.
    """
    built = panel(
        "table",
        title,
        description,
        queries=targets(source, *queries, instant=True, table=True),
        options=table.Options(
            show_header=True,
            cell_height=common.TableCellHeight.SM,
            sort_by=[
                common.TableSortByFieldState(display_name=columns[0].heading, desc=greatest_first)
            ],
        ),
        defaults=configured(Face(unit="none", empty="-")),
        overrides=[_override(column) for column in columns],
    )
    built.transformations = [*([_joined(key)] if key else []), _arranged(columns)]
    return built


def _joined(key: str) -> model.DataTransformerConfig:
    return model.DataTransformerConfig(
        id_val="joinByField", options={"byField": key, "mode": "outer"}
    )


def _arranged(columns: tuple[Column, ...]) -> model.DataTransformerConfig:
    """The columns in their order under their headings, and no others."""
    shown = [column.shows for column in columns]
    return model.DataTransformerConfig(
        id_val="organize",
        options={
            "includeByName": dict.fromkeys(shown, True),
            "indexByName": {name: index for index, name in enumerate(shown)},
            "renameByName": {column.shows: column.heading for column in columns},
        },
    )


def _override(column: Column) -> model.DashboardFieldConfigSourceOverrides:
    properties = [
        model.DynamicConfigValue(id_val=f"custom.{name}", value=value)
        for name, value in _cell(column).items()
    ]
    if column.width:
        properties.append(model.DynamicConfigValue(id_val="custom.width", value=column.width))
    if column.face:
        properties += _looks(column.face)
    if mappings := _mappings(column):
        properties.append(model.DynamicConfigValue(id_val="mappings", value=mappings))
    return model.DashboardFieldConfigSourceOverrides(
        matcher=model.MatcherConfig(id_val="byName", options=column.heading),
        properties=properties,
    )


def _cell(column: Column) -> dict[str, object]:
    if column.gauge:
        return {"cellOptions": _GAUGED}
    if column.state or (column.face and len(column.face.steps) > 1):
        return {"cellOptions": _COLOURED}
    # Grafana moved the setting out of the cell's options within version 12.
    return {"cellOptions": _WRAPPED, "wrapText": True} if column.texts else {"cellOptions": _PLAIN}


def _looks(face: Face) -> list[model.DynamicConfigValue]:
    config = configured(face)
    looks = {
        "unit": config.unit,
        "decimals": config.decimals,
        "min": config.min_val,
        "max": config.max_val,
        "thresholds": config.thresholds,
    }
    return [
        model.DynamicConfigValue(id_val=name, value=value)
        for name, value in looks.items()
        if value is not None
    ]


def _mappings(column: Column) -> list[model.ValueMapping]:
    if column.state:
        return states(column.state)
    if not column.texts:
        return []
    return [
        model.ValueMap(
            options={
                name: model.ValueMappingResult(text=text, index=index)
                for index, (name, text) in enumerate(column.texts.items())
            }
        )
    ]
