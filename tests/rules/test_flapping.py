"""Whatever comes and goes, nobody is told of it twice in ten minutes, and the last word is true."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gallery.alerts.endpoints import ENDPOINT_DOWN
from gallery.alerts.model import Delivery
from gallery.metrics.durations import ZERO
from gallery.render.proof import proven, silent_document
from gallery.store.roles import Severity
from tests.rules.conftest import VerdictsOf
from tests.rules.flapping import proofs_of_flapping
from tests.rules.promtool import verdicts
from tests.rules.variants import Effective, effective

_BEATS = {Delivery.HEARTBEAT, Delivery.GRAFANA_HEARTBEAT}


def _told() -> list[Effective]:
    """Every alert but the heartbeats, which are told all the time."""
    return [one for one in effective("prod") if one.planned.alert.delivery not in _BEATS]


@pytest.mark.variant
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


@pytest.mark.variant
@pytest.mark.parametrize("alert", _pages(), ids=str)
def test_a_second_outage_is_told_of_while_it_lasts(
    alert: Effective, on_second_outages: VerdictsOf
) -> None:
    found = on_second_outages(alert)
    assert found
    failed = [name for name, verdict in found.items() if not verdict.proven]
    assert not failed, "\n".join(failed)


def test_what_is_told_at_its_first_look_is_told_once_in_ten_minutes(
    promtool: Path, tmp_path: Path
) -> None:
    [held] = [one.planned for one in effective("prod") if one.planned.alert is ENDPOINT_DOWN]
    at_once = replace(held, hold=ZERO, scope=replace(held.scope, hold=ZERO))
    rules = silent_document(proven(at_once))
    # Patterns of the hold: without one the first case that begins well is of the prober's death.
    proofs = {
        name: replace(proof, rules=rules)
        for name, proof in proofs_of_flapping(held)
        if name.startswith("one of")
    }
    found = verdicts(promtool, tmp_path / "proofs", proofs)
    assert found
    assert not [name for name, verdict in found.items() if not verdict.proven]
