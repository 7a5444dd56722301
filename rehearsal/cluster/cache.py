"""Where built programs are kept, by version, for every checkout of a user."""

from __future__ import annotations

import os
from pathlib import Path


def cache() -> Path:
    """`$XDG_CACHE_HOME/gallery`; without the variable, or a relative one, `~/.cache/gallery`."""
    # The specification of the variable wants a relative path ignored.
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (named if named.is_absolute() else Path.home() / ".cache") / "gallery"
