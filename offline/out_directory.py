"""Where a tree of files goes: looked at before it is worked out."""

from __future__ import annotations

import os
from pathlib import Path

from offline.errors import UserError


def refuse_unfillable(directory: Path) -> None:
    """Raise UserError where no directory of that name can be made, or nothing put into it.

    Makes nothing: what is worked out may still be refused.
    """
    whole = directory.absolute()
    there = next(path for path in (whole, *whole.parents) if os.path.lexists(path))
    if not there.is_dir():
        raise UserError(
            f"{directory} cannot be filled: {there} is no directory; choose another place"
        )
    if not os.access(there, os.W_OK | os.X_OK):
        raise UserError(
            f"{directory} cannot be filled: you may not write into {there}; choose another place"
        )
