"""The wall in a browser without a screen, and pictures of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import Error as BrowserError

from offline.errors import UserError
from rehearsal.machine.addresses import WALL

_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_DRAWN = "#panels[data-drawn]"
_PATIENCE_MS = 60_000.0


@dataclass(frozen=True, kw_only=True)
class Size:
    """A window, in pixels."""

    width: int = 1280
    height: int = 900


def chromium() -> Path:
    """The Chromium on PATH. Raises UserError."""
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    if found is None:
        raise UserError(
            "no Chromium is on PATH, which draws pictures; install it (Debian package chromium)"
        )
    return Path(found)


@contextmanager
def browser() -> Generator[Browser]:
    """A browser without a screen. Raises UserError."""
    program = chromium()
    # Chromium's own sandbox does not start for root.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        try:
            started = playwright.chromium.launch(executable_path=program, args=arguments)
        except BrowserError as fault:
            raise UserError(f"{program} does not start: {fault.message}") from None
        try:
            yield started
        finally:
            started.close()


def address(dashboard: str, **asked: str) -> str:
    """Where the wall shows a dashboard; `asked` is the query, as `theme="light"`."""
    return WALL.url(f"/d/{dashboard}?{urlencode(asked)}")


def drawn(page: Page, url: str) -> None:
    """Open an address of the wall and wait until each panel has been filled. Raises UserError."""
    try:
        answer = page.goto(url)
        if answer is None or not answer.ok:
            raise UserError(page.inner_text("body").strip())
        page.wait_for_selector(_DRAWN, timeout=_PATIENCE_MS)
    except BrowserError as fault:
        raise UserError(
            f"the wall cannot be seen at {url}; start a stack with `make up` ({fault.message})"
        ) from None


def picture(
    dashboard: str, out: Path, *, shown: str | None, theme: str, size: Size, whole: bool
) -> None:
    """Draw a dashboard into a PNG file: the window, or the whole page. Raises UserError."""
    asked = {"theme": theme, **({} if shown is None else {"from": f"now-{shown}"})}
    with browser() as started:
        page = started.new_page(viewport={"width": size.width, "height": size.height})
        drawn(page, address(dashboard, **asked))
        # ECharts draws what it was given in the next frame.
        page.wait_for_timeout(500)
        page.screenshot(path=out, full_page=whole)
