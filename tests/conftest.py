"""The order of the tests, how much of them is run, and their end before all were run."""

from __future__ import annotations

import gc
import signal

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let long proofs be judged as a whole."""
    parser.addoption("--every-proof", action="store_true", help="judge all proofs, not a share")


def pytest_configure() -> None:
    """Take down what fixtures have put up when told to end, as after Ctrl-C.

    Look for garbage seldom: the SDKs' modules stay, and looking through them takes an eighth.
    """
    gc.set_threshold(20_000, 50, 50)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests that share a standing rehearsal last: others find its addresses taken.

    And of those the ones last that leave tickets behind, which end ten minutes later.
    """
    items.sort(key=lambda item: (_has(item, "standing"), "tickets" in item.keywords))


def _has(item: pytest.Item, fixture: str) -> bool:
    return isinstance(item, pytest.Function) and fixture in item.fixturenames
