"""An alert list: what fires and what is about to, the gravest first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rehearsal.machine.queries import ActiveAlert
from rehearsal.wall.grafana.model.panels import AlertListOptions

_MATCHER = re.compile(r'\s*(\w+)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"\s*(?:,|$)')
_GRAVEST_FIRST = ("firing", "pending")


@dataclass(frozen=True, kw_only=True)
class ListedAlert:
    """An alert; `since` is in seconds since the epoch, `labels` those that a person asks for."""

    name: str
    state: str
    since: float
    labels: tuple[tuple[str, str], ...]


def listed(options: AlertListOptions, active: Iterable[ActiveAlert]) -> list[ListedAlert]:
    """The alerts that the panel's selector leaves. Raises ValueError for one that it is not."""
    matchers = _matchers(options.alert_instance_label_filter)
    seen = [alert for alert in active if all(_matches(one, alert.labels) for one in matchers)]
    seen.sort(key=lambda alert: (_GRAVEST_FIRST.index(alert.state), alert.active_at))
    return [
        ListedAlert(
            name=alert.name,
            state=alert.state,
            since=alert.active_at,
            labels=tuple(sorted((k, v) for k, v in alert.labels.items() if k != "alertname")),
        )
        for alert in seen[: options.max_items]
    ]


Matcher = tuple[str, str, str]


def _matchers(selector: str) -> list[Matcher]:
    inner = selector.strip().removeprefix("{").removesuffix("}")
    found = list(_MATCHER.finditer(inner))
    if "".join(match[0] for match in found) != inner:
        raise ValueError(f"not a selector of labels: {selector}")
    return [(match[1], match[2], match[3]) for match in found]


def _matches(matcher: Matcher, labels: Mapping[str, str]) -> bool:
    name, operator, wanted = matcher
    value = labels.get(name, "")
    if operator in {"=", "!="}:
        return (value == wanted) == (operator == "=")
    return bool(re.fullmatch(wanted, value)) == (operator == "=~")
