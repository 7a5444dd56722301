"""The wall in a real browser, before a real rehearsal of `dev`."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect

from gallery.alerts.panels import API_HEALTH, HOSTS, MESH, OBJECTIVES, SHIFT
from gallery.dashboards.palette import BAD, GOOD
from offline.errors import UserError
from rehearsal.machine.addresses import GRAFANA_ALERTMANAGER, WALL
from rehearsal.wall.picture import address, browser, drawn
from tests.rehearsal.axe import violations

pytestmark = pytest.mark.drill

# Rates and recordings need their windows before every panel has something to show.
_REST_SECONDS = 150
_SHOWN = {"from": "now-5m"}
_WIDE, _NARROW = 1280, 390
# A scrape of dev, an evaluation of the page's own refresh, and the drawing.
_SCRAPE, _REFRESH, _DRAWING = 5, 10, 5
# Longer than a drill waits, so that one that fails says why.
_DRILL_SECONDS = 900
_END_SECONDS = 30


@pytest.fixture(scope="module")
def chromium(standing: Path) -> Iterator[Browser]:
    assert standing.is_dir()
    try:
        with browser() as started:
            yield started
    except UserError as why:
        pytest.skip(str(why))


@pytest.fixture
def said() -> list[str]:
    """What the page's console said that is wrong."""
    return []


@pytest.fixture
def page(chromium: Browser, said: list[str]) -> Iterator[Page]:
    opened = chromium.new_page(viewport={"width": _WIDE, "height": 900})

    def listen(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            said.append(message.text)

    opened.on("console", listen)
    opened.on("pageerror", lambda error: said.append(str(error)))
    yield opened
    opened.close()


@pytest.mark.parametrize("uid", [API_HEALTH, HOSTS, MESH, OBJECTIVES, SHIFT])
def test_every_panel_has_data_at_rest(page: Page, said: list[str], uid: str) -> None:
    empty = ".panel:not(.alertlist):not(.text):has(.empty), .panel:has(.undrawable)"
    drawn(page, address(uid, **_SHOWN))
    page.wait_for_function(
        f"() => document.querySelectorAll({empty!r}).length === 0", timeout=_REST_SECONDS * 1000
    )
    titles = page.locator(".panel h3").all_inner_texts()
    assert len(titles) > 10
    graphs = page.locator(".panel.timeseries").count()
    assert page.locator(".panel.timeseries canvas").count() == graphs
    assert said == []


# Colours are those of a theme and the layout that of a width: each is looked at once.
@pytest.mark.parametrize(("width", "theme"), [(_WIDE, "dark"), (_NARROW, "light")])
@pytest.mark.parametrize("uid", [API_HEALTH, HOSTS, MESH, OBJECTIVES, SHIFT])
def test_everybody_can_read_it(page: Page, uid: str, width: int, theme: str) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    drawn(page, address(uid, theme=theme, **_SHOWN))
    assert violations(page) == []
    # Nothing is wider than the window, so that one only scrolls down.
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_what_nobody_can_read_is_found(page: Page) -> None:
    page.set_content("<main><h1>A</h1><img src='x.png'></main>")
    assert any(found.startswith("image-alt") for found in violations(page))


def test_a_keyboard_reaches_everything(page: Page) -> None:
    drawn(page, address(API_HEALTH, **_SHOWN))
    reached = set[str]()
    for _ in range(200):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate(
                "(e => e.name || e.getAttribute('aria-label') || e.innerText.trim())"
                "(document.activeElement)"
            )
        )
    assert {"Skip to the panels", "scenario", "target", "Play", "About Endpoints down"} <= reached


@pytest.fixture
def drill(page: Page) -> Iterator[Locator]:
    """What the page shows of a drill, which no later test finds still played."""
    yield page.locator("#drill")
    httpx.post(WALL.url("/drills/end"), headers={"Origin": WALL.url("")}, timeout=_END_SECONDS)


def test_a_drill_is_played_from_the_wall(page: Page, said: list[str], drill: Locator) -> None:
    # A drill after a failed probe may wait a quarter of an hour for what that can still fire.
    drawn(page, address(API_HEALTH, **{"from": "now-20m"}))
    tile = page.locator(".panel.stat .tile", has_text="emailservice")
    assert _color(tile.get_attribute("style")) == GOOD
    page.select_option("select[name=target]", "service:emailservice")
    page.get_by_role("button", name="Play").click()
    drill.get_by_text("emailservice refuses connections").wait_for(timeout=20_000)
    seconds = _SCRAPE + _REFRESH + _DRAWING
    page.locator(f".tile[style*='{BAD}']", has_text="emailservice").wait_for(timeout=seconds * 1000)
    assert page.get_by_role("button", name="Mend and end it").is_visible()
    incident = page.locator(".delivery.pagerduty", has_text="EndpointDown emailservice")
    badge = page.locator(".badge")
    incident.filter(has=badge.filter(has_text="Triggered")).wait_for(timeout=90_000)
    message = page.locator(".delivery.slack", has_text="FIRING EndpointDown emailservice")
    assert "Orders go through without a confirmation" in message.inner_text()
    drill.locator(".report").wait_for(timeout=_DRILL_SECONDS * 1000)
    assert "endpoint-down passed in" in drill.inner_text()
    page.locator(f".tile[style*='{GOOD}']", has_text="emailservice").wait_for(
        timeout=seconds * 1000
    )
    # What else is told in a message may speak of what is resolved.
    incident.filter(has=badge.filter(has_text="Resolved")).wait_for(timeout=20_000)
    lane = page.locator(".lane", has_text="emailservice")
    for place, state in ((-1, "UP"), (-2, "DOWN"), (-3, "UP")):
        expect(lane.locator(".segment").nth(place)).to_have_text(
            state, use_inner_text=True, timeout=seconds * 1000
        )
    assert lane.locator(".mark").count() >= 4
    assert said == []


def test_what_is_silenced_is_shown(page: Page) -> None:
    until = datetime.now(UTC) + timedelta(minutes=2)
    silence = {
        "matchers": [{"name": "service", "value": "adservice", "isRegex": False}],
        "startsAt": datetime.now(UTC).isoformat(),
        "endsAt": until.isoformat(),
        "createdBy": "night shift",
        "comment": "it is being moved",
    }
    url = GRAFANA_ALERTMANAGER.url("/api/v2/silences")
    made = httpx.post(url, json=silence).raise_for_status().json()["silenceID"]
    try:
        drawn(page, address(API_HEALTH, **_SHOWN))
        shown = page.locator("#silenced").inner_text()
    finally:
        httpx.delete(f"{url.removesuffix('s')}/{made}").raise_for_status()
    assert 'service="adservice"' in shown
    assert "by night shift: it is being moved" in shown


def test_others_cannot_play_a_drill(standing: Path) -> None:
    assert standing.is_dir()
    body = b"scenario=endpoint-down&target="
    for headers in ({}, {"Origin": "https://example.org"}, {"Host": "wall.example.org"}):
        request = urllib.request.Request(WALL.url("/drills"), body, headers)  # noqa: S310
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request)  # noqa: S310
        assert refused.value.code == 403


def _color(style: str | None) -> str:
    found = re.search(r"background:\s*(#\w+)", style or "")
    return "" if found is None else found[1]
