"""The pager tells people when a heartbeat falls silent, and when it beats again."""

from __future__ import annotations

from pathlib import Path

import pytest

from rehearsal.heartbeat import STEP_SECONDS, Alarm
from rehearsal.pager.inbox import Inbox, PagerConfig, Recipient
from rehearsal.pager.notifications import Message
from rehearsal.pager.server import PagerServer

_MINUTE = 60.0
_BEATS, _PEOPLE, _RELIEVED = (
    Recipient(name=name, kind="sns") for name in ("heartbeat", "independent-path", "relieved")
)
_ALARM = Alarm(
    name="silent",
    topic="beats",
    actions=("people",),
    ok_actions=("relief",),
    period_seconds=300.0,
    evaluation_periods=2,
    datapoints_to_alarm=2,
    threshold=1.0,
)
_BEAT = Message(title="", text="", status="firing")


@pytest.fixture
def pager(tmp_path: Path) -> PagerServer:
    recipients = (_BEATS, _PEOPLE, _RELIEVED)
    topics = {"beats": _BEATS.name, "people": _PEOPLE.name, "relief": _RELIEVED.name}
    pager_config = PagerConfig(
        http="", mail="", recipients=recipients, topics=topics, alarms=(_ALARM,)
    )
    return PagerServer(pager_config, Inbox(tmp_path / "log.jsonl", recipients))


def _listen(pager: PagerServer, until: float, *beats: float) -> list[tuple[float, str, str, str]]:
    """Who was told what and when, from 0 until then, with beats at these times."""
    now, left = 0.0, list(beats)
    while now < until:
        now += STEP_SECONDS
        while left and left[0] < now:
            pager.inbox.deliver(_BEATS, None, _BEAT, left.pop(0))
        pager.watch(0.0, now)
    return [
        (said.received_at, said.contact_point, said.status, said.title)
        for said in pager.inbox.notifications
        if said.contact_point != _BEATS.name
    ]


def test_a_beat_that_stops_is_told_once_and_its_return_to_those_of_the_return(
    pager: PagerServer,
) -> None:
    beats = [number * _MINUTE + 1 for number in (*range(20), *range(50, 60))]
    assert _listen(pager, 60 * _MINUTE, *beats) == [
        (30 * _MINUTE, "independent-path", "firing", "ALARM: silent"),
        (51 * _MINUTE, "relieved", "resolved", "OK: silent"),
    ]
    log = [said for said in pager.inbox.notifications if said.contact_point == _PEOPLE.name]
    assert [said.text for said in log] == ["No beat on beats."]


def test_a_steady_beat_is_told_to_nobody(pager: PagerServer) -> None:
    assert _listen(pager, 60 * _MINUTE, *(number * _MINUTE for number in range(60))) == []


def test_silence_before_a_whole_range_has_passed_is_no_alarm(pager: PagerServer) -> None:
    assert _listen(pager, _ALARM.range_seconds) == []
    assert _listen(pager, _ALARM.range_seconds + STEP_SECONDS)
