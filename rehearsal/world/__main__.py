"""`python -m rehearsal.world TOPOLOGY HOSTS [CERTIFICATE KEY]`: the world as a process.

TOPOLOGY is the stand-in tree's world.json, HOSTS the directory for the hosts' procfs; the
certificate is that of the door and of Grafana's page.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from rehearsal.world.simulation import World
from rehearsal.world.topology import Topology


def main(arguments: list[str]) -> None:
    """Run until killed."""
    topology, hosts, *certificate = (Path(argument) for argument in arguments)
    pair = (certificate[0], certificate[1]) if certificate else None
    asyncio.run(World(Topology.read(topology), hosts, pair).run())


if __name__ == "__main__":
    main(sys.argv[1:])
