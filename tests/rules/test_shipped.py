"""What promtool proves is what ships, whoever evaluates it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml

from gallery.alerts.cases.probing import hanging, refusing
from gallery.alerts.cases.subjects import canary_labels, probe_labels
from gallery.alerts.endpoints import ENDPOINT_DOWN
from gallery.contact_points.model import Engine
from gallery.metrics.durations import MINUTE
from gallery.plan.alerts import PlannedAlert
from gallery.render.proof import Document, input_series, proven
from rehearsal.stand_in.grafana_rules import prometheus_group
from rehearsal.stand_in.substitutions import Substitutions
from tests.rules.promtool import Proof, verdicts
from tests.rules.variants import effective
from tests.unit.recordings import deployed
from tests.unit.stack_files import STACKS, planned


def _nameless(expr: str) -> str:
    """What Grafana asks, so that an alert has no metric's name there either."""
    return f"max without () ({expr})"


def _files(stack: str, pattern: str) -> list[str]:
    return [text for path, text in deployed(stack).items() if fnmatch(path, pattern)]


def _groups(stack: str) -> Iterator[tuple[Engine, Document]]:
    """Every group of rules in the stack's deployed tree, and who evaluates it."""
    for text in _files(stack, "prometheus/rules/*.yaml"):
        yield from ((Engine.ALERTMANAGER, group) for group in yaml.safe_load(text)["groups"])
    known = {
        each["uid"]
        for text in _files(stack, "grafana/datasources.json")
        for each in json.loads(text)
    }
    for text in _files(stack, "grafana/rules/*.json"):
        yield Engine.GRAFANA, prometheus_group(json.loads(text), known, Substitutions())


def _in_order(rules: Iterable[Document]) -> list[str]:
    return sorted(json.dumps(rule, sort_keys=True) for rule in rules)


def _shipped(stack: str, engine: Engine) -> list[str]:
    return _in_order(
        rule
        for by, group in _groups(stack)
        for rule in group["rules"]
        if by is engine and "alert" in rule
    )


@pytest.mark.parametrize("stack", STACKS)
def test_the_rules_of_amp_are_those_that_are_proven(stack: str) -> None:
    evaluated = planned(stack).evaluated_by(Engine.ALERTMANAGER)
    assert _shipped(stack, Engine.ALERTMANAGER) == _in_order(proven(one).rule for one in evaluated)


@pytest.mark.parametrize("stack", STACKS)
def test_the_rules_of_grafana_mean_those_that_are_proven(stack: str) -> None:
    def asked(alert: PlannedAlert) -> Document:
        rule = proven(alert).rule
        return rule | {"expr": _nameless(rule["expr"])}

    evaluated = planned(stack).evaluated_by(Engine.GRAFANA)
    assert _shipped(stack, Engine.GRAFANA) == _in_order(map(asked, evaluated))


@pytest.mark.parametrize("stack", STACKS)
def test_every_alert_of_a_stack_is_shipped_once(stack: str) -> None:
    count = sum(len(_shipped(stack, engine)) for engine in Engine)
    assert count == len(effective(stack)) > 0


def test_an_endpoint_that_hangs_and_then_refuses_is_one_alert_without_a_metrics_name(
    promtool: Path, tmp_path: Path
) -> None:
    [alert] = [one for one in planned().alerts if one.alert is ENDPOINT_DOWN]
    cart, step = probe_labels(alert.scope, "cartservice"), alert.scope.timings.scrape
    silent, said = hanging(cart, (False, MINUTE), (True, MINUTE)), refusing(cart, (True, MINUTE))
    series = (
        *(
            replace(first, phases=(*first.phases, *then.phases))
            for first, then in zip(silent, said, strict=True)
        ),
        *refusing(canary_labels(alert.scope), (False, MINUTE * 3)),
    )
    labels = ",".join(f"{name}={json.dumps(value)}" for name, value in sorted(cart.items()))
    found = {"exp_samples": [{"labels": f"{{{labels}}}", "value": 0}]}
    asked = {"expr": _nameless(alert.expr)}
    document = {
        "rule_files": [],
        "evaluation_interval": str(step),
        "tests": [
            {
                "interval": str(step),
                "input_series": input_series(series, step),
                "promql_expr_test": [
                    {**asked, **found, "eval_time": at} for at in ("90s", "115s", "120s", "150s")
                ],
            }
        ],
    }
    proofs = {"": Proof(rules={"groups": []}, tests=(document,))}
    [verdict] = verdicts(promtool, tmp_path / "proof", proofs).values()
    assert verdict.proven, verdict.output
