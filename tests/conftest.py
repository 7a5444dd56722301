"""The order of the tests."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests that share a standing rehearsal last: others find its addresses taken."""
    items.sort(key=_shares_a_rehearsal)


def _shares_a_rehearsal(item: pytest.Item) -> bool:
    return isinstance(item, pytest.Function) and "standing" in item.fixturenames
