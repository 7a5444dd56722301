"""One outage of an endpoint, played for a program that measures."""

from __future__ import annotations

from typing import Any, Literal

from rehearsal.drill.running import running
from rehearsal.drill.scenarios.endpoints import ENDPOINT_DOWN, ENDPOINT_HANGS
from rehearsal.drill.theatre import perform, target
from rehearsal.drill.timeline import Write


def play_endpoint(
    service: str, fault: Literal["refuse", "hang"], write: Write = print
) -> dict[str, Any]:
    """Play an outage of this service on the running stack; the drill's JSON document.

    Raises RehearsalError where nothing is up, or the service is unknown.
    """
    stage = running()
    scenario = ENDPOINT_DOWN if fault == "refuse" else ENDPOINT_HANGS
    return perform(stage, scenario, target(stage, scenario, service), write).document()
