"""Rules read only what the collector brings, and what it brings is what exporters expose."""

from __future__ import annotations

import pytest

from gallery.alerts.cases import cases_of
from gallery.alerts.cases.model import Series
from gallery.metrics import labels
from gallery.metrics.collected import COLLECTED, RECORDED
from gallery.metrics.names import PROXY_METRICS
from gallery.plan.resolve import resolve
from gallery.render.rules import recorded
from gallery.stack_file.parse import parse
from tests.rules.contract import faults, metrics
from tests.rules.variants import Effective, effective, plan
from tests.unit.stack_files import STACKS, with_value


@pytest.mark.parametrize("alert", effective(*STACKS), ids=str)
def test_an_alert_reads_what_is_collected_under_labels_it_has(alert: Effective) -> None:
    assert not faults(alert.planned.expr)


@pytest.mark.parametrize("alert", effective(*STACKS), ids=str)
def test_a_case_gives_its_series_only_labels_that_collectors_give(alert: Effective) -> None:
    for case in cases_of(alert.planned.alert, alert.planned.scope):
        for series in case.series:
            assert not odd(series), f"{alert}, case {case.name!r}: {odd(series)}"


def odd(series: Series) -> str:
    """What a case gives a series that no collector gives it, in words; nothing is right."""
    metric, job = series.metric, series.labels.get("job")
    jobs = COLLECTED.get(metric, {})
    known = RECORDED.get(metric) or (jobs.get(job) if job else None)
    if known is None:
        return (
            f"nothing brings {metric} of job {job}; jobs that do: {', '.join(jobs) or 'none'}: "
            "name it in gallery/metrics/collected.py, or in RECORDED there"
        )
    more = ", ".join(sorted(set(series.labels) - known))
    return more and f"{metric} of job {job} has no label {more}; it has {', '.join(sorted(known))}"


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ({"job": "node", "hosts": "a"}, "has no label hosts; it has"),
        ({"job": "nod"}, "nothing brings up of job nod; jobs that do: "),
        ({}, "nothing brings up of job None"),
    ],
)
def test_what_a_case_may_not_give_is_said_in_words(labels: dict[str, str], words: str) -> None:
    assert words in odd(Series(metric="up", labels=labels, phases=()))


@pytest.mark.parametrize("stack", STACKS)
def test_a_recording_rule_reads_what_is_collected(stack: str) -> None:
    for group in recorded(plan(stack)):
        for rule in group.rules:
            assert not faults(rule.expr)


@pytest.mark.parametrize("stack", STACKS)
def test_every_recorded_series_is_recorded_and_none_unheard_of(stack: str) -> None:
    agreed = {"check-out": {"agreement": {"target": "99%", "owed": "The fee."}}}
    of = resolve(parse(with_value("objectives", agreed, stack)))
    rules = [rule for group in recorded(of) for rule in group.rules]
    assert {rule.record for rule in rules} == set(RECORDED)


def test_the_scrape_keeps_of_the_mesh_what_the_contract_names() -> None:
    named = {metric for metric, jobs in COLLECTED.items() if labels.MESH in jobs}
    assert named - {"up", "scrape_duration_seconds"} == set(PROXY_METRICS)


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
