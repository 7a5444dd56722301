"""A condition that is seen with gaps is told in time, does not end, and is not told twice."""

from __future__ import annotations

import pytest

from tests.rules.conftest import VerdictsOf
from tests.rules.gaps import AS_TOLD
from tests.rules.variants import Effective, effective
from tests.unit.stack_files import STACKS


@pytest.mark.variant
@pytest.mark.in_one_stack
@pytest.mark.parametrize("alert", effective(*STACKS), ids=str)
def test_gaps_neither_delay_nor_end_nor_repeat_an_alert(
    alert: Effective, on_gaps: VerdictsOf
) -> None:
    found = on_gaps(alert)
    lasting = {name.removesuffix(AS_TOLD) for name, verdict in found.items()
               if verdict.proven and name.endswith(AS_TOLD)}  # fmt: skip
    assert lasting, f"no firing case of {alert.planned.name} goes on when its story does"
    failed = [
        name
        for name, verdict in found.items()
        if not verdict.proven and any(name.startswith(case) for case in lasting)
    ]
    if alert.planned.alert.unbridged:
        assert failed, f"{alert.planned.name} bridges every gap: nothing is to be excused"
        return
    assert not failed, "\n".join(failed)
