"""What a terminal is drawn on with: colours for what is good and bad, and a line that moves."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, TextIO

from rich.console import Console, RenderableType
from rich.highlighter import RegexHighlighter
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text
from rich.theme import Theme

from rehearsal.machine.screen import Waiting, duration

_THEME = Theme({"told.time": "dim", "told.quote": "dim", "told.bad": "red", "told.good": "green"})
# What is waited for has room beside it in eighty columns.
_BAR_COLUMNS = 10


class _Told(RegexHighlighter):
    """Colours by the words that commands use; a line says the same without them."""

    base_style = "told."
    highlights: ClassVar[Sequence[str]] = [
        r"^(?P<time>(\+ *|  *)\d+\.\d s)  ",
        r"(?P<bad>\bFIRING\b|\bFAILED\b|\bnever\b|\bfires\b|\bfails\b|^wrong:.*)",
        r"(?P<good>\bRESOLVED\b|\bpassed\b|\bsucceeds again\b|\bstops firing\b|\bis ready\b)",
        r"^(?P<quote> +\| .*)$",
    ]


@dataclass
class Drawing:
    """A terminal; `waiting` is what its last line says."""

    stream: TextIO
    waiting: Waiting | None = None
    _console: Console = field(init=False)
    _spinner: Spinner = field(default_factory=lambda: Spinner("dots"), init=False)

    def __post_init__(self) -> None:
        self._console = Console(file=self.stream, theme=_THEME, highlighter=_Told())

    def say(self, line: str) -> None:
        """Write a line above the last."""
        self._console.print(line, markup=False, emoji=False, soft_wrap=True)

    def live(self) -> Live:
        """The last line, drawn again and again; nothing of it is left."""
        return Live(
            console=self._console,
            get_renderable=self._last,
            refresh_per_second=8,
            transient=True,
        )

    def _last(self) -> RenderableType:
        waiting = self.waiting
        if waiting is None:
            return Text()
        passed = time.time() - waiting.since
        words = [duration(passed)]
        line = Table.grid(padding=(0, 1))
        cells: list[RenderableType] = [self._spinner]
        if waiting.at_most is not None:
            cells.append(ProgressBar(waiting.at_most, passed, width=_BAR_COLUMNS))
            words.append(f"of at most {duration(waiting.at_most)}")
        text = Text(f"{' '.join(words)}  {waiting.what}", no_wrap=True, overflow="ellipsis")
        line.add_row(*cells, text)
        return line
