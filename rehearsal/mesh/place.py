"""Where a rehearsed mesh is, and whether it is there."""

from __future__ import annotations

from pathlib import Path

from rehearsal.machine.processes.journal import Journal

ISTIOD_NAME = "istiod"


def mesh_directory(state: Path) -> Path:
    """Where a rehearsal's mesh keeps its files."""
    return state / "mesh"


def is_meshed(journal: Journal) -> bool:
    """Whether a mesh is among what is up."""
    return any(entry.child.name == ISTIOD_NAME for entry in journal.entries)
