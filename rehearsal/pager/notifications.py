"""What a contact point was told, and how that is read out of each kind's message."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from textwrap import indent
from typing import Any
from urllib.parse import parse_qs

from pydantic import TypeAdapter

# One block per alert, as the stack's message template prints it.
_BLOCK = re.compile(r"^(FIRING|RESOLVED) ", re.MULTILINE)
_LABELS = re.compile(r"^Labels: (.*)$", re.MULTILINE)
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
    `title` and `text` are what a person sees.
    """

    received_at: float
    contact_point: str
    kind: str
    receiver: str | None
    status: str
    title: str
    text: str
    alerts: tuple[NotifiedAlert, ...]


FORM = TypeAdapter(Notification)
LIST_FORM = TypeAdapter(list[Notification])


def to_be_read(notifications: Sequence[Notification]) -> str:
    """What was told, newest first, for a person."""
    blocks = [
        f"{datetime.fromtimestamp(each.received_at, tz=UTC):%H:%M:%S} UTC  "
        f"{each.contact_point} ({each.kind})  {each.title}\n{indent(each.text.strip(), '    ')}\n"
        for each in reversed(notifications)
    ]
    return "\n".join(blocks) or "Nobody was told anything yet.\n"


@dataclass(frozen=True, kw_only=True)
class Message:
    """What one kind's protocol carries; `status` and `alerts` where it carries them apart."""

    title: str
    text: str
    status: str | None = None
    alerts: tuple[NotifiedAlert, ...] | None = None

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
    """The alerts of a text that has one block `FIRING name … Labels: a=b, c=d` for each.

    Nothing where it has no such block, as the text of a CloudWatch alarm.
    """
    starts = [*_BLOCK.finditer(text)]
    ends = [*(start.start() for start in starts), len(text)][1:]
    found = list[NotifiedAlert]()
    for start, end in zip(starts, ends, strict=True):
        labels = _LABELS.search(text, start.start(), end)
        pairs = {} if labels is None else dict(_LABEL.findall(labels.group(1).strip()))
        found.append(NotifiedAlert(status=start.group(1).lower(), labels=pairs))
    return tuple(found)


def from_pagerduty(body: bytes) -> Message:
    """An event of PagerDuty's Events API v2."""
    event = json.loads(body)
    if event["event_action"] not in {"trigger", "resolve"} or not event["routing_key"]:
        raise ValueError("an event needs a routing_key, and trigger or resolve as its action")
    payload = event["payload"]
    details: Mapping[str, Any] = payload.get("custom_details") or {}
    return Message(
        title=payload["summary"],
        # Alertmanager adds details of its own to the text that the stack wrote.
        text=str(details.get("text", json.dumps(details))),
        status="firing" if event["event_action"] == "trigger" else "resolved",
    )


def from_slack(body: bytes) -> Message:
    """A message to a Slack incoming webhook, in attachments as Alertmanager sends it."""
    attachments = json.loads(body)["attachments"]
    return Message(
        title="\n".join(attachment.get("title", "") for attachment in attachments),
        text="\n".join(attachment.get("text", "") for attachment in attachments),
    )


def from_sns(body: bytes) -> Message:
    """A Publish request to SNS."""
    form = parse_qs(body.decode(), keep_blank_values=True)
    if form.get("Action") != ["Publish"]:
        raise ValueError(f"SNS was asked for {form.get('Action')}, not to Publish")
    return Message(title=form.get("Subject", [""])[0], text=form["Message"][0])


def from_webhook(body: bytes) -> Message:
    """Alertmanager's and Grafana's own webhook message, which carries labels apart."""
    document = json.loads(body)
    alerts = tuple(
        NotifiedAlert(status=alert["status"], labels=alert["labels"])
        for alert in document["alerts"]
    )
    return Message(
        title=document.get("title") or f"{document['status']}: {document['groupLabels']}",
        text=body.decode(),
        status=document["status"],
        alerts=alerts,
    )


def from_mail(message: bytes) -> tuple[str | None, Message]:
    """The receiver and the message of an e-mail."""
    mail = message_from_bytes(message, policy=policy.default)
    part = mail.get_body(("plain", "html"))
    text = "" if part is None else str(part.get_content())
    receiver = mail["X-Receiver"]
    return receiver and str(receiver), Message(title=str(mail["Subject"]), text=text)


READERS = {
    "pagerduty": from_pagerduty,
    "slack": from_slack,
    "sns": from_sns,
    # Alertmanager has no Teams before 0.28; the stand-in sends it what Slack would get.
    "teams": from_slack,
    "webhook": from_webhook,
}
