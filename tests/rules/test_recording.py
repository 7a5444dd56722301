"""What is recorded of hosts is what alerts take it for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gallery.alerts.cases.model import Phase, Series, flat, gone, ramp
from gallery.metrics.durations import Duration
from gallery.metrics.names import (
    HOSTS_EXPECTED,
    RECEIVE_RATE,
    RECEIVE_USUAL,
    TARGETS_EXPECTED,
    TRANSMIT_RATE,
    TRANSMIT_USUAL,
)
from gallery.metrics.recordings import ExpectedHosts, RecordingGroup, StackSeries, recording_groups
from gallery.render.proof import input_series
from gallery.render.rules import recorded
from tests.rules.promtool import Proof, verdicts
from tests.unit.stack_files import planned

_STACK = StackSeries(environment="dev", cluster="gallery-dev")
_SERVICE = _STACK.labels | {"service": "checkoutservice", "host_group": "orders-db"}
_HOST = _SERVICE | {"host": "orders-db-1"}
_MINUTE, _HOUR = Duration.parse("1m"), Duration.parse("1h")
_USUALLY = 20_000


def _groups() -> tuple[RecordingGroup, ...]:
    return recording_groups(
        _STACK,
        evaluate=_MINUTE,
        probes=["frontend"],
        targets={"frontend": 1, "collector": 2},
        hosts=[ExpectedHosts(group="orders-db", service="checkoutservice", count=2)],
    )


Samples = list[tuple[dict[str, str], float]]
# Input series, how far apart their samples and the evaluations are, and how long they last.
Story = tuple[list[Series], Duration, Duration]


def _proven(
    promtool: Path,
    stack: Path,
    story: Story,
    expected: dict[str, Samples],
    groups: tuple[RecordingGroup, ...] | None = None,
) -> None:
    """At the end of the story each recorded series has exactly these samples."""
    series, step, at = story
    rules = [
        {"record": rule.record, "expr": rule.expr, "labels": dict(rule.labels)}
        for group in groups or _groups()
        for rule in group.rules
    ]
    expectations: list[dict[str, Any]] = [
        {
            "expr": name,
            "eval_time": str(at),
            "exp_samples": [
                {"labels": f"{name}{{{_inside(labels)}}}", "value": value}
                for labels, value in samples
            ],
        }
        for name, samples in expected.items()
    ]
    document = {
        "rule_files": ["rules.json"],
        "evaluation_interval": str(step),
        "tests": [
            {
                "interval": str(step),
                "input_series": input_series(series, step),
                "promql_expr_test": expectations,
            }
        ],
    }
    proof = Proof(rules={"groups": [{"name": "all", "rules": rules}]}, tests=(document,))
    [verdict] = verdicts(promtool, stack, {"": proof}).values()
    assert verdict.proven, verdict.output


def _inside(labels: dict[str, str]) -> str:
    return ",".join(f'{name}="{value}"' for name, value in labels.items())


def _bytes(direction: str, device: str, rate: float, instance: str = "i-1") -> Series:
    node = _HOST | {"job": "node", "instance": instance, "device": device}
    return Series(
        metric=f"node_network_{direction}_bytes_total",
        labels=node,
        phases=(ramp(0, per_sample=rate * 60, length=_HOUR),),
    )


def test_a_hosts_rate_counts_each_byte_once(promtool: Path, tmp_path: Path) -> None:
    series = [
        _bytes("receive", "ens5", 20_000),
        _bytes("receive", "eth1", 1_000),
        *(_bytes("receive", device, 5_000) for device in ("lo", "veth12ab", "docker0", "br-1")),
        _bytes("transmit", "ens5", 7_000),
    ]
    expected: dict[str, Samples] = {
        RECEIVE_RATE: [(_HOST, 21_000.0)],
        TRANSMIT_RATE: [(_HOST, 7_000.0)],
    }
    _proven(promtool, tmp_path, (series, _MINUTE, _HOUR), expected)


def test_a_host_that_is_replaced_moves_what_both_its_instances_move(
    promtool: Path, tmp_path: Path
) -> None:
    both = [_bytes("receive", "ens5", 20_000, instance) for instance in ("i-1", "i-2")]
    expected: dict[str, Samples] = {RECEIVE_RATE: [(_HOST, 40_000.0)]}
    _proven(promtool, tmp_path, (both, _MINUTE, _HOUR), expected)


def _history(*phases: Phase) -> list[Series]:
    return [
        Series(metric=record, labels=_HOST, phases=phases)
        for record in (RECEIVE_RATE, TRANSMIT_RATE)
    ]


@pytest.mark.parametrize(
    ("phases", "usual"),
    [
        ((flat(_USUALLY, _HOUR * 72),), _USUALLY),
        ((flat(_USUALLY, _HOUR * 66), flat(_USUALLY * 50, _HOUR * 30)), _USUALLY),
        ((flat(_USUALLY, _HOUR * 22),), None),
        ((flat(_USUALLY, _HOUR * 60), gone(_HOUR * 24)), _USUALLY),
        ((flat(_USUALLY, _HOUR * 60), gone(_HOUR * 24 * 7)), None),
    ],
    ids=["a level", "a flood of a day", "less than a day", "a day's gap", "a week's gap"],
)
def test_the_usual_is_the_median_of_a_week_once_a_day_is_known(
    phases: tuple[Phase, ...], usual: float | None, promtool: Path, tmp_path: Path
) -> None:
    at = Duration(sum(phase.length.milliseconds for phase in phases))
    samples: Samples = [] if usual is None else [(_HOST, float(usual))]
    expected = {RECEIVE_USUAL: samples, TRANSMIT_USUAL: samples}
    _proven(promtool, tmp_path, (_history(*phases), Duration.parse("5m"), at), expected)


def test_the_plans_hosts_are_expected_under_the_labels_of_their_series(
    promtool: Path, tmp_path: Path
) -> None:
    expected: dict[str, Samples] = {HOSTS_EXPECTED: [(_SERVICE, 2.0)]}
    _proven(promtool, tmp_path, ([], _MINUTE, _MINUTE), expected)


def test_a_stack_expects_every_proxy_and_both_replicas_of_the_collector(
    promtool: Path, tmp_path: Path
) -> None:
    counts = {each.service.name: 1.0 for each in planned().services} | {"collector": 2.0}
    expected: dict[str, Samples] = {
        TARGETS_EXPECTED: [(_STACK.labels | {"service": name}, n) for name, n in counts.items()]
    }
    _proven(promtool, tmp_path, ([], _MINUTE, _MINUTE), expected, recorded(planned()))


def test_a_stack_without_hosts_records_nothing_of_hosts() -> None:
    [group] = recording_groups(_STACK, evaluate=_MINUTE, probes=["a"], targets={"b": 1}, hosts=[])
    assert {rule.record for rule in group.rules} == {
        "gallery:collector_expected",
        "gallery:probe_expected",
        "gallery:targets_expected",
    }
