from __future__ import annotations

from collections.abc import Iterator

import pytest

from .forge import Forge, running


@pytest.fixture
def forge() -> Iterator[Forge]:
    """A forge that holds nothing yet."""
    with running() as found:
        yield found
