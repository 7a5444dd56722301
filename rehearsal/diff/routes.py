"""Who is told of a set of labels, by a route tree in the words of Alertmanager's file.

Source: prometheus.io/docs/alerting/latest/configuration, "Route-related settings".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rehearsal.stand_in.documents import Document

_MATCHER = re.compile(r'^(?P<label>\w+)(?P<operator>=~|!~|!=|=)"(?P<value>.*)"$', re.DOTALL)


_ALL_LABELS = ["..."]


@dataclass(frozen=True, kw_only=True)
class Group:
    """What is told in one message: alerts of one route that agree in these labels.

    `route` is its place in the tree, from the root on.
    """

    receiver: str
    route: tuple[int, ...]
    labels: tuple[tuple[str, str], ...]


def receivers(route: Document, labels: Mapping[str, str]) -> tuple[str, ...]:
    """The names of the receivers that hear of it, in the tree's order."""
    return tuple(group.receiver for group in groups(route, labels))


def groups(route: Document, labels: Mapping[str, str]) -> tuple[Group, ...]:
    """The groups that an alert of these labels joins, in the tree's order."""
    return tuple(_groups(route, labels, (), {}))


def _groups(
    route: Document, labels: Mapping[str, str], place: tuple[int, ...], inherited: Document
) -> Iterator[Group]:
    own = inherited | {key: route[key] for key in ("receiver", "group_by") if key in route}
    matched = False
    for position, nested in enumerate(route.get("routes", ())):
        if all(_matches(each, labels) for each in nested.get("matchers", ())):
            matched = True
            yield from _groups(nested, labels, (*place, position), own)
            if not nested.get("continue"):
                return
    if not matched:
        by = own.get("group_by", [])
        names = sorted(labels) if by == _ALL_LABELS else by
        yield Group(
            receiver=own["receiver"],
            route=place,
            labels=tuple((name, labels.get(name, "")) for name in names),
        )


def _matches(matcher: str, labels: Mapping[str, str]) -> bool:
    found = _MATCHER.match(matcher)
    if found is None:
        raise ValueError(f"no matcher: {matcher}")
    wanted = re.sub(r"\\(.)", r"\1", found["value"])
    got = labels.get(found["label"], "")
    same = bool(re.fullmatch(wanted, got)) if "~" in found["operator"] else got == wanted
    return same is not found["operator"].startswith("!")
