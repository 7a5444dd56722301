"""What happens, told as it happens: one line each, in seconds from the fault."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import indent

Write = Callable[[str], None]


class Timeline:
    """Writes lines; before `begin` they carry no time."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._began: float | None = None

    def begin(self, at: float) -> None:
        """From now on lines count from this time, in seconds since the epoch."""
        self._began = at

    def line(self, at: float, text: str) -> None:
        """Something happened at that time."""
        if self._began is None:
            self._write(text)
            return
        passed = f"{at - self._began:.1f}"
        self._write(f"+{passed:>6} s  {text}")

    def quote(self, text: str) -> None:
        """A text that somebody was sent, as it was."""
        self._write(indent(text.strip(), "            | ", lambda _: True))
