"""Hours of traffic are judged by the rules that a rehearsal reads, in virtual time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gallery.alerts.objectives import OBJECTIVE_BURNING_FAST, OBJECTIVE_BURNING_SLOWLY
from gallery.metrics.durations import Duration
from gallery.metrics.timings import FailureMode
from gallery.objectives.windows import TICKET
from offline.render import render
from rehearsal.drill.expectations import Expectation
from rehearsal.drill.play import Play
from rehearsal.drill.running import Running, promised
from rehearsal.drill.scenarios.budgets import NIGHT_TRAFFIC
from rehearsal.drill.script import Target
from rehearsal.drill.timeline import Timeline
from rehearsal.drill.virtual.course import Spell, scraped
from rehearsal.drill.virtual.step import VirtualTime
from rehearsal.machine import tools
from rehearsal.machine.processes.supervisor import Supervisor
from rehearsal.stand_in.derive import derive
from rehearsal.world.faults import errors
from rehearsal.world.topology import Workload
from tests.unit.programs import program
from tests.unit.stack_files import planned

_PAYMENTS = {"service": "paymentservice", "objective": "paymentservice-availability"}


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state directory of a stack that is not started."""
    program(tools.PROMTOOL)
    directory = tmp_path_factory.mktemp("state")
    derive(render("dev", directory), directory / "stand-in")
    return directory


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def play(rendered: Path, lines: list[str]) -> Play:
    running = Running(stack="dev", promises=promised(planned()), supervisor=Supervisor(rendered))
    return Play(running, Timeline(lines.append))


@pytest.fixture
def tampered(rendered: Path) -> Iterator[Path]:
    """The file with the rules on objectives, as it was again after the test."""
    rules = rendered / "stand-in" / "grafana" / "rules" / "gallery-objective.yaml"
    whole = rules.read_text()
    yield rules
    rules.write_text(whole)


def _ticket(play: Play, seconds: float) -> Expectation:
    ticket = play.running.promises.must(
        OBJECTIVE_BURNING_SLOWLY, FailureMode.CHANGED, None, **_PAYMENTS
    )
    return replace(ticket, page_seconds=seconds)


def _burning(play: Play, share: float, seconds: float) -> VirtualTime:
    """Payments of a store that is half an hour old fail for half an hour, a share of them."""
    spells = (
        Spell(seconds=1_800),
        Spell(seconds=1_800, faults={"paymentservice": errors(share)}),
    )
    may = play.running.promises.may(OBJECTIVE_BURNING_SLOWLY, FailureMode.CHANGED, None)
    return VirtualTime("payments fail", spells, tickets=(_ticket(play, seconds),), may=may)


def test_a_ticket_in_time_is_all_that_comes_of_a_slow_burn(play: Play, lines: list[str]) -> None:
    _burning(play, 0.0225, 1_800).run(play)
    assert (play.findings, play.unexpected) == ([], [])
    assert any(
        re.search(r"after \d+m: ObjectiveBurningSlowly paymentservice", one) for one in lines
    )


def test_a_ticket_that_is_late_or_not_told_makes_the_drill_fail(play: Play, tampered: Path) -> None:
    _burning(play, 0.0225, 60).run(play)
    assert [each.why for each in play.findings if "bound 1m" in each.why]
    play.findings.clear()
    tampered.write_text(tampered.read_text().replace("> 3 ", "> 300 ").replace("> 1 ", "> 100 "))
    _burning(play, 0.0225, 1_800).run(play)
    assert [each.why for each in play.findings] == ["did not fire; bound 30m"]


def test_a_page_makes_the_drill_fail(play: Play) -> None:
    _burning(play, 0.5, 1_800).run(play)
    assert "ObjectiveBurningFast" in {each.alert for each in play.unexpected}


def test_a_night_without_floors_wakes_somebody_and_its_drill_fails(
    play: Play, rendered: Path
) -> None:
    [night] = NIGHT_TRAFFIC.write(play.running, Target(service="checkoutservice")).steps
    assert isinstance(night, VirtualTime)
    [spell] = night.spells
    short = replace(night, spells=(replace(spell, seconds=2 * 3_600),))
    short.run(play)
    assert (play.findings, play.unexpected) == ([], [])
    [recording] = (rendered / "stand-in" / "amp" / "rules").glob("*recording*")
    whole = recording.read_text()
    least = "vector(10)"
    assert least in whole
    try:
        recording.write_text(whole.replace(least, "vector(0)"))
        short.run(play)
    finally:
        recording.write_text(whole)
    assert {each.alert for each in play.unexpected} >= {OBJECTIVE_BURNING_FAST.name}


def _workloads() -> dict[str, Workload]:
    front = Workload(
        name="frontend", protocol="http", listens="127.0.0.1:1", metrics=None, calls=("adservice",)
    )
    ads = replace(front, name="adservice", protocol="grpc", calls=())
    return {each.name: each for each in (front, ads)}


def test_counters_are_whole_requests_of_every_spell_and_never_fall() -> None:
    # Twenty a second is usual.
    hourly = 3 / 3_600 / 20
    spells = (
        Spell(seconds=3_600, traffic=hourly),
        Spell(seconds=3_600, traffic=hourly, faults={"frontend": errors(1 / 3)}),
    )
    pages = {
        counter.labels["response_code"]: counter.values
        for counter in scraped(_workloads(), "gallery", spells, 10.0)
        if counter.labels["service"] == "frontend"
    }
    assert {len(values) for values in pages.values()} == {720}
    assert (pages["200"][0], pages["200"][360], pages["200"][-1]) == (0, 3, 4)
    # Nothing is counted of errors before the first.
    assert (pages["500"][359], pages["500"][360], pages["500"][-1]) == (None, 0, 0)
    for values in pages.values():
        known = [value for value in values if value is not None]
        assert known == sorted(known)


@pytest.mark.parametrize(
    ("well", "burn", "passed"),
    [("1d", 6, "12h"), ("0s", 4, "0s"), ("3d", 4, "18h"), ("12h", 4, "18h")],
)
def test_a_pair_is_passed_once_the_share_of_what_is_known_is(
    well: str, burn: float, passed: str
) -> None:

    day, _ = TICKET
    assert day.passed(burn, Duration.parse(well)) == Duration.parse(passed)
