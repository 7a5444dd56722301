"""Who is told of a set of labels, by a route tree in the words of Alertmanager's file.

Source: prometheus.io/docs/alerting/latest/configuration, "Route-related settings".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from rehearsal.stand_in.documents import Document

_MATCHER = re.compile(r'^(?P<label>\w+)(?P<operator>=~|!~|!=|=)"(?P<value>.*)"$', re.DOTALL)


def receivers(route: Document, labels: Mapping[str, str]) -> tuple[str, ...]:
    """The names of the receivers that hear of it, in the tree's order."""
    return tuple(_receivers(route, labels, route["receiver"]))


def _receivers(route: Document, labels: Mapping[str, str], inherited: str) -> Iterator[str]:
    own = route.get("receiver", inherited)
    matched = False
    for nested in route.get("routes", ()):
        if all(_matches(each, labels) for each in nested.get("matchers", ())):
            matched = True
            yield from _receivers(nested, labels, own)
            if not nested.get("continue"):
                return
    if not matched:
        yield own


def _matches(matcher: str, labels: Mapping[str, str]) -> bool:
    found = _MATCHER.match(matcher)
    if found is None:
        raise ValueError(f"no matcher: {matcher}")
    wanted = re.sub(r"\\(.)", r"\1", found["value"])
    got = labels.get(found["label"], "")
    same = bool(re.fullmatch(wanted, got)) if "~" in found["operator"] else got == wanted
    return same is not found["operator"].startswith("!")
