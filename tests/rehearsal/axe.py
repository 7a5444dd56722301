"""axe's rules, as Deque Systems wrote them down, run in a page."""

from __future__ import annotations

from typing import Any, cast

# The package has no types.
from axe_playwright_python.sync_playwright import Axe  # pyright: ignore[reportMissingTypeStubs]
from playwright.sync_api import Page


def violations(page: Page) -> list[str]:
    """What breaks a rule: the rule, and the first element that does."""
    run = cast("Any", Axe().run)  # pyright: ignore[reportUnknownMemberType]
    response: dict[str, Any] = run(page).response
    return [
        f"{rule['id']}: {rule['help']}: {rule['nodes'][0]['html'][:200]}"
        for rule in response["violations"]
    ]
