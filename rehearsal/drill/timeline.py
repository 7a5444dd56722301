"""What happens, told as it happens: one line each, in seconds from the fault."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from textwrap import indent

Write = Callable[[str], None]


@dataclass(frozen=True, order=True)
class Event:
    """Something seen, at its own time in seconds since the epoch, and what was written there."""

    at: float
    text: str
    quote: str = ""


class Timeline:
    """Writes lines; before `begin` they carry no time."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._began: float | None = None
        self._quoted = False

    def begin(self, at: float) -> None:
        """From now on lines count from this time, in seconds since the epoch, if not yet."""
        if self._began is None:
            self._began = at

    def line(self, at: float, text: str) -> None:
        """Something happened at that time."""
        if self._began is None:
            self._write(text)
            return
        passed = f"{at - self._began:.1f}"
        self._write(f"+{passed:>6} s  {text}")

    def tell(self, events: Iterable[Event]) -> None:
        """These happened, in whatever order; the first text that somebody was sent is quoted."""
        for event in sorted(events):
            self.line(event.at, event.text)
            if event.quote and not self._quoted:
                self._quoted = True
                self._write(indent(event.quote.strip(), "            | ", lambda _: True))
