"""What stacks prove alike is judged once, and nothing else is taken for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from gallery.alerts.endpoints import ENDPOINT_DOWN
from gallery.plan.alerts import PlannedAlert
from gallery.render.proof import Document, proven
from tests.rules.once import content, judged_once
from tests.rules.promtool import Proof, Verdict, alert_proof
from tests.rules.variants import PLANS, effective

_HERE, _ELSEWHERE, _SLOWER = (
    one.planned
    for stack in ("dev", "openshift", "prod")
    for one in effective(stack)
    if one.planned.alert is ENDPOINT_DOWN
)
_RULE = proven(_ELSEWHERE).rule


def _said(planned: PlannedAlert) -> str:
    return content(alert_proof(proven(planned)), planned.scope)


def test_another_place_is_the_same_proof_and_another_interval_is_not() -> None:
    assert _said(_HERE) == _said(_ELSEWHERE) != _said(_SLOWER)


@pytest.mark.parametrize(
    "change",
    [
        # It names its place in a way of its own.
        {"expr": _RULE["expr"].replace('environment="', 'environment=~"')},
        {"expr": f"{_RULE['expr']} and on () time() > 1"},
        {"labels": _RULE["labels"] | {"severity": "ticket"}},
        {"for": "1h"},
    ],
    ids=["matcher", "clause", "label", "hold"],
)
def test_what_a_rule_says_in_one_stack_alone_is_judged_by_itself(change: Document) -> None:
    changed = replace(proven(_ELSEWHERE), rule=_RULE | change)
    assert content(alert_proof(changed), _ELSEWHERE.scope) != _said(_HERE)


def test_the_place_of_another_stack_is_not_taken_for_its_own() -> None:
    about_elsewhere = Proof(
        rules={"labels": {"environment": _ELSEWHERE.scope.environment}}, tests=()
    )
    said = {content(about_elsewhere, planned.scope) for planned in (_HERE, _ELSEWHERE)}
    assert len(said) == 2


def test_every_alert_of_every_stack_has_the_verdict_on_what_it_says() -> None:
    alerts = {str(one): one.planned for one in effective(*PLANS)}
    proofs = {name: alert_proof(proven(planned)) for name, planned in alerts.items()}
    scopes = {name: planned.scope for name, planned in alerts.items()}
    run = list[str]()

    def judge(asked: Mapping[str, Proof]) -> dict[str, Verdict]:
        run.extend(asked)
        return {
            name: Verdict(proven=True, output=content(proof, scopes[name]))
            for name, proof in asked.items()
        }

    found = judged_once(judge, proofs, scopes)
    said = {name: content(proof, scopes[name]) for name, proof in proofs.items()}
    assert {name: verdict.output for name, verdict in found.items()} == said
    assert len(run) == len(set(said.values()))
    # It looks as often as `dev`, at hosts of the same groups: it costs no proof of its own.
    assert not [name for name in run if name.startswith("openshift-")]
