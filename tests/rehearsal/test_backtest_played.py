"""What a rehearsal's own programs had firing, a backtest of its data has firing too."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from rehearsal import drill
from rehearsal.backtest.blocks import opened
from rehearsal.backtest.past import Firing, Period, evaluated
from rehearsal.backtest.remote import RemoteQueries
from rehearsal.diff.tree import Rule, read
from rehearsal.machine.addresses import AMP, EVALUATOR, Address
from rehearsal.machine.programs import AMP_NAME
from rehearsal.machine.queries import PrometheusClient, Queries

pytestmark = pytest.mark.drill

_ALERT = "EndpointDown"
_Labels = frozenset[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class Outage:
    """A drill that was played: its period, the rule, and when the evaluator had it firing.

    `evaluated` are the first and the last of these evaluations, in milliseconds.
    """

    state: Path
    period: Period
    rule: Rule
    evaluated: Mapping[_Labels, tuple[int, int]]

    @property
    def step(self) -> int:
        """From one evaluation to the next, in milliseconds."""
        return 10_000

    @property
    def phase(self) -> int:
        """On which moments of its interval the evaluator evaluates, in milliseconds."""
        [phase] = {first % self.step for first, _ in self.evaluated.values()}
        return phase


@pytest.fixture(scope="module")
def outage(standing: Path, tmp_path_factory: pytest.TempPathFactory) -> Outage:
    report = tmp_path_factory.mktemp("report") / "report.json"
    began = time.time()
    status = drill.main("endpoint-down", service="frontend", host=None, json=report, state=standing)
    assert status == 0, json.loads(report.read_text())
    ended = time.time()
    rule = read(standing).rules[_ALERT]
    assert rule.interval == "10s"
    firing = f'timestamp(ALERTS{{alertname="{_ALERT}",alertstate="firing"}})'
    found = PrometheusClient(EVALUATOR).query_range(firing, began, ended, 1)
    return Outage(
        state=standing,
        period=Period(begin=int(began * 1000), end=int(ended * 1000)),
        rule=rule,
        evaluated={
            frozenset(each for each in series.labels.items() if each[0] != "alertstate"): (
                round(min(value for _, value in series.samples) * 1000),
                round(max(value for _, value in series.samples) * 1000),
            )
            for series in found
        },
    )


def _as_played(outage: Outage, found: tuple[Firing, ...]) -> bool:
    """Whether the same fired, from and to the same evaluations.

    Or those next to them: what is scraped in the second before one comes too late for it.
    """
    firings = {frozenset(one.labels.items()): one.span for one in found}
    if len(found) != len(firings) or set(firings) != set(outage.evaluated):
        return False
    for labels, span in firings.items():
        first, last = outage.evaluated[labels]
        over = last + outage.step
        if span.end is None or max(abs(span.begin - first), abs(span.end - over)) > outage.step:
            return False
    return True


def _judged(queries: Queries, outage: Outage, rule: Rule) -> bool:
    return _as_played(outage, evaluated(queries, rule, outage.period, outage.phase))


def test_the_rehearsed_amp_has_what_its_evaluator_had_firing(outage: Outage) -> None:
    assert {dict(labels)["service"] for labels in outage.evaluated} >= {"frontend"}
    amp = RemoteQueries(AMP.url())
    assert _judged(amp, outage, outage.rule)
    # Of two evaluations more it would be noticed.
    assert not _judged(amp, outage, replace(outage.rule, hold="50s"))
    assert not _judged(amp, outage, replace(outage.rule, keep_firing="20s"))


def test_so_has_a_copy_of_its_data(outage: Outage, free: Callable[[], Address]) -> None:
    with opened(outage.state / "data" / AMP_NAME, free()) as store:
        assert _judged(store.queries, outage, outage.rule)
        assert not _judged(store.queries, outage, replace(outage.rule, hold="50s"))
