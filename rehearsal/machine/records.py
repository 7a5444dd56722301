"""Files to which one program adds and that others read meanwhile: one JSON object a line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import TypeAdapter

Entry = TypeVar("Entry")


@dataclass(frozen=True)
class Records(Generic[Entry]):
    """The entries of a file, in the order in which they were added."""

    path: Path
    form: TypeAdapter[Entry]

    def add(self, entry: Entry) -> None:
        """Add one; whoever reads sees the whole line or none of it."""
        with self.path.open("ab") as file:
            file.write(self.form.dump_json(entry) + b"\n")

    def read(self) -> list[Entry]:
        """Every entry so far; none where nothing was added yet."""
        try:
            whole, _, _unfinished = self.path.read_bytes().rpartition(b"\n")
        except FileNotFoundError:
            return []
        return [self.form.validate_json(line) for line in whole.splitlines()]
