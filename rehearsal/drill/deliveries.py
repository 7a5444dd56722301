"""Notifications as lines of a timeline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from gallery.metrics.labels import SEVERITY
from rehearsal.drill.timeline import Event, EventKind
from rehearsal.pager.notifications import Notification

# So many messages at once are counted instead of named.
_FLOOD = 4
# What a severity makes of a message.
_KINDS = {"page": "a page", "ticket": "a ticket"}


def deliveries(fresh: Sequence[Notification]) -> list[Event]:
    """Who was told: one line for a message, whoever got it, or one for a whole flood."""
    messages = dict[tuple[str, str], list[Notification]]()
    for notification in fresh:
        message = messages.setdefault((_kind(notification), notification.title), [])
        message.append(notification)
    if len(messages) <= _FLOOD:
        return [_delivery(*key, each) for key, each in messages.items()]
    told = Counter(notification.contact_point for notification in fresh)
    to = ", ".join(f"{count} to {name}" for name, count in sorted(told.items()))
    return [Event(fresh[0].received_at, f"messages are delivered: {to}", kind=EventKind.DELIVERED)]


def _delivery(kind: str, title: str, each: list[Notification]) -> Event:
    to = " and ".join(f"{one.contact_point} ({one.kind})" for one in each)
    # A webhook's text is a document for a program, and a resolve says what the page did.
    texts = [one.text for one in each if one.kind != "webhook" and one.status != "resolved"]
    return Event(
        each[0].received_at,
        f"{kind} is delivered to {to}: {title}",
        next(iter(texts), ""),
        EventKind.RESOLVED if each[0].status == "resolved" else EventKind.DELIVERED,
    )


def _kind(notification: Notification) -> str:
    """What a person would call the message."""
    if notification.status == "resolved":
        return "a resolve"
    severities = {alert.labels.get(SEVERITY) for alert in notification.alerts}
    return next((kind for severity, kind in _KINDS.items() if severity in severities), "a message")
