"""Plays outages in the running rehearsal and judges what was told to whom, and when.

`main` is the command line; `play_endpoint` plays one outage of an endpoint for another program.
"""

from __future__ import annotations

from rehearsal.drill.bench import play_endpoint
from rehearsal.drill.command import main

__all__ = ["main", "play_endpoint"]
