"""What the wall sees of a rehearsal's directory, while programs write there."""

from __future__ import annotations

from pathlib import Path

import pytest

from rehearsal.drill.journal import Began, DrillJournal
from rehearsal.drill.timeline import Event, EventKind
from rehearsal.machine.programs import DRILLS, NOTIFICATIONS
from rehearsal.machine.records import Records
from rehearsal.pager.notifications import FORM, Notification, NotifiedAlert
from rehearsal.wall.asking import Window
from rehearsal.wall.looked_at import LookedAt


def _notification(at: float, **labels: str) -> Notification:
    return Notification(
        received_at=at,
        contact_point=labels.get("delivery", "pager"),
        kind="slack",
        receiver=None,
        status="firing",
        title="FIRING",
        text="FIRING",
        alerts=(NotifiedAlert(status="firing", labels={"alertname": "A", **labels}),),
    )


@pytest.fixture
def looked_at(tmp_path: Path) -> LookedAt:
    return LookedAt(tmp_path)


def test_before_anything_was_written_nothing_is_seen(looked_at: LookedAt) -> None:
    assert (looked_at.told(), looked_at.heartbeats(), looked_at.drills()) == ([], {}, [])
    assert looked_at.marks(Window(start=0.0, end=9.0)) == []


def test_what_is_added_is_seen_and_heartbeats_are_apart(looked_at: LookedAt) -> None:
    records = Records(looked_at.state / NOTIFICATIONS, FORM)
    records.add(_notification(1.0, delivery="heartbeat"))
    records.add(_notification(2.0))
    assert [one.received_at for one in looked_at.told()] == [2.0]
    records.add(_notification(3.0, delivery="heartbeat"))
    records.add(_notification(4.0))
    assert [one.received_at for one in looked_at.told()] == [2.0, 4.0]
    assert looked_at.heartbeats() == {"heartbeat": 3.0}


def test_a_line_that_is_being_written_waits_until_it_is_whole(looked_at: LookedAt) -> None:
    path = looked_at.state / NOTIFICATIONS
    line = FORM.dump_json(_notification(1.0)) + b"\n"
    path.write_bytes(line[:20])
    assert looked_at.told() == []
    path.write_bytes(line)
    assert len(looked_at.told()) == 1


def test_only_the_newest_are_shown(looked_at: LookedAt) -> None:
    records = Records(looked_at.state / NOTIFICATIONS, FORM)
    for number in range(50):
        records.add(_notification(float(number)))
    told = looked_at.told()
    assert len(told) < 50
    assert told[-1].received_at == 49.0


def test_graphs_are_marked_with_what_broke_and_who_was_told(looked_at: LookedAt) -> None:
    journal = DrillJournal(looked_at.state / DRILLS)
    journal.write(Began(at=1.0, scenario="a", target="", summary="s", at_most=9.0))
    for at, kind in ((2.0, EventKind.BROKEN), (3.0, EventKind.PENDING), (4.0, EventKind.FIRING)):
        journal.write(Event(at, kind, kind=kind))
    journal.write(Event(50.0, "later", kind=EventKind.DELIVERED))
    marked = looked_at.marks(Window(start=0.0, end=9.0))
    assert [(one.start, one.text) for one in marked] == [(2.0, "broken"), (4.0, "firing")]
