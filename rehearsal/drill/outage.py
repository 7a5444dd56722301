"""One outage of an endpoint, played for a program that measures."""

from __future__ import annotations

from typing import Any, Literal

from rehearsal.drill.runner import run_scenario, target
from rehearsal.drill.running import running
from rehearsal.drill.scenarios.endpoints import ENDPOINT_DOWN, ENDPOINT_HANGS
from rehearsal.drill.timeline import Write


def play_endpoint(
    service: str, fault: Literal["refuse", "hang"], write: Write = print
) -> dict[str, Any]:
    """Play an outage of this service on the running stack; the drill's JSON document.

    Raises RehearsalError where nothing is up, or the service is unknown.
    """
    rehearsed = running()
    scenario = ENDPOINT_DOWN if fault == "refuse" else ENDPOINT_HANGS
    return run_scenario(rehearsed, scenario, target(rehearsed, scenario, service), write).document()
