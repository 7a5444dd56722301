"""How a field looks: units, colours, words for values, and what is different for some fields."""

from __future__ import annotations

from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import Field

from rehearsal.wall.grafana.model.part import Link, Part


class Step(Part):
    """A threshold's lower edge, None for none, and the colour from there on."""

    value: float | None
    color: str


class Thresholds(Part):
    """Steps in ascending order."""

    mode: Literal["absolute"]
    steps: tuple[Step, ...]


class Meaning(Part):
    """What one value means."""

    text: str
    color: str | None = None
    index: int = 0


class ValueMapping(Part):
    """Words for values, by the value as Grafana writes it."""

    type: Literal["value"]
    options: dict[str, Meaning]


class SpecialResult(Part):
    """What a special value means."""

    match: Literal["null+nan"]
    result: Meaning


class SpecialMapping(Part):
    """Words for no value."""

    type: Literal["special"]
    options: SpecialResult


Mapping = Annotated[ValueMapping | SpecialMapping, Field(discriminator="type")]


class FieldColor(Part):
    """How a field gets its colour."""

    mode: Literal["thresholds", "palette-classic-by-name", "fixed"]
    fixed_color: str | None = None


class NoCustom(Part):
    """A stat panel has no settings of its own for a field."""


Custom = TypeVar("Custom", bound=Part)


class FieldSettings(Part, Generic[Custom]):
    """How one field looks; `unit` is Grafana's id of a unit."""

    unit: str = "none"
    decimals: int | None = None
    min: float | None = None
    max: float | None = None
    no_value: str = "No data"
    color: FieldColor = FieldColor(mode="thresholds")
    thresholds: Thresholds = Thresholds(mode="absolute", steps=())
    mappings: tuple[Mapping, ...] = ()
    links: tuple[Link, ...] = ()
    custom: Custom


class Matcher(Part):
    """Which field an override is for."""

    id: Literal["byName"]
    options: str


class Property(Part):
    """A setting by its path, as `custom.lineWidth`."""

    id: str
    value: Any


class Override(Part):
    """Settings for one field."""

    matcher: Matcher
    properties: tuple[Property, ...]


class FieldConfig(Part):
    """How all fields look, and what is different for some."""

    defaults: dict[str, Any]
    overrides: tuple[Override, ...] = ()
