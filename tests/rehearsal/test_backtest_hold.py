"""An alert fires when Prometheus' own rule engine says so of the same samples."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path

import pytest

from gallery.metrics.durations import Duration
from rehearsal.backtest.blocks import opened
from rehearsal.backtest.hold import Grid, Hold, Span, firing
from rehearsal.backtest.past import Period, evaluated
from rehearsal.diff.tree import AMP, GRAFANA, Rule
from rehearsal.drill.virtual.judge import Judge
from rehearsal.machine import backfill
from rehearsal.machine.addresses import Address
from rehearsal.machine.queries import NAME, Queries, Sampled
from rehearsal.machine.tools import PROMTOOL, Tool
from rehearsal.stand_in.documents import Document

# A day's beginning: promtool begins at 0, which is as much a multiple of every interval.
_BEGAN = 1_760_000_400 - 1_760_000_400 % 86_400
_SCRAPE = Duration.parse("5s")
_LENGTH = Duration.parse("1h")
_SERIES = 6
# One that bridges every gap below five minutes, and one that bridges none.
_EXPRESSIONS = ("x == 0", "last_over_time(x[8s]) == 0")
# Whole intervals, and what is none of them.
_HOLDS, _KEPT = ("0s", "10s", "35s", "1m"), ("0s", "10s", "25s", "2m")
_INTERVALS = ("10s", "15s")

# An alert by its labels, and a time in seconds from the beginning at which it fires.
_At = tuple[frozenset[tuple[str, str]], int]


def _rule(number: int, expr: str, hold: str, keep_firing: str, interval: str) -> Rule:
    return Rule(
        name=f"Alert{number}",
        engine=AMP,
        expr=expr,
        interval=interval,
        hold=hold,
        keep_firing=keep_firing,
        severity="page",
        # One is added, one replaces what the series has, and one takes away.
        labels={"severity": "page", "colour": "red", "shape": ""},
        told={},
        page_seconds=None,
    )


def _rules(interval: str) -> list[Rule]:
    combined = product(_EXPRESSIONS, _HOLDS, _KEPT)
    return [_rule(number, *each, interval) for number, each in enumerate(combined)]


def _course(chance: random.Random) -> list[int | None]:
    """Well and broken by turns, each for a few scrapes or many, with gaps short and long."""
    course, scrapes = list[int | None](), _LENGTH.milliseconds // _SCRAPE.milliseconds
    while len(course) < scrapes:
        value = chance.choice((0, 0, 1, 1, None))
        longest = chance.choice((2, 6, 30, 90))
        course += [value] * chance.randint(1, longest)
    return course[:scrapes]


@pytest.fixture(scope="module")
def courses() -> Mapping[str, list[int | None]]:
    chance = random.Random(11)  # noqa: S311 - keeps no secret
    return {str(number): _course(chance) for number in range(_SERIES)}


def _labels(number: str) -> dict[str, str]:
    return {"n": number, "colour": "blue", "shape": "round"}


@pytest.fixture(scope="module")
def engine(
    courses: Mapping[str, list[int | None]], tools: Mapping[Tool, Path]
) -> Callable[[str], set[_At]]:
    """What promtool's rule engine has firing, by the interval of the rules."""
    series: list[Document] = [
        {
            "series": f'x{{n="{n}",colour="blue",shape="round"}}',
            "values": " ".join("_" if value is None else str(value) for value in course),
        }
        for n, course in courses.items()
    ]

    @cache
    def fires(interval: str) -> set[_At]:
        rules: list[Document] = [
            {
                "alert": one.name,
                "expr": one.expr,
                "for": one.hold,
                "keep_firing_for": one.keep_firing,
                "labels": dict(one.labels),
            }
            for one in _rules(interval)
        ]
        every = Duration.parse(interval)
        judge = Judge(
            promtool=tools[PROMTOOL],
            groups=[{"name": "all", "rules": rules}],
            scrape=_SCRAPE,
            evaluate=every,
        )
        times = (every * number for number in range(_LENGTH.milliseconds // every.milliseconds))
        found = judge.values(series, 'timestamp(ALERTS{alertstate="firing"})', times)
        return {(_known(sample.labels), round(sample.value)) for sample in found}

    return fires


def _known(labels: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    return frozenset(each for each in labels.items() if each[0] != "alertstate")


@pytest.fixture(scope="module")
def blocks(
    courses: Mapping[str, list[int | None]],
    tools: Mapping[Tool, Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    directory = tmp_path_factory.mktemp("past") / "data"
    step = _SCRAPE.milliseconds // 1000
    series = [
        Sampled(
            labels={NAME: "x", **_labels(n)},
            samples=tuple(
                (_BEGAN + at * step, value) for at, value in enumerate(course) if value is not None
            ),
        )
        for n, course in courses.items()
    ]
    backfill.write(series, directory, tools[PROMTOOL])
    return directory


@pytest.fixture
def queries(blocks: Path, free: Callable[[], Address]) -> Iterator[Queries]:
    with opened(blocks, free()) as store:
        yield store.queries


def _backtest(
    queries: Queries, interval: str, change: Callable[[Rule], Rule], phase: int = 0
) -> set[_At]:
    """When the rules fire by the backtest, each changed before."""
    step = Duration.parse(interval).milliseconds // 1000
    seconds = _LENGTH.milliseconds // 1000
    period = Period(begin=_BEGAN * 1000, end=(_BEGAN + seconds - step) * 1000)
    return {
        (frozenset(one.labels.items()), at)
        for rule in _rules(interval)
        for one in evaluated(queries, change(rule), period, phase)
        for at in range(
            one.span.begin // 1000 - _BEGAN,
            seconds if one.span.end is None else one.span.end // 1000 - _BEGAN,
            step,
        )
    }


def _as_it_is(rule: Rule) -> Rule:
    return rule


@pytest.mark.parametrize("interval", _INTERVALS)
def test_alerts_fire_at_the_evaluations_at_which_the_engine_has_them_firing(
    interval: str, engine: Callable[[str], set[_At]], queries: Queries
) -> None:
    by_engine = engine(interval)
    assert len(by_engine) > 10_000
    assert len({dict(labels)["alertname"] for labels, _ in by_engine}) == len(_rules(interval))
    assert _backtest(queries, interval, _as_it_is) == by_engine


def _longer(rule: Rule, part: str) -> Rule:
    """With an interval more of one of its holds."""
    length = Duration.parse(getattr(rule, part)) + Duration.parse(rule.interval)
    return replace(rule, **{part: str(length)})


_WRONG: Mapping[str, Callable[[Rule], Rule]] = {
    "a hold that must be exceeded": lambda rule: replace(
        rule, hold=str(Duration.parse(rule.hold) + Duration(1))
    ),
    "a hold of an evaluation more": lambda rule: _longer(rule, "hold"),
    "what keeps firing does so for an evaluation more": lambda rule: _longer(rule, "keep_firing"),
    "nothing keeps firing": lambda rule: replace(rule, keep_firing="0s"),
    "what keeps firing must hold for it too": lambda rule: replace(
        rule, hold=str(Duration.parse(rule.hold) + Duration.parse(rule.keep_firing))
    ),
    "a label that is taken away stays": lambda rule: replace(
        rule, labels={**rule.labels, "shape": "round"}
    ),
}


def test_a_hold_that_is_applied_otherwise_is_noticed(
    engine: Callable[[str], set[_At]], queries: Queries
) -> None:
    by_engine = engine("10s")
    unnoticed = [
        name for name, wrong in _WRONG.items() if _backtest(queries, "10s", wrong) == by_engine
    ]
    assert not unnoticed


def test_an_evaluation_between_the_engine_s_is_noticed(
    engine: Callable[[str], set[_At]], queries: Queries
) -> None:
    moved = {(labels, at - 5) for labels, at in _backtest(queries, "10s", _as_it_is, 5_000)}
    assert moved != engine("10s")


def _by_grafana(
    held: Mapping[str, frozenset[int]], times: Iterable[int], hold: int, keep_firing: int
) -> set[tuple[str, int]]:
    """Which alerts fire at which evaluations, by the states that Grafana's source has.

    `resultAlerting`, `resultNormal`, and `processMissingSeriesStates` for what is missing from an
    answer that is not empty; an empty one is a normal result for every state (`NoDataState` OK).
    """
    states, fires = dict[str, tuple[str, int]](), set[tuple[str, int]]()
    for at in times:
        answer = {name for name in held if at in held[name]}
        for name in answer:
            match states.get(name):
                case None:
                    states[name] = ("pending", at) if hold else ("alerting", at)
                case ("pending", since) if at - since >= hold:
                    states[name] = ("alerting", at)
                case ("recovering", _):
                    states[name] = ("alerting", at)
                case _:
                    pass
        for name in states.keys() - answer:
            match states[name]:
                case ("alerting", _) if not answer and keep_firing:
                    states[name] = ("recovering", at)
                case ("recovering", since) if not answer and at - since < keep_firing:
                    pass
                case _:
                    del states[name]
        fires |= {(name, at) for name, (state, _) in states.items() if state != "pending"}
    return fires


def _by_the_backtest(
    held: Mapping[str, frozenset[int]], times: range, hold: int, keep_firing: int, *, engine: str
) -> set[tuple[str, int]]:
    grid = Grid(first=times[0], last=times[-1], step=times.step)
    others = sorted({at for found in held.values() for at in found}) if engine == GRAFANA else []
    return {
        (name, at)
        for name, found in held.items()
        for span in firing(sorted(found), Hold(hold=hold, keep_firing=keep_firing), grid, others)
        for at in times
        if span.begin <= at and (span.end is None or at < span.end)
    }


def test_one_of_several_ends_at_once_where_grafana_evaluates() -> None:
    chance = random.Random(7)  # noqa: S311 - keeps no secret
    times = range(0, 3_000, 10)
    differs = 0
    for _, hold, keep_firing in product(range(20), (0, 10, 25, 40), (0, 10, 25, 60)):
        held = {
            name: frozenset(at for at in times if chance.random() < chance.choice((0.2, 0.9)))
            for name in ("a", "b", "c")
        }
        # Now and then nothing of all is there, for as long as keeps firing matters.
        quiet = {at for at in times if at // 200 % 2}
        held = {name: found - quiet for name, found in held.items()}
        by_grafana = _by_grafana(held, times, hold, keep_firing)
        by_us = _by_the_backtest(held, times, hold, keep_firing, engine=GRAFANA)
        assert by_us == by_grafana, (hold, keep_firing)
        as_prometheus = _by_the_backtest(held, times, hold, keep_firing, engine=AMP)
        differs += as_prometheus != by_grafana
        assert as_prometheus >= by_grafana
    assert differs > 100


def test_who_evaluates_decides_whether_one_of_several_ends_at_once(
    tmp_path: Path, tools: Mapping[Tool, Path], free: Callable[[], Address]
) -> None:
    # Of two that are broken for a minute, one goes on for another.
    broken = {"a": 60, "b": 120}
    series = [
        Sampled(
            labels={NAME: "x", "n": name},
            samples=tuple((_BEGAN + at, float(at >= until)) for at in range(0, 600, 5)),
        )
        for name, until in broken.items()
    ]
    backfill.write(series, tmp_path / "data", tools[PROMTOOL])
    rule = _rule(0, "x == 0", "0s", "1m", "10s")
    period = Period(begin=_BEGAN * 1000, end=(_BEGAN + 300) * 1000)
    with opened(tmp_path / "data", free()) as store:
        ends = {
            engine: {
                one.labels["n"]: (one.span.end or 0) // 1000 - _BEGAN
                for one in evaluated(store.queries, replace(rule, engine=engine), period)
            }
            for engine in (AMP, GRAFANA)
        }
    assert ends == {AMP: {"a": 120, "b": 180}, GRAFANA: {"a": 60, "b": 180}}


# Ten seconds apart, from 0 to 200 s.
_GRID = Grid(first=0, last=200_000, step=10_000)


def _spans(held: str, hold: int, keep_firing: int) -> list[Span]:
    """When it fires, in seconds, of evaluations at which `#` says that the condition held."""
    times = [at * 10_000 for at, sign in enumerate(held) if sign == "#"]
    found = firing(times, Hold(hold=hold * 1000, keep_firing=keep_firing * 1000), _GRID)
    return [
        Span(begin=one.begin // 1000, end=None if one.end is None else one.end // 1000)
        for one in found
    ]


@pytest.mark.parametrize(
    ("held", "hold", "keep_firing", "spans"),
    [
        ("..###......", 0, 0, [Span(begin=20, end=50)]),
        # It has held for 20 s at the third evaluation, and for 25 s at none before the fourth.
        ("..####.....", 20, 0, [Span(begin=40, end=60)]),
        ("..####.....", 25, 0, [Span(begin=50, end=60)]),
        ("..###......", 25, 0, []),
        # One evaluation without it, and it begins anew.
        ("###.###....", 30, 0, []),
        # Missing since 30 s, it was so for 20 s at 50 s; if it is back by then, it went on.
        ("###........", 0, 20, [Span(begin=0, end=50)]),
        ("###..#.....", 0, 20, [Span(begin=0, end=80)]),
        ("###...#....", 0, 20, [Span(begin=0, end=50), Span(begin=60, end=90)]),
        # What comes back while it is kept firing needs no hold; later it does.
        ("###..#.....", 20, 20, [Span(begin=20, end=80)]),
        ("###...#....", 20, 20, [Span(begin=20, end=50)]),
        # The end of what is known is no end of what fires.
        ("." * 20 + "#", 0, 0, [Span(begin=200, end=None)]),
        ("." * 19 + "#.", 0, 20, [Span(begin=190, end=None)]),
        ("." * 19 + "#.", 0, 0, [Span(begin=190, end=200)]),
        ("", 0, 0, []),
    ],
)
def test_a_hold_is_applied(held: str, hold: int, keep_firing: int, spans: list[Span]) -> None:
    assert _spans(held, hold, keep_firing) == spans
