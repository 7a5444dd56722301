"""Where a tree of routes leads an alert of which only some labels are known.

Source: Alertmanager, "Configuration", route; Grafana's notification policies are the same tree.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_MATCHER = re.compile(r'\s*(?P<label>\w+)\s*(?P<how>=~|!~|!=|=)\s*"?(?P<value>.*?)"?\s*')
_HOLDS: dict[str, Callable[[str, str], bool]] = {
    "=": lambda value, wanted: value == wanted,
    "!=": lambda value, wanted: value != wanted,
    "=~": lambda value, wanted: re.fullmatch(wanted, value) is not None,
    "!~": lambda value, wanted: re.fullmatch(wanted, value) is None,
}


@dataclass(frozen=True)
class Matcher:
    """A condition on one label: `how` is `=`, `!=`, `=~` or `!~`."""

    label: str
    how: str
    value: str

    @classmethod
    def parse(cls, text: str) -> Matcher:
        """Read `owner=~"monitoring|reliability"`."""
        found = _MATCHER.fullmatch(text)
        if found is None:
            raise ValueError(f"no matcher: {text}")
        return cls(found["label"], found["how"], found["value"])

    def holds(self, labels: Mapping[str, str]) -> bool | None:
        """Whether it does; None where the label comes from the series that the alert is about."""
        if self.label not in labels:
            return None
        return _HOLDS[self.how](labels[self.label], self.value)


@dataclass(frozen=True, kw_only=True)
class Route:
    """A node of the tree."""

    receiver: str
    matchers: tuple[Matcher, ...]
    goes_on: bool
    routes: tuple[Route, ...]

    def taken(self, labels: Mapping[str, str]) -> bool | None:
        """Whether an alert with these labels comes here; None where it may."""
        answers = [matcher.holds(labels) for matcher in self.matchers]
        if False in answers:
            return False
        return None if None in answers else True

    def reached(self, labels: Mapping[str, str]) -> frozenset[str]:
        """Every receiver that an alert with these labels may come to."""
        found = frozenset[str]()
        for route in self.routes:
            taken = route.taken(labels)
            if taken is False:
                continue
            found |= route.reached(labels)
            if taken and not route.goes_on:
                return found
        return found | {self.receiver}


def of_grafana(policy: Mapping[str, Any], above: str = "") -> Route:
    """A notification policy as the provider takes it."""
    receiver = policy.get("contactPoint") or above
    return Route(
        receiver=receiver,
        matchers=tuple(
            Matcher(one["label"], one["match"], one["value"]) for one in policy.get("matchers", [])
        ),
        goes_on=bool(policy.get("continue")),
        routes=_each(of_grafana, policy.get("policies"), receiver),
    )


def of_alertmanager(route: Mapping[str, Any], above: str = "") -> Route:
    """A route as Alertmanager's configuration has it."""
    receiver = route.get("receiver") or above
    return Route(
        receiver=receiver,
        matchers=tuple(Matcher.parse(text) for text in route.get("matchers", [])),
        goes_on=bool(route.get("continue")),
        routes=_each(of_alertmanager, route.get("routes"), receiver),
    )


def _each(
    read: Callable[[Mapping[str, Any], str], Route],
    below: Iterable[Mapping[str, Any]] | None,
    receiver: str,
) -> tuple[Route, ...]:
    return tuple(read(one, receiver) for one in below or ())
