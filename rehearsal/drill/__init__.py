"""Plays outages in the running rehearsal and judges what was told to whom, and when.

`main` is the command line; `play_endpoint` plays one outage of an endpoint for another program.
"""

from __future__ import annotations

from rehearsal.drill.command import main
from rehearsal.drill.outage import play_endpoint

__all__ = ["main", "play_endpoint"]
