"""Interruptions: Ctrl-C, a request to end, a terminal that closes. All three are one here."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType

from rehearsal.faults import RehearsalError

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def end_at_once() -> None:
    """While modules are imported nothing is begun: an interruption just ends the command."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def exit_status(program: str, command: Callable[[], int]) -> int:
    """The exit status of a command, after which nothing that it cleans up is left.

    A fault is told in one message (1), and so is an interruption (130).
    """
    for number in _SIGNALS:
        signal.signal(number, _interrupt)
    try:
        return command()
    except RehearsalError as fault:
        print(f"{program}: {fault}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"{program}: interrupted", file=sys.stderr)
        return 130


@contextmanager
def uninterrupted() -> Generator[None, None, None]:
    """A second Ctrl-C does not keep the first from cleaning up."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
