"""What each contact point was told about each alert, read out of the pager's notifications.

A message that brings news of one alert lists others of its group again; that is no second page
for those. Nor is one that lists what was over before: an evaluator says for a quarter of an hour
that an alert is over, and the notifier passes it on with what fires then. A message that says
nothing else than before is a second page.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from rehearsal.pager.notifications import Notification, NotifiedAlert

ALERTNAME = "alertname"
Key = tuple[str, frozenset[tuple[str, str]]]


@dataclass(kw_only=True)
class AlertNotifications:
    """One alert at one contact point.

    `firings` are the times at which it was said to fire, without mere mentions; `resolves` those
    at which it was said to be over; all in seconds since the epoch. `labels` are without the
    alert's name. `fired_at` is when the evaluator let it fire, where that is known otherwise.
    """

    alert: str
    labels: Mapping[str, str]
    contact_point: str
    firings: list[float] = field(default_factory=list[float])
    resolves: list[float] = field(default_factory=list[float])
    fired_at: float | None = None

    @property
    def key(self) -> Key:
        """The alert, whoever was told."""
        return self.alert, frozenset(self.labels.items())

    @property
    def open(self) -> bool:
        """Whether the contact point was last told that it fires."""
        return len(self.firings) > 0 and (not self.resolves or self.resolves[-1] < self.firings[-1])


@dataclass(frozen=True, kw_only=True)
class NotificationLog:
    """All that was told.

    `pages` counts, for an alert's name and a contact point, the messages that brought a new
    alert; `incidents` counts those before which nothing of that name was open. `alarms` are
    messages about no alert, as a CloudWatch alarm sends them.
    """

    told: tuple[AlertNotifications, ...]
    pages: Mapping[tuple[str, str], int]
    incidents: Mapping[tuple[str, str], int]
    alarms: tuple[Notification, ...]


def key_of(labels: Mapping[str, str]) -> Key:
    """The key of an alert whose labels hold its name."""
    rest = {name: value for name, value in labels.items() if name != ALERTNAME}
    return labels.get(ALERTNAME, ""), frozenset(rest.items())


def listed(
    notifications: Iterable[Notification], concerns: Callable[[str, Mapping[str, str]], bool]
) -> list[Notification]:
    """The messages that list such an alert as firing, were it as a mere mention."""
    return [
        notification
        for notification in notifications
        if any(
            alert.status == "firing"
            and concerns(alert.labels.get(ALERTNAME, ""), dict(key_of(alert.labels)[1]))
            for alert in notification.alerts
        )
    ]


def account(notifications: Iterable[Notification]) -> NotificationLog:
    """Read notifications, which are in the order of their arrival."""
    told = dict[tuple[Key, str], AlertNotifications]()
    pages, incidents = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    alarms = list[Notification]()
    for notification in notifications:
        if not notification.alerts:
            alarms.append(notification)
            continue
        items = [(alert, _told(told, alert, notification)) for alert in notification.alerts]
        opened = {(one.alert, one.contact_point) for one in told.values() if one.open}
        begun = _enter(notification, items)
        pages.update(begun)
        incidents.update(begun - opened)
    return NotificationLog(
        told=tuple(told.values()), pages=pages, incidents=incidents, alarms=tuple(alarms)
    )


def _told(
    told: dict[tuple[Key, str], AlertNotifications], alert: NotifiedAlert, into: Notification
) -> AlertNotifications:
    key = key_of(alert.labels)
    made = AlertNotifications(alert=key[0], labels=dict(key[1]), contact_point=into.contact_point)
    return told.setdefault((key, into.contact_point), made)


def _enter(
    notification: Notification,
    items: list[tuple[NotifiedAlert, AlertNotifications]],
) -> set[tuple[str, str]]:
    """What it brings a new alert of: names, each with the contact point."""
    at = notification.received_at
    firing = [item for alert, item in items if alert.status == "firing"]
    begun = [item for item in firing if not item.open]
    over = [item for alert, item in items if alert.status != "firing" and item.open]
    repeated = firing if not over and len(firing) == len(items) else []
    for item in begun or repeated:
        item.firings.append(at)
    for item in over:
        item.resolves.append(at)
    return {(item.alert, notification.contact_point) for item in begun}
