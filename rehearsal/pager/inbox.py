"""The pager's input, its log of notifications, and its refusals."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter

from rehearsal.heartbeat import Alarm
from rehearsal.machine.records import Records
from rehearsal.pager.notifications import FORM, Message, Notification


@dataclass(frozen=True, order=True, kw_only=True)
class Recipient:
    """A contact point the pager stands for."""

    name: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class PagerConfig:
    """The pager's input: where it listens, for whom, and which alarms it watches.

    `topics` maps the name of an SNS topic to the contact point that it is.
    """

    http: str
    mail: str
    recipients: tuple[Recipient, ...]
    topics: dict[str, str]
    alarms: tuple[Alarm, ...]

    def write(self, path: Path) -> None:
        """Put the pager_config into a file."""
        path.write_bytes(_FORM.dump_json(self, indent=2) + b"\n")

    @classmethod
    def read(cls, path: Path) -> PagerConfig:
        """The pager_config in a file that `write` filled."""
        return _FORM.validate_json(path.read_bytes())


_FORM = TypeAdapter(PagerConfig)


@dataclass
class Inbox:
    """Writes down what came, one JSON object a line, in the order of arrival."""

    log: Path
    recipients: Iterable[Recipient]
    notifications: list[Notification] = field(default_factory=list[Notification], init=False)
    refused: int = field(default=0, init=False)
    _refuses_until: dict[str, float] = field(default_factory=dict[str, float], init=False)
    _open_incidents: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]], init=False)

    def refuse(self, names: Iterable[str], until: float) -> None:
        """Refuse every delivery to these contact points, or to all where none is named."""
        names = tuple(names) or tuple(recipient.name for recipient in self.recipients)
        self._refuses_until = dict.fromkeys(names, until)

    def refuses(self, name: str, now: float) -> bool:
        """Whether a delivery to the contact point is refused now; if so, it is counted."""
        refuses = now < self._refuses_until.get(name, 0.0)
        self.refused += refuses
        return refuses

    def refusing(self, now: float) -> list[str]:
        """The contact points to which every delivery is refused now."""
        return sorted(name for name, until in self._refuses_until.items() if now < until)

    def deliver(
        self, recipient: Recipient, receiver: str | None, message: Message, now: float
    ) -> Notification:
        """Write a message down."""
        notification = Notification(
            received_at=now,
            contact_point=recipient.name,
            kind=recipient.kind,
            receiver=receiver,
            status=message.verdict(),
            title=message.title,
            text=message.text,
            alerts=message.told(),
            calls=self._opens(recipient, message),
        )
        self.notifications.append(notification)
        Records(self.log, FORM).add(notification)
        return notification

    def _opens(self, recipient: Recipient, message: Message) -> bool:
        """Whether a message opens an incident of the contact point; keeps which are open."""
        if message.incident is None:
            return False
        incident = (recipient.name, message.incident)
        opens = message.verdict() == "firing" and incident not in self._open_incidents
        if message.verdict() == "firing":
            self._open_incidents.add(incident)
        else:
            self._open_incidents.discard(incident)
        return opens

    def beats(self, contact_point: str) -> list[float]:
        """When something came for the contact point, ascending."""
        return [
            notification.received_at
            for notification in self.notifications
            if notification.contact_point == contact_point
        ]
