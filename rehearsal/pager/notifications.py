"""What a contact point was told."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from textwrap import indent

from pydantic import TypeAdapter

# One block for an alert that is told in full, one line for one that is named by its labels.
_BLOCK = re.compile(r"^(?P<status>FIRING|RESOLVED) (?P<labels>\w+=.*$)?", re.MULTILINE)
_LABELS = re.compile(r"^Labels: (?P<labels>.*)$", re.MULTILINE)
_COMMON = re.compile(r"^Common labels: (?P<labels>.*)$", re.MULTILINE)
_LABEL = re.compile(r"(\w+)=(.*?)(?=, \w+=|$)")


@dataclass(frozen=True, kw_only=True)
class NotifiedAlert:
    """An alert inside a notification; `status` is firing or resolved."""

    status: str
    labels: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Notification:
    """One delivery to one contact point.

    `received_at` is in seconds since the epoch; `status` is firing while any alert in it fires;
    `title` and `text` are what a person sees. `calls` is True where it opens an incident: whatever
    joins one that is open, acknowledged or not, rings nobody's telephone.
    """

    received_at: float
    contact_point: str
    kind: str
    receiver: str | None
    status: str
    title: str
    text: str
    alerts: tuple[NotifiedAlert, ...]
    calls: bool = False


FORM = TypeAdapter(Notification)
LIST_FORM = TypeAdapter(list[Notification])


def to_be_read(notifications: Sequence[Notification]) -> str:
    """What was told, newest first, for a person."""
    blocks = [
        f"{datetime.fromtimestamp(each.received_at, tz=UTC):%H:%M:%S} UTC  "
        f"{each.contact_point} ({each.kind}{', a call' if each.calls else ''})  {each.title}\n"
        f"{indent(each.text.strip(), '    ')}\n"
        for each in reversed(notifications)
    ]
    return "\n".join(blocks) or "Nobody was told anything yet.\n"


@dataclass(frozen=True, kw_only=True)
class Message:
    """What one kind's protocol carries; `status` and `alerts` where it carries them apart.

    `incident` is the key of the incident that it opens, joins or closes, where its receiver keeps
    incidents.
    """

    title: str
    text: str
    status: str | None = None
    alerts: tuple[NotifiedAlert, ...] | None = None
    incident: str | None = None

    def told(self) -> tuple[NotifiedAlert, ...]:
        """The alerts, read out of the text where they do not stand apart."""
        return alerts_in(self.text) if self.alerts is None else self.alerts

    def verdict(self) -> str:
        """Firing or resolved; a message about nothing that resolved is firing."""
        if self.status is not None:
            return self.status
        statuses = {alert.status for alert in self.told()}
        return "resolved" if statuses == {"resolved"} else "firing"


def alerts_in(text: str) -> tuple[NotifiedAlert, ...]:
    """The alerts that a text names, as the stack's message template writes them.

    Nothing where it names none, as the text of a CloudWatch alarm. Those that it only counts are
    not among them.
    """
    common = _pairs(_COMMON.search(text))
    starts = [*_BLOCK.finditer(text)]
    ends = [*(start.start() for start in starts), len(text)][1:]
    return tuple(
        NotifiedAlert(
            status=start["status"].lower(),
            labels=common | _pairs(start if start["labels"] else _LABELS.search(text, *span)),
        )
        for start, *span in zip(starts, (start.start() for start in starts), ends, strict=True)
    )


def _pairs(match: re.Match[str] | None) -> dict[str, str]:
    return {} if match is None else dict(_LABEL.findall(match["labels"].strip()))
