"""The files that the wall looks at, read anew when they have changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from gallery.alerts.model import Delivery
from gallery.dashboards.palette import ATTENTION, BAD, GOOD, STRONG, UNKNOWN
from gallery.plan.routing import DELIVERY
from rehearsal.drill.journal import DrillJournal, PlayedDrill
from rehearsal.drill.timeline import EventKind
from rehearsal.machine.programs import DRILLS, NOTIFICATIONS
from rehearsal.machine.records import Records
from rehearsal.pager.notifications import FORM, Notification
from rehearsal.wall.asking import Mark, Window
from rehearsal.wall.grafana.read import Dashboard, read

# What is marked on graphs, and in which colour.
_MARKED = {
    EventKind.BROKEN: BAD,
    EventKind.FIRING: ATTENTION,
    EventKind.DELIVERED: UNKNOWN,
    EventKind.MENDED: GOOD,
    EventKind.RESOLVED: STRONG,
}
_HEARTBEATS = {Delivery.HEARTBEAT, Delivery.GRAFANA_HEARTBEAT}
# More than fit on a screen, and few enough to be sent each second.
_MOST_TOLD = 20


Read = TypeVar("Read")


@dataclass
class _Growing(Generic[Read]):
    """What is read from a file that only grows, read again once it has."""

    path: Path
    read: Callable[[Path], Read]
    _size: int = field(default=-1, init=False)
    _known: Read = field(init=False, repr=False)

    def now(self) -> Read:
        """What it holds now."""
        size = self.path.stat().st_size if self.path.exists() else 0
        if size != self._size:
            self._size, self._known = size, self.read(self.path)
        return self._known


@dataclass
class LookedAt:
    """A rehearsal's directory, as the wall sees it."""

    state: Path
    _drills: _Growing[list[PlayedDrill]] = field(init=False)
    _notifications: _Growing[list[Notification]] = field(init=False)

    def __post_init__(self) -> None:
        self._drills = _Growing(self.state / DRILLS, lambda path: DrillJournal(path).drills())
        self._notifications = _Growing(
            self.state / NOTIFICATIONS, lambda path: Records(path, FORM).read()
        )

    def dashboards(self) -> dict[str, Dashboard]:
        """The rendered dashboards by uid. Raises DashboardError."""
        folder = self.state / "deployed" / "grafana" / "dashboards"
        documents: list[dict[str, Any]] = [
            json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))
        ]
        return {document["uid"]: read(document) for document in documents}

    def drills(self) -> list[PlayedDrill]:
        """The drills that were played, oldest first."""
        return self._drills.now()

    def told(self) -> list[Notification]:
        """The newest notifications but for heartbeats, oldest first."""
        told = [one for one in self._notifications.now() if not _is_heartbeat(one)]
        return told[-_MOST_TOLD:]

    def heartbeats(self) -> dict[str, float]:
        """When each contact point that hears a heartbeat heard it last."""
        beats = (one for one in self._notifications.now() if _is_heartbeat(one))
        return {one.contact_point: one.received_at for one in beats}

    def marks(self, window: Window) -> list[Mark]:
        """What drills did in that time, for graphs."""
        return [
            Mark(start=event.at, end=event.at, text=event.text, color=_MARKED[event.kind])
            for drill in self.drills()
            for event in drill.events
            if event.kind in _MARKED and window.start <= event.at <= window.end
        ]


def _is_heartbeat(one: Notification) -> bool:
    return len(one.alerts) > 0 and all(
        alert.labels.get(DELIVERY) in _HEARTBEATS for alert in one.alerts
    )
