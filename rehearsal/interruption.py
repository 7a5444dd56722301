"""Interruptions: Ctrl-C, a request to end, a terminal that closes. All three are one here."""

from __future__ import annotations

import signal
from collections.abc import Generator
from contextlib import contextmanager

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def uninterrupted() -> Generator[None, None, None]:
    """A second Ctrl-C does not keep the first from cleaning up."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
