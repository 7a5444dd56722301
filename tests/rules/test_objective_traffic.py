"""What holds of budgets whatever the traffic is, on random traffic of the simulated store."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from gallery.alerts.cases.model import flat
from gallery.alerts.endpoints import ENDPOINT_DOWN
from gallery.alerts.model import Alert
from gallery.alerts.objectives import OBJECTIVE_BURNING_FAST
from gallery.metrics import names
from gallery.metrics.durations import MINUTE, Duration
from gallery.objectives.probes import within
from gallery.objectives.recordings import objective_groups
from gallery.objectives.windows import PAGE, counted_over
from gallery.render.proof import input_series as told
from gallery.render.proof import proven, silent_document
from rehearsal.drill.virtual.course import Counter, Spell, scraped
from rehearsal.drill.virtual.judge import Fired, Judge, input_series
from rehearsal.stand_in.documents import Document
from rehearsal.world.faults import REFUSE, errors
from rehearsal.world.topology import Workload
from tests.rules.objectives import (
    AVAILABILITY,
    DEV,
    HOUR,
    PLACE,
    RECORDED,
    STEP,
    answering,
    document_of,
    probed,
)

_SERVICE = "paymentservice"
[_PAYMENTS] = [one for one in AVAILABILITY if one.service == _SERVICE]
_RECORDINGS = objective_groups(replace(RECORDED, objectives=(_PAYMENTS,)))
# Requests a second to payments, where customers ask as usual.
_USUAL = 5.0
_random = settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    # Each example takes promtool a second or more.
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def _chain(*services: str) -> dict[str, Workload]:
    """Each asks the next one, and customers the first."""
    calls = zip(services, [*((each,) for each in services[1:]), ()], strict=True)
    return {
        name: Workload(
            name=name,
            protocol="http" if name == "frontend" else "grpc",
            listens="127.0.0.1:1",
            metrics=None,
            calls=callees,
        )
        for name, callees in calls
    }


_STORE = _chain("frontend", "checkoutservice", _SERVICE)


def _requests(spells: Iterable[Spell]) -> tuple[Counter, ...]:
    counters = scraped(_STORE, "gallery", spells, STEP.seconds)
    return tuple(each for each in counters if each.labels["service"] == _SERVICE)


def _failing(seconds: float, share: float, rate: float) -> Spell:
    """So many requests a second to payments, of which a share fails."""
    faults = {_SERVICE: errors(share)} if share else {}
    return Spell(seconds=seconds, faults=faults, traffic=rate / _USUAL)


def _judge(promtool: Path, *alerts: Alert) -> Judge:
    rules = [
        {"name": group.name, "rules": [document_of(rule) for rule in group.rules]}
        for group in _RECORDINGS
    ]
    alerting: list[Document] = [
        group
        for each in DEV.alerts
        if each.alert in alerts
        for group in silent_document(proven(each))["groups"]
    ]
    return Judge(
        promtool=promtool,
        groups=(*rules, *alerting),
        scrape=STEP,
        evaluate=DEV.timings.evaluate_amp,
    )


def _pages(
    promtool: Path, spells: Sequence[Spell], *alerts: Alert, probes: Iterable[Document] = ()
) -> tuple[Fired, ...]:
    until = Duration.of(seconds=round(sum(spell.seconds for spell in spells)))
    series = (*input_series(_requests(spells), PLACE), *probes)
    return _judge(promtool, OBJECTIVE_BURNING_FAST, *alerts).fired(series, until)


@_random
@given(
    burn=st.floats(16, 1 / _PAYMENTS.budget),
    rate=st.floats(0.5, 20),
    well=st.integers(0, 60),
)
def test_a_burn_is_told_within_the_time_that_is_computed_of_it(
    promtool: Path, burn: float, rate: float, well: int
) -> None:
    share = burn * _PAYMENTS.budget
    passed = min(pair.passed(burn, MINUTE * well).seconds for pair in PAGE)
    floor = _PAYMENTS.floors.failures / (rate * share)
    # The rates' window, the hold, and the evaluations of recordings and of the alert.
    slack = counted_over(DEV.timings) + OBJECTIVE_BURNING_FAST.hold + MINUTE * 2
    due = max(passed, floor) + slack.seconds
    before = (MINUTE * well).seconds
    spells = [_failing(before, 0, rate)] if well else []
    [page] = _pages(promtool, [*spells, _failing(due, share, rate)])
    assert before < page.at <= before + due


@_random
@given(failures=st.integers(0, 9), more=st.integers(0, 60))
def test_less_than_ten_failures_wake_nobody_whatever_their_share(
    promtool: Path, failures: int, more: int
) -> None:
    night = HOUR.seconds * 4
    share, rate = failures / max(failures + more, 1), (failures + more) / night
    assert _pages(promtool, [_failing(night, share, rate)]) == ()


def test_fifteen_failures_an_hour_wake_somebody(promtool: Path) -> None:
    night = HOUR.seconds * 4
    assert _pages(promtool, [_failing(night, 0.3, 50 / HOUR.seconds)])


@_random
@given(
    course=st.lists(
        st.tuples(st.integers(3, 6), st.sampled_from([0.0, 0.02, 0.5, 1.0]), st.floats(0, 5)),
        min_size=1,
        max_size=3,
    )
)
def test_what_is_spent_falls_with_good_requests_alone(
    promtool: Path, course: list[tuple[int, float, float]]
) -> None:
    # There is something to spend, and something is spent of it.
    first = [_failing(1_200, 0, 1), _failing(1_200, 1, 1)]
    spells = [*first, *(_failing(tens * 600, share, rate) for tens, share, rate in course)]
    assert _falls(_judge(promtool), spells) == []


def test_a_window_that_forgets_failures_is_seen_to_give_back_what_was_spent(
    promtool: Path,
) -> None:
    judge = _judge(promtool)
    forgetful = json.loads(
        json.dumps(judge.groups).replace(f"[{within(_PAYMENTS.window)}]", "[1h]")
    )
    assert forgetful != list(judge.groups)
    # Failures leave the window before what was good after them.
    after = [_failing(1_800, 0, 1), _failing(2_400, 0, 0)]
    spells = [_failing(1_200, 0, 1), _failing(1_200, 1, 1), *after]
    assert _falls(replace(judge, groups=forgetful), spells)


def _falls(judge: Judge, spells: Sequence[Spell]) -> list[int]:
    """The minutes by which less was spent than five minutes before, and nothing good was asked."""
    counters = _requests(spells)
    good = [each for each in counters if each.labels["grpc_response_status"] == "0"]
    until = round(sum(spell.seconds for spell in spells) / MINUTE.seconds)
    spent = dict[int, float]()
    times = [MINUTE * at for at in range(5, until, 5)]
    # A value without labels but the time tells which time it is of.
    asked = f"sum ({names.OBJECTIVE_SPENT}) + 1000 * floor(vector(time()) / 60)"
    for sample in judge.values(input_series(counters, PLACE), asked, times):
        minute, value = divmod(sample.value, 1000)
        spent[int(minute)] = value
    assert spent[15] == 0 < spent[40]

    def served(minute: int) -> int:
        at = round(minute * MINUTE.seconds / STEP.seconds)
        return sum((each.values[at] or 0) for each in good if at < len(each.values))

    # What is counted looks back over a rate's window and over five minutes of those.
    return [
        later
        for later in spent
        if later - 5 in spent
        and served(later) == served(max(later - 20, 0))
        and spent[later] < spent[later - 5] - 1e-6
    ]


@_random
@given(down=st.integers(4, 20), rate=st.floats(0.5, 20))
def test_an_outage_that_is_paged_as_an_endpoints_is_paged_as_nothing_else(
    promtool: Path, down: int, rate: float
) -> None:
    well, lasts = HOUR, MINUTE * down
    traffic = rate / _USUAL
    spells = [
        Spell(seconds=well.seconds, traffic=traffic),
        Spell(seconds=lasts.seconds, faults={_SERVICE: REFUSE}, traffic=traffic),
        Spell(seconds=(MINUTE * 20).seconds, traffic=traffic),
    ]
    until = well + lasts + MINUTE * 20
    probe = (flat(1, well), flat(0, lasts), flat(1, MINUTE * 20))
    probes = told(
        [
            *answering(until),
            probed(_SERVICE, *probe),
            probed(_SERVICE, flat(1, until), metric="up"),
        ],
        STEP,
    )
    pages = _pages(promtool, spells, ENDPOINT_DOWN, probes=probes)
    assert [page.alert for page in pages] == [ENDPOINT_DOWN.name]
    # Without probes nothing is excused: the same requests are a page.
    assert [page.alert for page in _pages(promtool, spells)] == [OBJECTIVE_BURNING_FAST.name]
