"""Parts that everything in a dashboard is made of."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Part(BaseModel):
    """Something of a dashboard; what it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel)


class DataSource(Part):
    """Where queries are asked."""

    type: Literal["grafana-amazonprometheus-datasource"]
    uid: str


class GridPos(Part):
    """A place in a grid of 24 columns; a row is 30 pixels high, with 8 between rows."""

    x: int
    y: int
    w: int
    h: int


class Link(Part):
    """A link; with `keep_time` it takes the shown time along."""

    title: str
    url: str
    tooltip: str = ""
    icon: str = ""
    type: Literal["link"] = "link"
    tags: tuple[()] = ()
    as_dropdown: Literal[False] = False
    include_vars: Literal[False] = False
    keep_time: bool = False
    target_blank: bool = False
