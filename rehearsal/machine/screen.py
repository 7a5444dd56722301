"""Where a command tells what it does: plain lines in a log, a line that moves on a terminal."""

# A log needs no colours, and what draws them takes longer to import than `status` to look.
# ruff: noqa: PLC0415

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, TextIO

from rehearsal.machine.lines import LOG_COLUMNS, wrapped

if TYPE_CHECKING:
    from rehearsal.machine.drawing import Drawing


def duration(seconds: float) -> str:
    """`1 min 05 s`, to the second."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """What is waited for, and since when in seconds since the epoch.

    `at_most` is how many seconds all of it can take, where that is known.
    """

    what: str
    since: float
    at_most: float | None = None


@dataclass
class Screen:
    """Writes lines to a stream. Where it is a terminal that may be drawn on, it does so.

    NO_COLOR and a dumb terminal want what a log gets.
    """

    stream: TextIO
    began: float = field(default_factory=time.time)
    _now: str = field(default="", init=False)

    @property
    def columns(self) -> int:
        """How long a line may be."""
        return shutil.get_terminal_size().columns if self._drawn_on else LOG_COLUMNS

    def say(self, text: str) -> None:
        """Write lines, at once."""
        for line in wrapped(text, self.columns):
            if self._drawing is None:
                print(line, file=self.stream, flush=True)
            else:
                self._drawing.say(line)

    def waits(self, waiting: Waiting) -> None:
        """Show in the line that moves what is waited for from now on."""
        if self._drawing is not None:
            self._drawing.waiting = waiting

    def does(self, what: str) -> None:
        """Say what is done from now on, and how many seconds after the beginning.

        It moves until the next is done, and stands from then on.
        """
        said, self._now = self._now, f"{time.time() - self.began:5.1f} s  {what}"
        if not self._drawn_on:
            self.say(self._now)
            return
        self._stand(said)
        self.waits(Waiting(what=what, since=self.began))

    @contextmanager
    def live(self) -> Generator[None, None, None]:
        """Keep the line that moves below all others, until the end."""
        if self._drawing is None:
            yield
            return
        with self._drawing.live():
            yield
        # After a fault it is told what went wrong, and not what was being done.
        self._stand(self._now)

    def _stand(self, said: str) -> None:
        if said:
            self.say(said)

    @property
    def _drawn_on(self) -> bool:
        plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") in {None, "dumb"}
        return self.stream.isatty() and not plain

    @cached_property
    def _drawing(self) -> Drawing | None:
        if not self._drawn_on:
            return None
        from rehearsal.machine.drawing import Drawing

        return Drawing(self.stream)
