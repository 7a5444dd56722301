"""A lock on a file: one command at a time does what it guards."""

from __future__ import annotations

import fcntl
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from offline.errors import UserError


@contextmanager
def alone(path: Path, otherwise: str) -> Generator[None, None, None]:
    """Hold the lock, which ends with the process. Raises UserError(otherwise) if taken."""
    with _opened(path) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(otherwise) from None
        yield


def _opened(path: Path) -> TextIO:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("w")
    except PermissionError:
        raise UserError(
            f"you may not write {path}; run this as the user whose checkout it is, "
            "or in a checkout of your own"
        ) from None
