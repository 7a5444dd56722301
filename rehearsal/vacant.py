"""`python -m rehearsal.vacant`: whether tests would find the rehearsal's addresses free.

Exit status 0: they would; 1: something is there, and is named.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from rehearsal import interruption
from rehearsal.addresses import FIXED, Address
from rehearsal.faults import RehearsalError
from rehearsal.platform import STATE
from rehearsal.processes import ports
from rehearsal.processes.supervisor import Supervisor


def refuse_occupied(state: Path = STATE, addresses: Iterable[Address] = FIXED) -> None:
    """Raise RehearsalError where this checkout's rehearsal or anything else is there."""
    journal = Supervisor(state).journal()
    if journal is not None and any(entry.alive() for entry in journal.entries):
        raise RehearsalError(
            "a rehearsal is up, and tests need its addresses; stop it first: make down"
        )
    lines = [
        f"  {address} is taken by {ports.named_holder(address)}"
        for address in addresses
        if not ports.is_free(address)
    ]
    if lines:
        cure = "For another checkout's rehearsal, `make down` there; else stop that process."
        raise RehearsalError("\n".join(["tests need addresses that are taken:", *lines, cure]))


def _checked() -> int:
    refuse_occupied()
    return 0


if __name__ == "__main__":
    sys.exit(interruption.exit_status("rehearsal", _checked))
