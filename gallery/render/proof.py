"""What promtool reads: an alert's cases as unit tests, and the rule they are about.

Valid for Prometheus 2.42 and 3: no case rests on whether a range holds its left edge.
Format: Prometheus, "Unit testing for rules".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from gallery.alerts.cases import cases_of
from gallery.alerts.cases.model import Case, Phase, Series
from gallery.alerts.model import Labels
from gallery.metrics import promql
from gallery.metrics.durations import Duration
from gallery.plan.alerts import PlannedAlert
from gallery.render.rules import alerting_rule

Document = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class ProvenRule:
    """An alerting rule as it ships, and the stories that must come true of it.

    What a case fires has all labels that the plan gives its alert, whatever the rule says.
    """

    rule: Document
    name: str
    cases: tuple[Case, ...]


def proven(planned: PlannedAlert) -> ProvenRule:
    """The rule as it is rendered for Prometheus, and the cases that the plan has of it."""
    return ProvenRule(
        rule=alerting_rule(planned),
        name=planned.name,
        cases=tuple(
            replace(case, fires=tuple(_labelled(planned, series) for series in case.fires))
            for case in cases_of(planned.alert, planned.scope)
        ),
    )


def _labelled(planned: PlannedAlert, series: Labels) -> Labels:
    """The labels of an alert on these series: those of the plan win."""
    owner = planned.owner_of(series.get(planned.owned_by))
    return {**series, **planned.labels_for(owner)}


def rule_document(rule: ProvenRule) -> Document:
    """A rule file with this one alert."""
    return {"groups": [{"name": rule.name, "rules": [rule.rule]}]}


def silent_document(rule: ProvenRule) -> Document:
    """The same without its texts, which promtool would want to find again in every case."""
    bare = {key: value for key, value in rule.rule.items() if key != "annotations"}
    return rule_document(replace(rule, rule=bare))


def test_documents(rule: ProvenRule, rule_file: str) -> tuple[Document, ...]:
    """Test files for the rule, one for each interval that cases have.

    Rules are evaluated at the interval of the samples, whatever the stack's: a case is about
    logic, and the time an evaluation adds is in the bound of the alert.
    """
    intervals = sorted({case.interval for case in rule.cases})
    return tuple(
        {
            "rule_files": [rule_file],
            "evaluation_interval": str(interval),
            "tests": [_test(rule, case) for case in rule.cases if case.interval == interval],
        }
        for interval in intervals
    )


def _test(rule: ProvenRule, case: Case) -> Document:
    test: Document = {
        "name": case.name,
        "interval": str(case.interval),
        "input_series": input_series(case.series, case.interval),
    }
    if case.fires_at is None:
        return test | {"promql_expr_test": [_silence(rule.name, case)]}
    fires = [{"exp_labels": dict(each)} for each in case.fires]
    expected = {"eval_time": str(case.fires_at), "alertname": rule.name, "exp_alerts": fires}
    return test | {"alert_rule_test": [expected]}


def _silence(alert: str, case: Case) -> Document:
    """Nothing fired at any evaluation from the beginning until the end of the story."""
    firing = promql.selector(
        "ALERTS",
        (promql.equals("alertname", alert), promql.equals("alertstate", "firing")),
        window=str(case.until + case.interval),
    )
    return {
        "expr": f"count_over_time({firing})",
        "eval_time": str(case.until),
        "exp_samples": [],
    }


def input_series(series: Iterable[Series], interval: Duration) -> list[Document]:
    """Series in promtool's notation, a sample at each interval from the beginning."""
    return [
        {
            "series": promql.selector(
                one.metric,
                (promql.equals(name, value) for name, value in sorted(one.labels.items())),
            ),
            "values": " ".join(text for phase in one.phases for text in _samples(phase, interval)),
        }
        for one in series
    ]


def _samples(phase: Phase, interval: Duration) -> Iterable[str]:
    count = phase.length.milliseconds // interval.milliseconds
    if not count:
        return
    if phase.start is not None:
        # The first sample and so many more.
        yield f"{_number(phase.start)}{_signed(phase.step)}x{count - 1}"
        return
    if phase.marked:
        yield "stale"
        count -= 1
    if count:
        yield f"_x{count}"


def _number(value: float) -> str:
    """A number without an exponent, which promtool's notation cannot hold."""
    return f"{value:.6f}".rstrip("0").rstrip(".")


def _signed(value: float) -> str:
    text = _number(value)
    return text if text.startswith("-") else f"+{text}"
