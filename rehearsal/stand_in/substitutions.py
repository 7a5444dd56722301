"""What the rehearsal puts in the place of something deployed, and why."""

from __future__ import annotations

from dataclasses import dataclass, field


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
        rows = ["| " + " | ".join(_cell(text) for text in row) + " |" for row in self._rows]
        return "\n".join([*head, *rows]) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
