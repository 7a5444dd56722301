"""Lines that are no longer than a terminal or a log has columns."""

from __future__ import annotations

import re
from collections.abc import Iterable
from textwrap import wrap

LOG_COLUMNS = 80
# What happened begins with its time, and what is quoted with a bar.
_TIMED = re.compile(r"[+ ] *\d+\.\d s  ")
_QUOTED = re.compile(r" +\| ")
_FURTHER = "  "


def wrapped(text: str, columns: int = LOG_COLUMNS) -> list[str]:
    """A text as lines that break between words; what goes on is indented below its beginning.

    A word is never broken: an address stays one that can be followed.
    """
    return [part for line in text.split("\n") for part in _wrapped(line, columns)]


def table(rows: Iterable[tuple[str, ...]], columns: int | None = None) -> list[str]:
    """Rows of equal length as lines whose cells are aligned; with `columns` the last is wrapped."""
    rows = tuple(rows)
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    lines = list[str]()
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        start = "".join(f"{cell}  " for cell in cells[:-1])
        line = f"{start}{row[-1]}".rstrip()
        lines += [line] if columns is None else _broken(line, columns, " " * len(start))
    return lines


def _wrapped(line: str, columns: int) -> list[str]:
    if quoted := _QUOTED.match(line):
        return _broken(line, columns, quoted[0] + _FURTHER)
    timed = _TIMED.match(line)
    return _broken(line, columns, " " * len(timed[0]) if timed else _FURTHER)


def _broken(line: str, columns: int, further: str) -> list[str]:
    if len(line) <= columns:
        return [line]
    return wrap(
        line, columns, subsequent_indent=further, break_long_words=False, break_on_hyphens=False
    )
