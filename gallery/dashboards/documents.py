"""From the SDK's models to a dashboard as plain data, and back to its queries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from typing import Any, cast

from gallery.metrics.durations import Duration

# A rate looks over four scrapes (Grafana, "Using $__rate_interval").
_SCRAPES_OF_A_RATE = 4
# The SDK says this of every link and annotation, which would hide them in a menu.
_HIDDEN = ("placement", "inControlsMenu")


def plain(model: object) -> object:
    """A model of the SDK as the dicts, lists and scalars its JSON would hold."""
    if isinstance(model, Enum):
        return model.value
    if isinstance(model, Mapping):
        members = cast("Mapping[str, object]", model)
        shown = (item for item in sorted(members.items()) if item != _HIDDEN)
        return {key: plain(value) for key, value in shown}
    if isinstance(model, (list, tuple)):
        return [plain(value) for value in cast("Iterable[object]", model)]
    to_json = cast("Callable[[], object] | None", getattr(model, "to_json", None))
    return plain(to_json()) if to_json else model


def queries(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Every query of a dashboard as the title of its panel and PromQL without variables.

    A variable stands for what it selects when the dashboard is opened. The queries behind
    annotations and variables are among them, titled `annotation: …` and `variable: …`.
    """
    return [*_of_panels(document), *_of_annotations(document), *_of_variables(document)]


def _of_panels(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for panel in document["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], _substituted(target["expr"], document, target["interval"])


def _of_annotations(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for annotation in document["annotations"]["list"]:
        if "expr" in annotation:
            text = _substituted(annotation["expr"], document, annotation["step"])
            yield f"annotation: {annotation['name']}", text


def _of_variables(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for variable in document["templating"]["list"]:
        if variable["type"] == "query":
            asked: str = variable["query"]["query"]
            selector = asked.removeprefix("label_values(").rpartition(",")[0]
            yield f"variable: {variable['name']}", _substituted(selector, document, "1s")


def _substituted(expr: str, document: Mapping[str, Any], interval: str) -> str:
    rate = Duration.parse(interval) * _SCRAPES_OF_A_RATE
    shown: str = document["time"]["from"].removeprefix("now-")
    values = {"__rate_interval": str(rate), "__range": shown}
    for variable in document["templating"]["list"]:
        values[variable["name"]] = _selected(variable)
    # The longest name first: one may begin with another.
    for name in sorted(values, key=len, reverse=True):
        expr = expr.replace(f"${name}", values[name])
    return expr


def _selected(variable: Mapping[str, Any]) -> str:
    chosen = variable["current"]["value"]
    if chosen != ["$__all"]:
        return "|".join(chosen)
    if variable["type"] == "query":
        return ".+"
    return "|".join(option["value"] for option in variable["options"][1:])
