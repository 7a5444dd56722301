"""The wall's addresses."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from rehearsal.wall import app as module
from rehearsal.wall.drills import Drills
from rehearsal.wall.grafana.palette import Theme


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What was asked of the drills."""
    found = list[tuple[str, str]]()

    async def play(_self: Drills, scenario: str, target: str) -> None:
        found.append((scenario, target))

    monkeypatch.setattr(Drills, "play", play)
    return found


def _ask(path: str, referer: str, **form: str) -> httpx.Response:
    app = FastAPI()
    drills = Drills(logs=Path(), scenarios={}, targets=frozenset())
    module.add_drills(app, drills)

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://wall") as client:
            return await client.post(path, data=form, headers={"referer": referer})

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("referer", "back"),
    [
        ("http://wall/d/gallery-hosts?from=now-5m", "/d/gallery-hosts?from=now-5m"),
        ("http://wall/", "/"),
        ("http://wall//example.org/x", "/example.org/x"),
        ("https://example.org/x", "/x"),
    ],
)
def test_who_plays_a_drill_stays_where_they_were(
    played: list[tuple[str, str]], referer: str, back: str
) -> None:
    answer = _ask("/drills", referer, scenario="endpoint-down", target="service:cartservice")
    assert (answer.status_code, answer.headers["location"]) == (303, back)
    assert played == [("endpoint-down", "service:cartservice")]


def test_a_drill_that_there_is_not_is_refused() -> None:
    answer = _ask("/drills", "http://wall/", scenario="endpoint-up", target="")
    assert (answer.status_code, answer.text) == (400, 'no scenario is called "endpoint-up"\n')


def test_an_address_changes_one_thing_and_keeps_the_others() -> None:
    visit = module.Visit(
        shown="now-1h", theme=Theme(dark=True), values={"service": ("frontend", "adservice")}
    )
    assert visit.query(theme="light") == (
        "from=now-1h&theme=light&var-service=frontend&var-service=adservice"
    )
