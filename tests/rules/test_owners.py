"""The alerts of one rule on hosts reach the owner of each host's group."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gallery.alerts.model import Subject
from gallery.plan.alerts import PlannedAlert
from gallery.render.proof import proven
from tests.rules.promtool import Proof, alert_proof, verdicts
from tests.rules.variants import plan

_STACK = "prod"
_ON_HOSTS = [alert for alert in plan(_STACK).alerts if alert.alert.subject is Subject.HOST]


def _told_of(alert: PlannedAlert, group: str) -> Proof:
    """The first case that fires, told of a host of this group."""
    others = (other for other in alert.scope.host_groups if other != group)
    scope = replace(alert.scope, host_groups=(group, *others))
    rule = proven(replace(alert, scope=scope))
    case = next(case for case in rule.cases if case.fires)
    assert {labels["host_group"] for labels in case.fires} == {group}
    return alert_proof(replace(rule, rule=proven(alert).rule, cases=(case,)))


@pytest.mark.parametrize("alert", _ON_HOSTS, ids=lambda alert: alert.name)
def test_an_alert_on_a_host_carries_the_owner_of_its_group(
    alert: PlannedAlert, promtool: Path, tmp_path: Path
) -> None:
    assert len(alert.owners) > 1
    proofs = {group: _told_of(alert, group) for group in alert.scope.host_groups}
    for verdict in verdicts(promtool, tmp_path / "proofs", proofs).values():
        assert verdict.proven, verdict.output
