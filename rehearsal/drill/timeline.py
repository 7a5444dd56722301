"""What happens, told as it happens: one line each, in seconds from the fault."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from textwrap import indent

Write = Callable[[str], None]


class EventKind(StrEnum):
    """What an event is to whoever looks at a graph of that time."""

    BROKEN = "broken"
    MENDED = "mended"
    FAILING = "failing"
    ANSWERING = "answering"
    PENDING = "pending"
    FIRING = "firing"
    OVER = "over"
    DELIVERED = "delivered"
    RESOLVED = "resolved"
    NOTE = "note"


@dataclass(frozen=True, order=True)
class Event:
    """Something seen, at its own time in seconds since the epoch, and what was written there."""

    at: float
    text: str
    quote: str = ""
    kind: EventKind = EventKind.NOTE


Keep = Callable[[Event], None]


class Timeline:
    """Writes lines, and hands on each event; before `begin` lines carry no time."""

    def __init__(self, write: Write, keep: Keep = lambda _event: None) -> None:
        self._write = write
        self._keep = keep
        self._began: float | None = None
        self._quoted = False

    def begin(self, at: float) -> None:
        """From now on lines count from this time, in seconds since the epoch, if not yet."""
        if self._began is None:
            self._began = at

    def line(self, at: float, text: str, kind: EventKind = EventKind.NOTE) -> None:
        """Something happened at that time."""
        self.tell([Event(at, text, kind=kind)])

    def tell(self, events: Iterable[Event]) -> None:
        """These happened, in whatever order; the first text that somebody was sent is quoted."""
        for event in sorted(events):
            self._keep(event)
            self._write(self._timed(event))
            if event.quote and not self._quoted:
                self._quoted = True
                self._write(indent(event.quote.strip(), "            | ", lambda _: True))

    def _timed(self, event: Event) -> str:
        if self._began is None:
            return event.text
        passed = f"{event.at - self._began:.1f}"
        return f"+{passed:>6} s  {event.text}"
