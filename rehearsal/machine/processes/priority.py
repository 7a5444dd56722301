"""How much of the processors a child takes beside others: as much as whoever started it.

A child has a session of its own. Where Linux schedules sessions as groups (`autogroup`), each has
its share whatever the niceness of its processes, and a rehearsal of twenty programs that was begun
to give way would take as many shares. Source: sched(7), "The autogroup feature".
"""

from __future__ import annotations

import os
from contextlib import suppress

from rehearsal.machine.processes.identity import PROC


def inherit(pid: int) -> None:
    """Give the session of a child that has just begun the niceness of this process."""
    # A kernel without such groups has no such file; one of them may refuse a second within 100 ms,
    # or the child may be gone: it then has what any session has.
    with suppress(OSError):
        (PROC / str(pid) / "autogroup").write_text(str(os.nice(0)))
