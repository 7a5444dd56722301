"""README's pictures: what the wall shows of two drills on dev, dark and light.

`python -m rehearsal.wall.pictures` starts dev and stops it. Exit status 0: drawn; 1: a drill
failed, as its picture shows; 130: interrupted. The second drill takes half an hour, of which its
picture needs the first twelve minutes.
"""

from __future__ import annotations

from rehearsal.machine import interruption

if __name__ == "__main__":
    interruption.end_at_once()

import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from gallery.alerts.panels import API_HEALTH, HOSTS
from offline.render import PROJECT
from rehearsal.drill.runner import run_scenario, target
from rehearsal.drill.running import running
from rehearsal.drill.scenarios.delivery import QUIET
from rehearsal.drill.scenarios.endpoints import ENDPOINT_DOWN
from rehearsal.drill.scenarios.hosts import HOST_TRAFFIC
from rehearsal.drill.script import Scenario
from rehearsal.machine import platform
from rehearsal.wall.picture import Size, picture

PICTURES = PROJECT / "docs" / "pictures"
THEMES = ("dark", "light")
STACK = "dev"
_SIZE = Size(width=1280, height=680)
# A flood is drawn once somebody was told of it.
_TOLD = "is delivered to"


def draw(name: str, dashboard: str, shown: str) -> None:
    """Draw what the wall shows now, in each theme."""
    for theme in THEMES:
        out = PICTURES / f"{name}-{theme}.png"
        picture(dashboard, out, shown=shown, theme=theme, size=_SIZE, whole=False)
        _say(f"drawn: {out}")


def _endpoint_down() -> bool:
    """The API is down, and up again."""
    ok = _played(ENDPOINT_DOWN, _say)
    draw(ENDPOINT_DOWN.name, API_HEALTH, "5m")
    return ok


def _host_traffic() -> bool:
    """A host's traffic leaves its band."""
    # The drill goes on watching while a browser starts.
    with ThreadPoolExecutor(max_workers=1) as beside:
        drawn = list[Future[None]]()

        def write(line: str) -> None:
            _say(line)
            if _TOLD in line and not drawn:
                drawn.append(beside.submit(draw, HOST_TRAFFIC.name, HOSTS, "15m"))

        ok = _played(HOST_TRAFFIC, write)
        for one in drawn:
            one.result()
    return ok and bool(drawn)


def _played(scenario: Scenario, write: Callable[[str], None]) -> bool:
    rehearsed = running()
    return run_scenario(rehearsed, scenario, target(rehearsed, scenario), write).verdict.ok


def _say(line: str) -> None:
    print(line, flush=True)


def _all() -> int:
    PICTURES.mkdir(exist_ok=True)
    # What it refuses to start is not ours to stop.
    platform.up(STACK, lambda line: print(line, file=sys.stderr, flush=True))
    try:
        # Before something breaks it has been well for a while.
        well = _played(QUIET, _say) and _endpoint_down() and _host_traffic()
    finally:
        platform.down()
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(interruption.exit_status("pictures", _all))
