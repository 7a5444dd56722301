"""Whether an address is free, and who has it if not."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from pathlib import Path

from rehearsal.machine.addresses import Address
from rehearsal.machine.processes.identity import PROC, describe

_LISTEN = "0A"


def is_free(address: Address) -> bool:
    """Whether a program could listen there now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: a connection that lingers after its server is no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address.host, address.port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise
    return True


def holder(address: Address) -> str | None:
    """The process that listens there, for a message; None where it is another user's."""
    inodes = set(_listening(address))
    if not inodes:
        return None
    wanted = {f"socket:[{inode}]" for inode in inodes}
    for entry in PROC.iterdir():
        if entry.name.isdigit() and _has_open(entry, wanted):
            return describe(int(entry.name))
    return None


def named_holder(address: Address) -> str:
    """Who listens there, whoever it is, for a message."""
    return holder(address) or "a process of another user"


def _listening(address: Address) -> Iterator[str]:
    """Inodes of the sockets that listen on the address, or on its port everywhere."""
    port = f"{address.port:04X}"
    host = "".join(f"{int(part):02X}" for part in reversed(address.host.split(".")))
    for table in ("tcp", "tcp6"):
        path = PROC / "net" / table
        if not path.exists():
            continue
        for line in path.read_text().splitlines()[1:]:
            fields = line.split()
            local_host, _, local_port = fields[1].partition(":")
            everywhere = not local_host.strip("0")
            if fields[3] == _LISTEN and local_port == port and (everywhere or local_host == host):
                yield fields[9]


def _has_open(process: Path, wanted: set[str]) -> bool:
    try:
        return any(str(link.readlink()) in wanted for link in (process / "fd").iterdir())
    except OSError:
        return False
