"""Rules read only what the collector brings, and what it brings is what exporters expose."""

from __future__ import annotations

import pytest

from gallery.metrics import labels
from gallery.metrics.collected import COLLECTED, RECORDED
from gallery.render.collector import MESH_METRICS
from gallery.render.rules import recorded
from tests.rules.contract import faults, metrics
from tests.rules.variants import Effective, effective, plan
from tests.unit.stack_files import STACKS


@pytest.mark.parametrize("alert", effective(*STACKS), ids=str)
def test_an_alert_reads_what_is_collected_under_labels_it_has(alert: Effective) -> None:
    assert not faults(alert.planned.expr)


@pytest.mark.parametrize("alert", effective(*STACKS), ids=str)
def test_a_case_gives_its_series_only_labels_that_collectors_give(alert: Effective) -> None:
    for case in alert.planned.alert.cases(alert.planned.scope):
        for series in case.series:
            known = RECORDED.get(series.metric) or COLLECTED[series.metric][series.labels["job"]]
            assert set(series.labels) <= known, (case.name, series)


@pytest.mark.parametrize("stack", STACKS)
def test_a_recording_rule_reads_what_is_collected(stack: str) -> None:
    for group in recorded(plan(stack)):
        for rule in group.rules:
            assert not faults(rule.expr)


@pytest.mark.parametrize("stack", STACKS)
def test_every_recorded_series_is_recorded_and_none_unheard_of(stack: str) -> None:
    rules = [rule for group in recorded(plan(stack)) for rule in group.rules]
    assert {rule.record for rule in rules} == set(RECORDED)


def test_the_scrape_keeps_of_the_mesh_what_the_contract_names() -> None:
    named = {metric for metric, jobs in COLLECTED.items() if labels.MESH in jobs}
    assert named - {"up", "scrape_duration_seconds"} == set(MESH_METRICS)


@pytest.mark.parametrize(
    ("expr", "fault"),
    [
        ("node_memory_MemAvailable_byte", "nothing collects node_memory_MemAvailable_byte"),
        ('up{jobs="node"}', "up has no label jobs"),
        ('probe_success{job="node"}', "job node does not collect probe_success"),
        ('sum by (hosts) (up{job="node"})', "an aggregation is by hosts"),
        ('up{job="node"} unless on (hosts) up{job="mesh"}', "joins on hosts"),
        ('up{job="node"} * up{job="mesh"}', "never matches: host, host_group on one side only"),
        ("histogram_quantile(0.9, rate(istio_requests_total[5m]))", "has no buckets"),
        ('up{job="node"} == 1 and on (host) up', "joins on host"),
    ],
)
def test_a_misreading_is_found(expr: str, fault: str) -> None:
    assert any(fault in found for found in faults(expr))


def test_metrics_are_found_below_ranges_and_joins() -> None:
    expr = "rate(a[5m]) + on (x) (max_over_time(b[1h:5m]) or c)"
    assert metrics(expr) == {"a", "b", "c"}
