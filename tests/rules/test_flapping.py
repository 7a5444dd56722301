"""Whatever comes and goes, nobody is told of it twice in ten minutes, and the last word is true."""

from __future__ import annotations

import pytest

from gallery.alerts.model import Delivery
from gallery.store.roles import Severity
from tests.rules.conftest import VerdictsOf
from tests.rules.variants import Effective, effective

_BEATS = {Delivery.HEARTBEAT, Delivery.GRAFANA_HEARTBEAT}


def _told() -> list[Effective]:
    """Every alert but the heartbeats, which are told all the time."""
    return [one for one in effective("prod") if one.planned.alert.delivery not in _BEATS]


@pytest.mark.parametrize("alert", _told(), ids=str)
def test_what_comes_and_goes_is_told_once_in_ten_minutes_and_truly_in_the_end(
    alert: Effective, on_flapping: VerdictsOf
) -> None:
    found = on_flapping(alert)
    assert found, f"no firing case of {alert.planned.name} begins well: tell one that does"
    failed = [name for name, verdict in found.items() if not verdict.proven]
    assert not failed, "\n".join(failed)


def _pages() -> list[Effective]:
    return [one for one in _told() if one.planned.severity is Severity.PAGE]


@pytest.mark.parametrize("alert", _pages(), ids=str)
def test_a_second_outage_is_told_of_while_it_lasts(
    alert: Effective, on_second_outages: VerdictsOf
) -> None:
    found = on_second_outages(alert)
    assert found
    failed = [name for name, verdict in found.items() if not verdict.proven]
    assert not failed, "\n".join(failed)
