"""README's pictures: what the wall shows of two drills on dev, dark and light.

`python -m rehearsal.wall.pictures` starts dev and stops it; host-traffic takes half an hour. Exit
status 0: drawn; 1: a drill failed, and its pictures are as they were; 130: interrupted.
"""

from __future__ import annotations

from rehearsal.machine import interruption

if __name__ == "__main__":
    interruption.end_at_once()

import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from gallery.alerts.panels import API_HEALTH, HOSTS
from offline.render import PROJECT
from rehearsal.drill.runner import run_scenario, target
from rehearsal.drill.running import running
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


def draw(name: str, dashboard: str, shown: str, into: Path) -> None:
    """Draw what the wall shows now, in each theme."""
    for theme in THEMES:
        out = into / f"{name}-{theme}.png"
        picture(dashboard, out, shown=shown, theme=theme, size=_SIZE, whole=False)


def _endpoint_down(into: Path) -> bool:
    """The API is down, and up again."""
    ok = _played(ENDPOINT_DOWN, _say)
    draw(ENDPOINT_DOWN.name, API_HEALTH, "5m", into)
    return ok


def _host_traffic(into: Path) -> bool:
    """A host's traffic leaves its band."""
    # The drill goes on watching while a browser starts.
    with ThreadPoolExecutor(max_workers=1) as beside:
        drawn = list[Future[None]]()

        def write(line: str) -> None:
            _say(line)
            if _TOLD in line and not drawn:
                drawn.append(beside.submit(draw, HOST_TRAFFIC.name, HOSTS, "15m", into))

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
    # What it refuses to start is not ours to stop.
    platform.up(STACK, lambda line: print(line, file=sys.stderr, flush=True))
    try:
        with tempfile.TemporaryDirectory() as scratch:
            for play in (_endpoint_down, _host_traffic):
                into = Path(scratch) / play.__name__
                into.mkdir()
                if not play(into):
                    return 1
                PICTURES.mkdir(exist_ok=True)
                for drawn in into.glob("*.png"):
                    (PICTURES / drawn.name).write_bytes(drawn.read_bytes())
    finally:
        platform.down()
    return 0


if __name__ == "__main__":
    sys.exit(interruption.exit_status("pictures", _all))
