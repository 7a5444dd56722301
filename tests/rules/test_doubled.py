"""No alert fails, or misses anything, while each series is there twice."""

from __future__ import annotations

import pytest

from tests.rules.conftest import VerdictsOf
from tests.rules.variants import Effective, effective


@pytest.mark.variant
@pytest.mark.parametrize("alert", effective("dev"), ids=str)
def test_series_that_are_there_twice_change_nothing(
    alert: Effective, on_doubled: VerdictsOf
) -> None:
    failed = {name: one.output for name, one in on_doubled(alert).items() if not one.proven}
    assert not failed, failed
