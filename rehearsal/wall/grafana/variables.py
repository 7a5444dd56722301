"""A dashboard's variables: what is chosen of each, and what that makes of a text."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rehearsal.wall.grafana.intervals import Interval
from rehearsal.wall.grafana.model.frame import Found, Listed

ALL = "$__all"
_NAME = re.compile(r"\$(?:\{(?P<braced>[\w.]+)\}|(?P<plain>\w+))")
_SPECIAL = frozenset("$^*{}[]'+?.()|")
_LABEL_VALUES = re.compile(r"label_values\((?P<selector>.*),\s*(?P<label>\w+)\)", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A variable, the values that it can have, and those that are chosen."""

    name: str
    label: str
    description: str
    values: tuple[str, ...]
    chosen: tuple[str, ...]

    @property
    def selected(self) -> tuple[str, ...]:
        """The chosen values, each by itself."""
        return self.values if ALL in self.chosen else self.chosen

    def in_query(self) -> str:
        """What stands for it in PromQL: the value alone, or an alternation of several."""
        escaped = [_escaped(value) for value in self.selected]
        return escaped[0] if len(escaped) == 1 else f"({'|'.join(escaped)})"


def _escaped(value: str) -> str:
    """As a pattern in a string: PromQL reads the string's backslashes before the pattern's."""
    pattern = value.replace("\\", "\\" * 4)
    return "".join(f"\\\\{one}" if one in _SPECIAL else one for one in pattern)


def listed(variable: Listed, asked: tuple[str, ...]) -> Choice:
    """A variable over given values; `asked` is what the address asks for, or nothing."""
    values = tuple(str(one.value) for one in variable.options if one.value != ALL)
    return _choice(variable, values, asked)


def found(variable: Found, values: tuple[str, ...], asked: tuple[str, ...]) -> Choice:
    """A variable over values that a query found, in their natural order."""
    return _choice(variable, tuple(sorted(values, key=natural)), asked)


def label_values(variable: Found) -> tuple[str, str]:
    """The selector and the label whose values are asked for. Raises ValueError."""
    asked = _LABEL_VALUES.fullmatch(variable.query.query)
    if asked is None:
        raise ValueError(f"variable {variable.name}: only label_values(selector, label) is known")
    return asked["selector"], asked["label"]


def natural(value: str) -> list[tuple[int, str]]:
    """Sorts host-9 before host-10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", value)]


def interpolated(text: str, choices: Mapping[str, Choice], over: Interval | None = None) -> str:
    """A query with values for its variables; one that nobody knows stays, as in Grafana."""

    def value(match: re.Match[str]) -> str:
        name = match["braced"] or match["plain"]
        if name in choices:
            return choices[name].in_query()
        if over is not None and name in _OF_TIME:
            return f"{_OF_TIME[name](over):.0f}s"
        return match[0]

    return _NAME.sub(value, text)


def titled(text: str, choices: Mapping[str, Choice]) -> str:
    """A heading with values for its variables, as people read them."""
    return _NAME.sub(lambda match: _said(match["braced"] or match["plain"], choices), text)


def _said(name: str, choices: Mapping[str, Choice]) -> str:
    choice = choices.get(name)
    if choice is None:
        return f"${name}"
    return "All" if ALL in choice.chosen else " + ".join(choice.chosen)


_OF_TIME: dict[str, Callable[[Interval], float]] = {
    "__rate_interval": lambda over: over.rate,
    "__interval": lambda over: over.step,
    "__range": lambda over: over.range,
}


def _choice(variable: Listed | Found, values: tuple[str, ...], asked: tuple[str, ...]) -> Choice:
    current = variable.current.value
    usual = (current,) if isinstance(current, str) else current
    known = tuple(value for value in asked if value in (*values, ALL))
    return Choice(
        name=variable.name,
        label=variable.label,
        description=variable.description,
        values=values,
        chosen=known or usual,
    )
