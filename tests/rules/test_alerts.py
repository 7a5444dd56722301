"""Every effective alert fires and stays silent as its cases say, and they would notice a change."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from gallery.alerts import ALERTS
from gallery.alerts.degraded import TOLERANCE, WINDOW
from gallery.alerts.endpoints import ENDPOINT_DEGRADED, ENDPOINT_DOWN
from gallery.alerts.guards import COLLECTOR_FRESH, SAME_MOMENT
from gallery.alerts.mesh import MESH_PLAIN_TEXT
from gallery.alerts.model import Alert
from gallery.alerts.watchers import RECORDING_RULES_STALE, WATCHDOG
from gallery.render.proof import proven, rule_document
from tests.rules.alike import ALIKE, Alike
from tests.rules.conftest import VerdictsOf
from tests.rules.functions import swapped
from tests.rules.promtool import check
from tests.rules.variants import OVERRIDDEN, PLANS, Effective, drawn, effective
from tests.unit.stack_files import STACKS

_SCRAPE_SECONDS = 5
# Numbers of guards that many alerts share, and the alert whose cases hold each of them.
_HELD_ELSEWHERE = {
    f"{COLLECTOR_FRESH}": WATCHDOG,
    f"{SAME_MOMENT * _SCRAPE_SECONDS:g}": ENDPOINT_DOWN,
    f"{TOLERANCE * _SCRAPE_SECONDS / WINDOW.seconds:g}": ENDPOINT_DEGRADED,
}
# Alerts whose expression has neither a clause nor a number but 0.
_NOTHING_TO_CHANGE = {MESH_PLAIN_TEXT, RECORDING_RULES_STALE}


def _in_every_stack() -> list[ParameterSet]:
    """Every effective alert; in all stacks but one it is a variant of what it is in that one."""
    return [
        pytest.param(one, id=str(one), marks=[] if drawn(one, *PLANS) else pytest.mark.variant)
        for one in effective(*PLANS)
    ]


@pytest.mark.parametrize("alert", _in_every_stack())
def test_an_alert_fires_and_stays_silent_as_its_cases_say(
    alert: Effective, on_planned: VerdictsOf
) -> None:
    [verdict] = on_planned(alert).values()
    assert verdict.proven, verdict.output


@pytest.mark.variant
@pytest.mark.in_one_stack
@pytest.mark.parametrize("alert", effective(*STACKS), ids=str)
def test_another_threshold_or_hold_makes_a_case_fail(
    alert: Effective, on_loosened: VerdictsOf
) -> None:
    found = on_loosened(alert)
    assert found
    assert not [name for name, verdict in found.items() if verdict.proven]


@pytest.mark.variant
@pytest.mark.parametrize("alert", effective("dev"), ids=str)
def test_a_clause_left_out_or_a_number_changed_makes_a_case_fail(
    alert: Effective, on_mutated: VerdictsOf
) -> None:
    found = on_mutated(alert)
    assert bool(found) is (alert.planned.alert not in _NOTHING_TO_CHANGE)
    unnoticed = [name for name, verdict in found.items() if verdict.proven]
    assert not [name for name in unnoticed if not _held_elsewhere(alert, name)]


@pytest.mark.variant
@pytest.mark.parametrize("alert", effective("dev"), ids=str)
def test_another_function_or_a_matcher_left_out_makes_a_case_fail(
    alert: Effective, on_swapped: VerdictsOf
) -> None:
    found = on_swapped(alert)
    unnoticed = [name for name, verdict in found.items() if verdict.proven]
    assert unnoticed == [name for name in found if _says_the_same(alert, name)]


def _says_the_same(alert: Effective, change: str) -> bool:
    return any(one.is_it(alert.planned.alert, change) for one in ALIKE)


@pytest.mark.parametrize("one", ALIKE, ids=str)
def test_what_no_case_can_notice_is_a_change_that_is_made(one: Alike) -> None:
    [planned] = [each.planned for each in effective("dev") if each.planned.alert is one.alert]
    assert any(one.is_it(planned.alert, name) for name, _ in swapped(planned))


def _held_elsewhere(alert: Effective, mutation: str) -> bool:
    number = mutation.partition(" as ")[0]
    holder = _HELD_ELSEWHERE.get(number, alert.planned.alert)
    return holder is not alert.planned.alert


@pytest.mark.parametrize("alert", effective(*STACKS, OVERRIDDEN), ids=str)
def test_every_alert_has_a_story_that_fires_and_a_near_miss(alert: Effective) -> None:
    cases = proven(alert.planned).cases
    assert any(case.fires for case in cases)
    assert any(not case.fires for case in cases)
    assert len({case.name for case in cases}) == len(cases)


@pytest.mark.parametrize("alert", effective("dev"), ids=str)
def test_a_page_speaks_only_of_labels_that_its_alert_has(alert: Effective) -> None:
    text = alert.planned.alert.what
    spoken = set(re.findall(r"\$labels\.(\w+)", text))
    optional = set(re.findall(r"if \$labels\.(\w+)", text))
    for case in proven(alert.planned).cases:
        for labels in case.fires:
            assert spoken - optional <= set(labels)


@pytest.mark.parametrize("alert", effective("dev"), ids=str)
def test_prometheus_accepts_the_rule_and_its_texts(
    alert: Effective, promtool: Path, tmp_path: Path
) -> None:
    verdict = check(promtool, tmp_path, rule_document(proven(alert.planned)))
    assert verdict.proven, verdict.output


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_a_threshold_says_its_unit(alert: Alert) -> None:
    assert (alert.threshold is None) == (not alert.unit)


@pytest.mark.parametrize("stack", STACKS)
def test_no_two_rules_of_a_stack_share_a_uid_and_grafana_takes_each(stack: str) -> None:
    uids = [alert.planned.uid for alert in effective(stack)]
    assert len(set(uids)) == len(uids)
    assert all(re.fullmatch(r"[a-z0-9-]{1,40}", uid) for uid in uids)
