"""What is wrong with a stack file: every fault at once, each with its cure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class StackFault(ValueError):
    """Raised for a stack that cannot work. `faults` holds one message for each fault."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(dict.fromkeys(faults))
        count = len(self.faults)
        title = f"{count} fault{'s' if count > 1 else ''} in the stack file"
        super().__init__("\n".join([title, *(f"  - {fault}" for fault in self.faults)]))


def nearest(name: str, known: Iterable[str]) -> str:
    """`did you mean "hold"? ` followed by what is allowed; for the end of a message."""
    choices = tuple(known)
    close = difflib.get_close_matches(name, choices, n=1, cutoff=0.5)
    guess = f'did you mean "{close[0]}"? ' if close else ""
    return f"{guess}allowed: {', '.join(choices)}"
