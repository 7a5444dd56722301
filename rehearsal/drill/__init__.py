"""Plays outages in the running rehearsal and judges what was told to whom, and when.

`main` is the command, and `choices` what it can play; `play_endpoint` plays one outage of an
endpoint for another program.
"""

from __future__ import annotations

from rehearsal.drill.command import choices, main
from rehearsal.drill.outage import play_endpoint

__all__ = ["choices", "main", "play_endpoint"]
