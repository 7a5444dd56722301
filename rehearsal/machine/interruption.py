"""Interruptions: Ctrl-C, a request to end, a terminal that closes. All three are one here."""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType

from offline.errors import UserError

# Of faults that no program can foresee: what a person can do about them.
_CURES = {
    errno.ENOSPC: "make room on the disk",
    errno.EDQUOT: "make room within your quota",
    errno.EROFS: "choose a place that can be written",
    errno.EACCES: "choose a place that you may write, or run this as the user whose it is",
    errno.EPIPE: "let what reads this read to its end",
    errno.EIO: "the terminal or the disk is gone; choose another",
}
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def end_at_once() -> None:
    """While modules are imported nothing is begun: an interruption just ends the command."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def exit_status(program: str, command: Callable[[], int]) -> int:
    """The exit status of a command, after which nothing that it cleans up is left.

    A fault is told in one message (1), and so is an interruption (130), or a disk or a terminal
    that takes nothing more (1).
    """
    for number in _SIGNALS:
        signal.signal(number, _interrupt)
    try:
        status = command()
        # What nobody takes is found now, and not by the interpreter at its end.
        print(end="", flush=True)
    except UserError as fault:
        status = _ended(f"{program}: {fault}", 1)
    except KeyboardInterrupt:
        status = _ended(f"{program}: interrupted", 130)
    except OSError as fault:
        if fault.errno not in _CURES:
            raise
        where = f"{fault.filename}: " if fault.filename else ""
        status = _ended(f"{program}: {where}{fault.strerror}; {_CURES[fault.errno]}", 1)
    return status


@contextmanager
def uninterrupted() -> Generator[None, None, None]:
    """A second Ctrl-C does not keep the first from cleaning up."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _ended(message: str, status: int) -> int:
    """Say why it ended, where somebody is left to be told; the exit status."""
    for stream, text in ((sys.stdout, ""), (sys.stderr, f"{message}\n")):
        try:
            print(text, end="", file=stream, flush=True)
        except OSError:
            # Or the interpreter would try again at its end, and complain.
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    return status


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
