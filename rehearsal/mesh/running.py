"""The mesh of the stack that is up."""

from __future__ import annotations

from offline.errors import UserError
from rehearsal.cluster.judge import judging
from rehearsal.machine.platform import STATE
from rehearsal.machine.processes.supervisor import Supervisor
from rehearsal.mesh.installed import provide
from rehearsal.mesh.place import is_meshed
from rehearsal.mesh.rehearsed import Mesh, meshed, planned


def running() -> Mesh:
    """The mesh that is up. Raises UserError where none is."""
    supervisor = Supervisor(STATE)
    journal = supervisor.journal()
    if journal is None or not is_meshed(journal) or not journal.healthy:
        raise UserError("no stack is up with its mesh; start one with `rehearsal up --mesh`")
    judge = judging(supervisor, _silent, finds_pods=False)
    return meshed(planned(journal.stack), judge, provide())


def _silent(_line: str) -> None:
    pass
