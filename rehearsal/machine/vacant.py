"""`python -m rehearsal.machine.vacant`: whether tests would find the rehearsal's addresses free.

Exit status 0: they would; 1: something is there, and is named.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from offline.errors import UserError
from rehearsal.machine import interruption
from rehearsal.machine.addresses import FIXED, LOAD, OF_A_CLUSTER, OF_A_MESH, Address
from rehearsal.machine.platform import STATE
from rehearsal.machine.processes import ports
from rehearsal.machine.processes.supervisor import Supervisor


def refuse_occupied(state: Path = STATE, addresses: Iterable[Address] = FIXED) -> None:
    """Raise UserError where this checkout's rehearsal or anything else is there."""
    journal = Supervisor(state).journal()
    if journal is not None and any(entry.alive() for entry in journal.entries):
        raise UserError(
            "a rehearsal is up, and tests need its addresses; stop it first with `make down`"
        )
    lines = [
        f"  {address} is taken by {ports.named_holder(address)}"
        for address in addresses
        if not ports.is_free(address)
    ]
    if lines:
        cure = "For another checkout's rehearsal, `make down` there; else stop that process."
        raise UserError("\n".join(["tests need addresses that are taken:", *lines, cure]))


def _checked() -> int:
    refuse_occupied(addresses=(*FIXED, *OF_A_CLUSTER, *OF_A_MESH, LOAD))
    return 0


if __name__ == "__main__":
    sys.exit(interruption.exit_status("rehearsal", _checked))
