"""What the rehearsal puts in the place of something deployed, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Substitutions:
    """The list that becomes `substitutions.md`; whoever substitutes adds to it."""

    _rows: dict[tuple[str, str, str], None] = field(
        default_factory=dict[tuple[str, str, str], None], init=False
    )

    def add(self, deployed: str, here: str, why: str) -> None:
        """Note one; the same one again is noted once."""
        self._rows[deployed, here, why] = None

    def markdown(self) -> str:
        """The list as a Markdown table."""
        head = [
            "# What stands in for what",
            "",
            "Written by the code that substitutes. What is not listed runs as it is deployed.",
            "",
            "| Deployed | Here | Why |",
            "| --- | --- | --- |",
        ]
        return "\n".join([*head, *map(_line, self._rows)]) + "\n"


def append(path: Path, rows: Iterable[tuple[str, str, str]]) -> None:
    """Add rows to a list that is written already."""
    path.write_text("".join([path.read_text(), *(f"{_line(row)}\n" for row in rows)]))


def _line(row: tuple[str, str, str]) -> str:
    return "| " + " | ".join(_cell(text) for text in row) + " |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
