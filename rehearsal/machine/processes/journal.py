"""What runs, written down, so that another command can find and stop it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from offline.errors import UserError
from rehearsal.machine.addresses import Address
from rehearsal.machine.processes.identity import Identity


@dataclass(frozen=True, kw_only=True)
class Child:
    """A program to run. `ready` is the URL that answers 2xx once it can be used, or `tcp://…`.

    `command` begins with the program's path; `directory` is where it runs; `listens` must be
    free before it starts. `ready_within_seconds` is for one that takes longer than most, and
    `environment` what it sees besides what all see.
    """

    name: str
    command: tuple[str, ...]
    directory: str
    listens: tuple[Address, ...]
    ready: str
    ready_within_seconds: float = 30.0
    environment: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Entry:
    """A child and, from the moment it was started, the process that it is."""

    child: Child
    identity: Identity | None = None

    def alive(self) -> bool:
        """Whether its process runs."""
        return self.identity is not None and self.identity.alive()


@dataclass(frozen=True)
class Journal:
    """The stack that is up and its children, in the order of their start.

    `configuration` is the digest of the stack file that they were started from. `healthy` is set
    once `up` has seen everything work.
    """

    stack: str
    configuration: str
    entries: tuple[Entry, ...] = ()
    healthy: bool = False

    def entry(self, name: str) -> Entry:
        """The child of that name. Raises UserError with the names there are."""
        for entry in self.entries:
            if entry.child.name == name:
                return entry
        names = ", ".join(entry.child.name for entry in self.entries) or "none"
        raise UserError(f"no program is called {name!r} in this rehearsal; there are: {names}")

    def stopped(self) -> list[str]:
        """The names of the children that do not run."""
        return [entry.child.name for entry in self.entries if not entry.alive()]

    def with_entry(self, changed: Entry) -> Journal:
        """The journal with this child added, or put in the place of the one so named."""
        names = [entry.child.name for entry in self.entries]
        if changed.child.name not in names:
            return replace(self, entries=(*self.entries, changed))
        entries = tuple(
            changed if entry.child.name == changed.child.name else entry for entry in self.entries
        )
        return replace(self, entries=entries)

    def without(self, name: str) -> Journal:
        """The journal without the child of that name."""
        left = tuple(entry for entry in self.entries if entry.child.name != name)
        return replace(self, entries=left)


_FORM = TypeAdapter(Journal)


def read(path: Path) -> Journal | None:
    """The journal, or None where nothing is up. Raises UserError for what is none."""
    try:
        return _FORM.validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError:
        raise UserError(
            f"{path} is damaged, or of another version; `make down` removes it "
            "and stops whatever runs"
        ) from None


def write(path: Path, journal: Journal) -> None:
    """Replace the journal; a reader sees the old one or the new one, never half of either."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    draft.write_bytes(_FORM.dump_json(journal, indent=2) + b"\n")
    draft.replace(path)
