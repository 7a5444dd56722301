"""Which of the rehearsals on this machine is meant.

Several are up at once where each is begun with a number of its own in the environment: what
belongs to a number listens on addresses of its own and keeps its state in a directory of its own.
"""

from __future__ import annotations

import os

VARIABLE = "GALLERY_NETWORK"
# Their addresses are so far apart in the second byte, of which tests take what is from 60 to 69.
_APART, _NUMBERS = 50, range(5)


def parse(text: str) -> int:
    """The number of a rehearsal. Raises ValueError, which says what to write instead."""
    if text not in map(str, _NUMBERS):
        raise ValueError(
            f"{VARIABLE} is {text!r}: the number of a rehearsal on this machine, from "
            f"{_NUMBERS[0]} to {_NUMBERS[-1]}; unset it for the first"
        )
    return int(text)


def second_byte(network: int, first: int) -> int:
    """The second byte of addresses that have `first` there in the first rehearsal."""
    return first + _APART * network


def directory(network: int) -> str:
    """What the directory is called that holds its state."""
    return f"rehearsal-{network}" if network else "rehearsal"


def _asked() -> int:
    try:
        return parse(os.environ.get(VARIABLE, "0"))
    except ValueError as fault:
        # Whatever is asked of a rehearsal, it cannot be said of which.
        raise SystemExit(f"rehearsal: {fault}") from None


NETWORK = _asked()
