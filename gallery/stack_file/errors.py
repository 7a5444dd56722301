"""What is wrong with a stack file: every error at once, each with its cure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class StackFileError(ValueError):
    """Raised for a stack that cannot work. `errors` holds one message for each error."""

    def __init__(self, errors: Iterable[str]) -> None:
        self.errors = tuple(dict.fromkeys(errors))
        count = len(self.errors)
        title = f"{count} error{'s' if count > 1 else ''} in the stack file"
        super().__init__("\n".join([title, *(f"  - {error}" for error in self.errors)]))


def nearest(name: str, known: Iterable[str]) -> str:
    """`did you mean "hold"? ` followed by what is allowed; for the end of a message."""
    choices = tuple(known)
    close = difflib.get_close_matches(name, choices, n=1, cutoff=0.5)
    guess = f'did you mean "{close[0]}"? ' if close else ""
    return f"{guess}allowed: {', '.join(choices)}"


def all_of(names: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`: for one sentence about many things of one cause."""
    *most, last = dict.fromkeys(names)
    return f"{', '.join(most)} and {last}" if most else last
