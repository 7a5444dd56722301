"""The drills of a rehearsal, written down as they are played: one JSON object a line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter

from rehearsal.drill.timeline import Event
from rehearsal.machine.records import Records


@dataclass(frozen=True, kw_only=True)
class Began:
    """A drill that began: its scenario, what it breaks, and how long it takes at most.

    `at` is in seconds since the epoch.
    """

    at: float
    scenario: str
    target: str
    summary: str
    at_most: float


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How the drill that began last ended; `lines` is its report, or why it came to none."""

    at: float
    ok: bool
    lines: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PlayedDrill:
    """One drill as far as it was written down; `ended` is None while it is played.

    It is None for ever where the drill was killed.
    """

    began: Began
    events: tuple[Event, ...] = ()
    ended: Ended | None = None


_LINE: TypeAdapter[Began | Event | Ended] = TypeAdapter(Began | Event | Ended)


@dataclass(frozen=True)
class DrillJournal:
    """The file that a drill writes and others read."""

    path: Path

    def write(self, entry: Began | Event | Ended) -> None:
        """Add one entry."""
        Records(self.path, _LINE).add(entry)

    def drills(self) -> list[PlayedDrill]:
        """Every drill so far, in order."""
        return _drills(Records(self.path, _LINE).read())


def _drills(entries: Iterable[Began | Event | Ended]) -> list[PlayedDrill]:
    drills = list[PlayedDrill]()
    for entry in entries:
        match entry:
            case Began():
                drills.append(PlayedDrill(began=entry))
            case Event():
                drills[-1] = replace(drills[-1], events=(*drills[-1].events, entry))
            case Ended():
                drills[-1] = replace(drills[-1], ended=entry)
    return drills
