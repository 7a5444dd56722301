"""What a rule looks back on bridges a failover of the collector's replicas.

For up to a minute no sample arrives then: a rate over less has no value, or reads a third of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import promql_parser as parser
import pytest

from gallery.metrics import names
from gallery.metrics.collected import RECORDED
from gallery.metrics.durations import Duration
from gallery.metrics.recordings import STALE_EVALUATIONS, USUAL_EVERY
from gallery.plan.model import Plan
from gallery.render.rules import recorded
from tests.rules.variants import HASTY, PLANS, Effective, effective, plan

# Measured: 51 s without a sample at a scrape of 15 s, and two samples make a rate.
_WITHOUT_A_SAMPLE = Duration.of(seconds=51)
_SELDOM = {names.RECEIVE_USUAL, names.TRANSMIT_USUAL}

Range = parser.MatrixSelector


def _ranges(expr: str) -> Iterator[Range]:
    """Every range of samples that an expression looks over.

    Not those of subqueries, which look at the last sample again and again for five minutes.
    """
    found = list[Range]()

    def visit(node: parser.Expr) -> None:
        if isinstance(node, parser.MatrixSelector):
            found.append(node)

    parser.walk(parser.parse(expr), visit)
    return iter(found)


def _length(looked: Range) -> Duration:
    return Duration.of(seconds=(looked.range or timedelta(0)).total_seconds())


def _metrics(looked: Range) -> set[str]:
    return {looked.vector_selector.name or ""}


def _least(metric: str, of: Plan) -> Duration:
    """The shortest range that may be looked over for a metric."""
    if metric in _SELDOM:
        return USUAL_EVERY * STALE_EVALUATIONS
    # What AMP records goes on through a failover: its own rules have windows that do.
    if metric in RECORDED:
        return of.timings.evaluate_amp * STALE_EVALUATIONS
    return of.timings.scrape * 4 + _WITHOUT_A_SAMPLE


def _short(expr: str, of: Plan) -> list[str]:
    return [
        f"{looked.prettify()} looks over {_length(looked)}, less than {_least(metric, of)}"
        for looked in _ranges(expr)
        for metric in _metrics(looked)
        if _length(looked) < _least(metric, of)
    ]


@pytest.mark.parametrize("alert", effective(*PLANS), ids=str)
def test_an_alert_looks_back_on_more_than_a_failover(alert: Effective) -> None:
    assert not _short(alert.planned.expr, plan(alert.stack))


@pytest.mark.parametrize("stack", PLANS)
def test_a_recording_looks_back_on_more_than_a_failover(stack: str) -> None:
    rules = [rule for group in recorded(plan(stack)) for rule in group.rules]
    assert not [found for rule in rules for found in _short(rule.expr, plan(stack))]


@pytest.mark.parametrize(
    ("expr", "looks_over"),
    [
        ("rate(up[1m])", "1m"),
        ("max_over_time((rate(up[90s]) == 0)[1h:15s])", "1m30s"),
        ("sum(rate(up[5m])) or avg_over_time(up[170s])", "2m50s"),
    ],
)
def test_a_range_that_is_too_short_is_found(expr: str, looks_over: str) -> None:
    [found] = _short(expr, plan(HASTY))
    assert f"looks over {looks_over}, less than 2m51s" in found
