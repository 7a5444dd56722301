"""A stat panel: a tile for each series, its last value on the colour that it has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rehearsal.wall.grafana.display import display
from rehearsal.wall.grafana.model.fields import FieldSettings, NoCustom
from rehearsal.wall.grafana.model.panels import Stat
from rehearsal.wall.grafana.model.part import Link
from rehearsal.wall.grafana.palette import Theme
from rehearsal.wall.grafana.read import field_named
from rehearsal.wall.grafana.series import named
from rehearsal.wall.views.asked import Asked

_LABEL = "${__field.labels."
_TIME_RANGE = "${__url_time_range}"


@dataclass(frozen=True, kw_only=True)
class Tile:
    """A value. `name` is empty where only the value is shown; `ink` is the colour of its text."""

    name: str
    text: str
    color: str
    ink: str
    links: tuple[Link, ...] = ()


def tiles(panel: Stat, asked: Sequence[Asked], theme: Theme, time_range: str = "") -> list[Tile]:
    """The tiles of a panel; without any series, one that says what that means.

    `time_range` is the time shown as an address has it.
    """
    named_too = panel.options.text_mode == "value_and_name"
    found = list[Tile]()
    for one in asked:
        for series in one.found:
            name = named(one.query.legend_format, series.labels)
            settings = field_named(panel.field_config, NoCustom, name)
            shown = _tile(series.last, settings, theme, name)
            found.append(
                Tile(
                    name=name if named_too else "",
                    text=shown.text,
                    color=shown.color,
                    ink=shown.ink,
                    links=tuple(_about(link, series.labels, time_range) for link in settings.links),
                )
            )
    return found or [_tile(None, field_named(panel.field_config, NoCustom, ""), theme, "")]


def _tile(value: float | None, settings: FieldSettings[NoCustom], theme: Theme, name: str) -> Tile:
    shown = display(value, settings, theme, name)
    return Tile(name="", text=shown.text, color=shown.color, ink=theme.text_on(shown.color))


def _about(link: Link, labels: Mapping[str, str], time_range: str) -> Link:
    """The link with the labels of its series."""
    changed = {"title": link.title, "url": link.url.replace(_TIME_RANGE, time_range)}
    for key, text in changed.items():
        for label, value in labels.items():
            text = text.replace(f"{_LABEL}{label}}}", value)  # noqa: PLW2901
        changed[key] = text
    return link.model_copy(update=changed)
