"""Which process is meant: an id alone may belong to another one tomorrow."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from offline.errors import UserError

PROC = Path("/proc")
# Every process of a rehearsal carries this in its environment; its value is the state directory.
MARK = "GALLERY_REHEARSAL"


@dataclass(frozen=True)
class Identity:
    """A process id with the time that process began, in clock ticks since boot."""

    pid: int
    start_ticks: int

    @classmethod
    def of(cls, pid: int) -> Identity | None:
        """The process that has this id now; None where it is gone, or only waits to be reaped."""
        try:
            text = (PROC / str(pid) / "stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return None
        # The second field is the name in brackets, which may hold blanks and brackets.
        fields = text.rpartition(")")[2].split()
        if fields[0] in {"Z", "X"} and not _threads_left(pid):
            return None
        return cls(pid, int(fields[19]))

    def alive(self) -> bool:
        """Whether this very process still runs."""
        return Identity.of(self.pid) == self

    def send(self, number: int) -> bool:
        """Signal this very process, or (0) only try to; False where it is gone.

        Raises UserError where it is another user's.
        """
        if not self.alive():
            return False
        try:
            os.kill(self.pid, number)
        except ProcessLookupError:
            return False
        except PermissionError:
            raise UserError(
                f"{describe(self.pid)} was started by {_owner(self.pid)}, and only they can stop "
                "it; run this as that user"
            ) from None
        return True


def _owner(pid: int) -> str:
    try:
        return (PROC / str(pid)).owner()
    except (KeyError, FileNotFoundError):
        # Its number has no name here, as in a container, or it has just ended.
        return "another user"


def _threads_left(pid: int) -> bool:
    """Whether a process whose first thread has ended has others, which still hold its ports."""
    try:
        return any(entry.name != str(pid) for entry in (PROC / str(pid) / "task").iterdir())
    except (FileNotFoundError, ProcessLookupError):
        return False


def marked(directory: Path) -> list[Identity]:
    """Every process of this user that was started for the state directory."""
    wanted = f"{MARK}={directory}".encode()
    found = list[Identity]()
    for entry in PROC.iterdir():
        if not entry.name.isdigit():
            continue
        try:
            environment = (entry / "environ").read_bytes()
        except OSError:
            # Another user's process, or one that has just ended.
            continue
        if wanted in environment.split(b"\0"):
            identity = Identity.of(int(entry.name))
            if identity is not None:
                found.append(identity)
    return found


def describe(pid: int) -> str:
    """A process as a person would look for it: `4711 (prometheus --config.file=…)`."""
    try:
        words = (PROC / str(pid) / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return str(pid)
    text = b" ".join(words).decode(errors="replace").strip()
    return f"{pid} ({text[:100]})"
