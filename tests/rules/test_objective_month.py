"""What is left of a budget is what a plain calculation over the month says."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from gallery.metrics import labels, names, promql
from gallery.metrics.durations import Duration
from gallery.objectives.recordings import objective_groups
from gallery.objectives.windows import COUNTED_EVERY, WINDOW, counted_over
from tests.rules.firing import count
from tests.rules.objectives import (
    AVAILABILITY,
    DEV,
    HOUR,
    RECORDED,
    STACK,
    Document,
    request_labels,
    verdict_on,
)
from tests.rules.promtool import Verdict

# The requests of one scrape, and how many of them fail.
Traffic = Callable[[random.Random, int], tuple[int, int]]

# No whole number of them is an evaluation: each falls otherwise into its windows.
_SCRAPE = Duration.parse("70s")
_MONTH = WINDOW.milliseconds // _SCRAPE.milliseconds
_DAY = 24 * HOUR.milliseconds // _SCRAPE.milliseconds


def _by_day(chance: random.Random, at: int) -> tuple[int, int]:
    """Many by day and few at night, when far more of them fail; and an outage of half an hour."""
    if 20_000 <= at < 20_026:
        return 700, 210
    if at % _DAY > _DAY * 2 // 3:
        requests = chance.randint(0, 4)
        return requests, sum(chance.random() < 0.05 for _ in range(requests))
    requests = chance.randint(300, 900)
    return requests, int(requests * 0.0008 + chance.random())


def _even(chance: random.Random, _: int) -> tuple[int, int]:
    requests = chance.randint(50, 70)
    return requests, int(requests * 0.004 + chance.random())


def _little(chance: random.Random, _: int) -> tuple[int, int]:
    """Some fifty an hour, of which one in three hundred fails."""
    asked = chance.random() < 0.98
    return int(asked), int(asked and chance.random() < 0.0035)


# How often a counter begins anew and how often nobody writes, and for how long, in scrapes.
_RESTARTS, _GAPS, _GAP = 611, 1_303, 17


@dataclass(frozen=True, kw_only=True)
class Month:
    """What happened to a service, and what its counters had of it."""

    traffic: Traffic
    since: int = 0
    restarts: bool = False
    gaps: bool = False

    def happened(self) -> list[tuple[int, int]]:
        """The requests and the failures of each scrape."""
        chance = random.Random(1)  # noqa: S311 - keeps no secret
        return [self.traffic(chance, at) for at in range(self.since, _MONTH)]

    def counter(self, counts: Iterable[int]) -> str:
        """What a proxy exposes of it, in promtool's notation."""
        samples, reached = ["_"] * self.since, 0
        for at, more in enumerate(counts, self.since):
            reached = more if self.restarts and at % _RESTARTS == 0 else reached + more
            written = not (self.gaps and at % _GAPS >= _GAPS - _GAP)
            samples.append(str(reached) if written else "_")
        return " ".join(samples)

    def series(self, service: str) -> list[Document]:
        """Of the requests that were answered, and of those that failed."""
        happened = self.happened()
        courses = {
            "0": self.counter(requests - failed for requests, failed in happened),
            "13": self.counter(failed for _, failed in happened),
        }
        return [
            {
                "series": promql.selector(
                    "istio_requests_total",
                    (
                        promql.equals(*each)
                        for each in request_labels(
                            service=service, grpc_response_status=status
                        ).items()
                    ),
                ),
                "values": values,
            }
            for status, values in courses.items()
        ]

    def share(self) -> tuple[float, float]:
        """The share that failed, and how much of the month there was."""
        happened = self.happened()
        failed, requests = (sum(each[which] for each in happened) for which in (1, 0))
        return failed / requests, (_MONTH - self.since) / _MONTH


# Each played on a service of its own.
_MONTHS = {
    "paymentservice": Month(traffic=_even),
    "cartservice": Month(traffic=_by_day),
    "checkoutservice": Month(traffic=_by_day, restarts=True),
    "currencyservice": Month(traffic=_by_day, gaps=True, restarts=True),
    "shippingservice": Month(traffic=_little),
    "adservice": Month(traffic=_even, since=_MONTH - 3 * _DAY),
}


# Here all rules are evaluated once in five minutes.
_OF = replace(RECORDED, timings=replace(DEV.timings, scrape=_SCRAPE, evaluate_amp=COUNTED_EVERY))
_COUNTED = (
    names.OBJECTIVE_BUDGET,
    names.OBJECTIVE_REQUESTS,
    names.OBJECTIVE_FAILURES,
    names.OBJECTIVE_REQUESTS_COUNTED,
    names.OBJECTIVE_FAILURES_COUNTED,
)


def _exprs(services: Iterable[str]) -> dict[str, str]:
    """What is recorded of these services alone: every other costs a look each five minutes."""
    of = replace(_OF, objectives=tuple(one for one in AVAILABILITY if one.service in services))
    return {rule.record: rule.expr for group in objective_groups(of) for rule in group.rules}


def test_a_budget_is_that_of_a_plain_calculation_over_the_month(
    promtool: Path, tmp_path: Path
) -> None:
    """Within a hundredth of the budget."""
    verdict = _verdict(promtool, tmp_path, _exprs(_MONTHS), *_MONTHS)
    assert verdict.proven, verdict.output


def _touching(exprs: dict[str, str]) -> dict[str, str]:
    """Rates over windows of which one begins where another ends."""
    window = f"[{counted_over(_OF.timings)}]"
    return {record: expr.replace(window, f"[{COUNTED_EVERY}]") for record, expr in exprs.items()}


_SHARE = "gallery:share"


def _mean_of_shares(exprs: dict[str, str]) -> dict[str, str]:
    """Every five minutes alike, whatever was asked in them."""
    failed, requests, budget = (
        STACK.series(record)
        for record in (
            names.OBJECTIVE_FAILURES_COUNTED,
            names.OBJECTIVE_REQUESTS_COUNTED,
            names.OBJECTIVE_BUDGET,
        )
    )
    mean = f"avg_over_time({STACK.series(_SHARE, window=str(WINDOW))})"
    return exprs | {
        _SHARE: f"{failed} / ({requests} > 0)",
        names.OBJECTIVE_SPENT: f"{mean} / {budget}",
    }


@pytest.mark.parametrize(
    ("other", "service"),
    [(_touching, "shippingservice"), (_mean_of_shares, "cartservice")],
    ids=["windows that only touch", "the mean of shares"],
)
def test_what_counts_otherwise_is_found_out(
    other: Callable[[dict[str, str]], dict[str, str]],
    service: str,
    promtool: Path,
    tmp_path: Path,
) -> None:
    verdict = _verdict(promtool, tmp_path, other(_exprs([service])), service)
    assert not verdict.proven
    # It says something else, and not nothing.
    assert "err:" not in verdict.output


def _verdict(promtool: Path, place: Path, exprs: dict[str, str], *services: str) -> Verdict:
    """Whether these recordings have of these services what became of their requests."""
    budgets = {one.service: one.budget for one in AVAILABILITY}
    asked, series = list[Document](), list[Document]()
    for service in services:
        month = _MONTHS[service]
        series += month.series(service)
        share, seen = month.share()
        spent = share / budgets[service] * seen
        # Neither nothing, where nothing could be wrong, nor all that can be.
        assert 0.1 * seen < spent < 2
        for record, value in ((names.OBJECTIVE_SPENT, spent), (names.OBJECTIVE_SEEN, seen)):
            found = _at_the_end(exprs, record, service)
            asked.append(count(f"abs({found} - {value!r}) <= 0.01", WINDOW, 1))
    test = {"interval": str(_SCRAPE), "input_series": series, "promql_expr_test": asked}
    rules = [
        {"record": record, "expr": exprs[record], "labels": _OF.stack.labels}
        for record in (*_COUNTED, *sorted(exprs.keys() - _exprs(services).keys()))
    ]
    return verdict_on(promtool, place, rules, test, COUNTED_EVERY)


def _at_the_end(exprs: dict[str, str], record: str, service: str) -> str:
    """What would be recorded of a service now, of what was recorded all the time."""
    seen = STACK.series(names.OBJECTIVE_SEEN)
    expr = exprs[record].replace(seen, f"({exprs[names.OBJECTIVE_SEEN]})")
    return f"({expr})".replace("{", f'{{{labels.SERVICE}="{service}",')
