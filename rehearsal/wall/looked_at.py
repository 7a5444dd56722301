"""The files that the wall looks at, read anew when they have changed."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gallery.alerts.model import Delivery
from gallery.dashboards.palette import ATTENTION, BAD, GOOD, STRONG, UNKNOWN
from gallery.plan.routing import DELIVERY
from rehearsal.drill.journal import DrillJournal, PlayedDrill
from rehearsal.drill.timeline import Kind
from rehearsal.machine.programs import DRILLS, NOTIFICATIONS
from rehearsal.pager.notifications import FORM, Notification
from rehearsal.wall.asking import Mark, Window
from rehearsal.wall.grafana.read import Dashboard, read

# What is marked on graphs, and in which colour.
_MARKED = {
    Kind.BROKEN: BAD,
    Kind.FIRING: ATTENTION,
    Kind.DELIVERED: UNKNOWN,
    Kind.MENDED: GOOD,
    Kind.RESOLVED: STRONG,
}
_HEARTBEATS = {Delivery.HEARTBEAT, Delivery.GRAFANA_HEARTBEAT}
# More than fit on a screen, and few enough to be sent each second.
_MOST_TOLD = 20


@dataclass
class LookedAt:
    """A rehearsal's directory, as the wall sees it."""

    state: Path
    _drills: tuple[int, list[PlayedDrill]] = field(default=(-1, []), init=False)
    _notifications: tuple[int, list[Notification]] = field(default=(-1, []), init=False)

    def dashboards(self) -> dict[str, Dashboard]:
        """The rendered dashboards by uid. Raises DashboardError."""
        folder = self.state / "deployed" / "grafana" / "dashboards"
        documents: list[dict[str, Any]] = [
            json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))
        ]
        return {document["uid"]: read(document) for document in documents}

    def drills(self) -> list[PlayedDrill]:
        """The drills that were played, oldest first."""
        size = _size(self.state / DRILLS)
        if size != self._drills[0]:
            self._drills = (size, DrillJournal(self.state / DRILLS).drills())
        return self._drills[1]

    def told(self) -> list[Notification]:
        """The newest notifications but for heartbeats, oldest first."""
        told = [one for one in self._all_told() if not _is_heartbeat(one)]
        return told[-_MOST_TOLD:]

    def heartbeats(self) -> dict[str, float]:
        """When each contact point that hears a heartbeat heard it last."""
        beats = (one for one in self._all_told() if _is_heartbeat(one))
        return {one.contact_point: one.received_at for one in beats}

    def _all_told(self) -> list[Notification]:
        path = self.state / NOTIFICATIONS
        size = _size(path)
        if size != self._notifications[0]:
            whole, _, _unfinished = (path.read_bytes() if size else b"").rpartition(b"\n")
            read = [FORM.validate_json(line) for line in whole.splitlines()]
            self._notifications = (size, read)
        return self._notifications[1]

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


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
