"""What a value looks like: its text and its colour, from the settings of its field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from rehearsal.wall.grafana.model.fields import FieldSettings, Meaning, SpecialMapping, ValueMapping
from rehearsal.wall.grafana.model.part import Part
from rehearsal.wall.grafana.palette import Theme
from rehearsal.wall.grafana.units import formatted

CustomT = TypeVar("CustomT", bound=Part)
# What Grafana takes where a field has no thresholds.
_NO_THRESHOLDS = "#808080"


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A text, and the colour that its value has."""

    text: str
    color: str


def display(
    value: float | str | None, settings: FieldSettings[CustomT], theme: Theme, name: str = ""
) -> Shown:
    """How a value is shown; None is no value. `name` is that of its series.

    Raises ValueError for a unit that is not known.
    """
    meaning = _meaning(value, settings)
    color = theme.color(
        meaning.color if meaning and meaning.color else _color(value, settings, theme, name)
    )
    if meaning is not None:
        return Shown(text=meaning.text, color=color)
    if value is None:
        return Shown(text=settings.no_value, color=color)
    if isinstance(value, str):
        return Shown(text=value, color=color)
    return Shown(text=formatted(value, settings.unit, settings.decimals), color=color)


def _meaning(value: float | str | None, settings: FieldSettings[CustomT]) -> Meaning | None:
    # Whole numbers are written without a point.
    key = f"{value:.15g}" if isinstance(value, float) else value
    for mapping in settings.mappings:
        match mapping:
            case SpecialMapping():
                if value is None:
                    return mapping.options.result
            case ValueMapping():
                if key in mapping.options:
                    return mapping.options[key]
    return None


def _color(
    value: float | str | None, settings: FieldSettings[CustomT], theme: Theme, name: str
) -> str:
    match settings.color.mode:
        case "fixed":
            return settings.color.fixed_color or _NO_THRESHOLDS
        case "palette-classic-by-name":
            return theme.of_series(name)
        case "thresholds":
            return threshold(value if isinstance(value, float) else None, settings)


def threshold(value: float | None, settings: FieldSettings[CustomT]) -> str:
    """The colour of the step that the value has reached; no value has that of the first."""
    reached = [
        step.color
        for step in settings.thresholds.steps
        if step.value is None or (value is not None and value >= step.value)
    ]
    return reached[-1] if reached else _NO_THRESHOLDS
