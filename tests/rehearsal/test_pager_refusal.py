"""The pager takes and refuses what the real receiver of each kind would, by its length."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest

from gallery.contact_points.kinds import KINDS
from rehearsal.pager.contact_points.kinds import KINDS as PLAYED
from rehearsal.pager.inbox import Inbox, PagerConfig, Recipient
from rehearsal.pager.server import PagerServer


def _in_attachments(title: str, text: str) -> bytes:
    return json.dumps({"attachments": [{"title": title, "text": text}]}).encode()


def _event(title: str, text: str) -> bytes:
    payload = {"summary": title, "custom_details": {"text": text}}
    event = {"event_action": "trigger", "routing_key": "key", "dedup_key": "one"}
    return json.dumps({**event, "payload": payload}).encode()


def _publish(title: str, text: str) -> bytes:
    return urlencode({"Action": "Publish", "Subject": title, "Message": text}).encode()


_WRITE: Mapping[str, Callable[[str, str], bytes]] = {
    "pagerduty": _event,
    "slack": _in_attachments,
    "sns": _publish,
    "teams": _in_attachments,
}
_STATUS = {"pagerduty": 400, "slack": 400, "sns": 400, "teams": 413}


def _limits() -> list[tuple[str, int, int]]:
    """The kind, and the longest title and text that it takes."""
    return [
        (kind.name, kind.bound.title or 0, kind.bound.text)
        for kind in KINDS.values()
        if kind.bound.text is not None
    ]


@pytest.fixture
def pager(tmp_path: Path) -> PagerServer:
    recipients = tuple(Recipient(name=f"our-{kind}", kind=kind) for kind in PLAYED)
    config = PagerConfig(http="", mail="", recipients=recipients, topics={}, alarms=())
    return PagerServer(config, Inbox(tmp_path / "log.jsonl", recipients))


async def _answer(pager: PagerServer, kind: str, title: str, text: str) -> int:
    transport = httpx.ASGITransport(pager.application())
    async with httpx.AsyncClient(transport=transport, base_url="http://pager") as client:
        path = f"/{kind}/our-{kind}/receiver"
        return (await client.post(path, content=_WRITE[kind](title, text))).status_code


def test_every_kind_that_has_a_limit_says_how_its_receiver_refuses() -> None:
    assert {kind for kind, _, _ in _limits()} == set(_WRITE)
    assert {name for name, kind in PLAYED.items() if kind.too_long} == set(_WRITE)


@pytest.mark.parametrize(("kind", "title", "text"), _limits())
def test_the_longest_that_is_taken_is_written_down(
    pager: PagerServer, kind: str, title: int, text: int
) -> None:
    assert asyncio.run(_answer(pager, kind, "t" * title, "x" * text)) < 300
    assert [len(one.text) for one in pager.inbox.notifications] == [text]


@pytest.mark.parametrize(("kind", "title", "text"), _limits())
def test_what_is_longer_is_refused_as_the_receiver_does_and_not_told(
    pager: PagerServer, kind: str, title: int, text: int
) -> None:
    assert asyncio.run(_answer(pager, kind, "", "x" * (text + 1))) == _STATUS[kind]
    if title:
        assert asyncio.run(_answer(pager, kind, "t" * (title + 1), "")) == _STATUS[kind]
    assert not pager.inbox.notifications
    assert pager.inbox.refused == 1 + (title > 0)
