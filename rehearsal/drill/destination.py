"""Where a report goes: looked at before a drill is played, which takes minutes."""

from __future__ import annotations

import os
from pathlib import Path

from offline.errors import UserError


def refuse_unwritable(path: Path) -> None:
    """Raise UserError where no report could be written."""
    folder = path.parent
    if not folder.is_dir():
        raise UserError(f"{path} cannot be written: there is no directory {folder}; make it")
    if path.is_dir():
        raise UserError(f"{path} cannot be written: it is a directory; name a file in it")
    if not os.access(folder if _is_replaced(path) else path, os.W_OK):
        raise UserError(f"{path} cannot be written: you may not; choose another place")


def write(path: Path, text: str) -> None:
    """Write a report; a reader sees the old one or the new one. Raises UserError."""
    try:
        if _is_replaced(path):
            draft = path.with_name(f"{path.name}.draft")
            draft.write_text(text)
            draft.replace(path)
        else:
            path.write_text(text)
    except OSError as fault:
        raise UserError(f"{path} cannot be written: {fault.strerror}") from None


def _is_replaced(path: Path) -> bool:
    """Not so a device, a pipe, or a link to what others read, as /dev/stdout."""
    return not path.is_symlink() and (path.is_file() or not path.exists())
