"""The order of the tests, and which of them may run beside each other."""

from __future__ import annotations

import pytest

from rehearsal.render import PROJECT

# What listens on the rehearsal's addresses, or needs a whole machine's quiet, is one group.
_GROUPS = {"rehearsal": "addresses", "rules": "proofs", "gates": "gates", "engine": "engine"}


# First: pytest-xdist reads the groups in the same hook.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests that share a standing rehearsal last: others find its addresses taken."""
    items.sort(key=_shares_a_rehearsal)
    for item in items:
        folder = item.path.relative_to(PROJECT / "tests").parts[0]
        item.add_marker(pytest.mark.xdist_group(_GROUPS.get(folder, "units")))


def _shares_a_rehearsal(item: pytest.Item) -> bool:
    return isinstance(item, pytest.Function) and "standing" in item.fixturenames
