"""How a drill goes: it ends as soon as it can know, and mends however it ends."""

from __future__ import annotations

import fcntl
import json
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from offline.errors import UserError
from rehearsal.drill import command, runner
from rehearsal.drill.observer import Observer
from rehearsal.drill.play import POLL_SECONDS, Play
from rehearsal.drill.report import Report
from rehearsal.drill.running import NotPlayableError, Running
from rehearsal.drill.scenarios import SCENARIOS
from rehearsal.drill.script import Scenario, Script, Target
from rehearsal.drill.steps import Await, Break, BreakBriefly, Mend, Until, Watch
from rehearsal.drill.timeline import Event
from rehearsal.drill.verdict import Verdict
from rehearsal.machine import loopback
from rehearsal.machine.queries import ActiveAlert, PrometheusClient
from rehearsal.machine.screen import Waiting
from rehearsal.pager.client import PagerClient
from rehearsal.world.client import WorldClient
from tests.rehearsal.fake_rehearsal import MUST, USUAL, FakeRehearsal, always, played


def test_a_page_and_a_resolve_in_time_pass_at_once(
    running: Running, fake: FakeRehearsal, lines: list[str]
) -> None:
    long = replace(MUST, page_seconds=60.0, resolve_seconds=60.0)
    report = played(running, lines, Break(fake.breakage()), Await((long,)), Mend())
    assert report.verdict.ok
    assert report.seconds < 10
    assert report.mended_at is not None
    assert report.injected_at is not None
    assert report.injected_at <= report.mended_at


def test_a_page_that_does_not_come_is_missing_when_its_bound_has_passed(
    running: Running, fake: FakeRehearsal, lines: list[str]
) -> None:
    fake.told_when_broken = fake.told_when_mended = False
    report = played(running, lines, Break(fake.breakage()), Await((MUST,)), Mend())
    assert [finding.alert for finding in report.verdict.missing] == ["EndpointDown"]
    assert fake.mended == ["cartservice"]
    assert any(line.startswith("wrong: EndpointDown") for line in lines)


def test_how_long_it_could_not_look_is_measured(
    running: Running, fake: FakeRehearsal, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    look = Observer.look

    def late(self: Observer, now: float) -> list[Event]:
        time.sleep(1.0)
        return look(self, now)

    monkeypatch.setattr(Observer, "look", late)
    report = played(running, lines, Break(fake.calm()), Watch(1.5, "nothing is told"))
    assert 1.0 + POLL_SECONDS <= report.pause_seconds < report.seconds


def test_a_resolve_that_does_not_come_fails_it(
    running: Running, fake: FakeRehearsal, lines: list[str]
) -> None:
    fake.told_when_mended = False
    report = played(running, lines, Break(fake.breakage()), Await((MUST,)), Mend())
    assert "never resolved" in report.verdict.faults[0]


@pytest.mark.parametrize("how", [KeyboardInterrupt, UserError, loopback.UnansweredError])
def test_what_was_broken_is_mended_however_it_ends(
    running: Running, fake: FakeRehearsal, lines: list[str], how: type[BaseException]
) -> None:
    def ends(_play: Play) -> bool:
        raise how("stop")

    steps = (Break(fake.breakage("a")), Break(fake.breakage("b")), Until(ends, "never", 5.0))
    with pytest.raises((KeyboardInterrupt, UserError)):
        played(running, lines, *steps)
    assert fake.mended == ["b", "a"]


@pytest.mark.parametrize("how", [BrokenPipeError, OSError, ValueError])
def test_what_was_broken_is_mended_though_nobody_reads_the_timeline(
    running: Running, fake: FakeRehearsal, how: type[Exception]
) -> None:
    gone = list[str]()

    def write(line: str) -> None:
        if gone:
            raise how(line)

    def goes() -> None:
        gone.append("the terminal")

    def written(_running: Running, _target: Target) -> Script:
        last = replace(fake.breakage("c"), do=goes)
        return Script(steps=(Break(fake.breakage("a")), Break(fake.breakage("b")), Break(last)))

    with pytest.raises(how):
        runner.run_scenario(running, replace(SCENARIOS[0], write=written), Target(), write)
    assert fake.mended == ["c", "b", "a"]


def test_one_failure_to_mend_bars_no_other(
    play: Play, fake: FakeRehearsal, lines: list[str]
) -> None:
    def fails() -> None:
        raise UserError("no such thing")

    play.break_(fake.breakage("a"))
    play.break_(replace(fake.breakage("b"), undo=fails))
    play.mend_whatever_happens()
    assert fake.mended == ["a"]
    assert any("could not be mended: b breaks: no such thing" in line for line in lines)


def test_what_does_not_start_again_is_tried_once_more_at_the_end(
    running: Running, fake: FakeRehearsal, lines: list[str]
) -> None:
    tries = list[int]()

    def starts() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise UserError("not yet")

    with pytest.raises(UserError, match="not yet"):
        played(running, lines, BreakBriefly(replace(fake.breakage(), undo=starts)))
    assert len(tries) == 2


def test_a_heartbeat_is_no_page(running: Running, fake: FakeRehearsal, lines: list[str]) -> None:
    fake.told_when_broken = False
    beat = replace(fake.breakage(), do=lambda: fake.tell("firing", "heartbeat", "Watchdog"))
    fake.told_when_mended = False
    assert played(running, lines, Break(beat), Watch(0.3, "on"), Mend()).verdict.ok


def test_a_heartbeat_elsewhere_is_forbidden(
    running: Running, fake: FakeRehearsal, lines: list[str]
) -> None:
    stray = replace(fake.breakage(), do=lambda: fake.tell("firing", "pager", "Watchdog"))
    fake.told_when_mended = False
    verdict = played(running, lines, Break(stray), Watch(0.3, "on")).verdict
    assert [finding.alert for finding in verdict.unexpected] == ["Watchdog"]


def test_the_timeline_tells_what_happened_and_quotes_the_page_once(
    running: Running, fake: FakeRehearsal, lines: list[str]
) -> None:
    played(running, lines, Break(fake.breakage()), Await((MUST,)), Mend())
    assert "+   0.0 s  cartservice breaks" in lines
    page = "a page is delivered to pager (pagerduty): firing EndpointDown"
    assert [line.partition("  ")[2] for line in lines if page in line]
    assert any("a resolve is delivered to pager" in line for line in lines)
    quotes = [line for line in lines if "| What: it does not answer." in line]
    assert len(quotes) == 1


def test_a_flood_of_messages_is_counted(play: Play, fake: FakeRehearsal, lines: list[str]) -> None:
    play.inject()
    for number in range(9):
        fake.tell("firing", name=f"Alert{number}")
    play.wait(lambda: True, 0.0)
    assert any("messages are delivered: 9 to pager" in line for line in lines)


def test_a_program_that_dies_is_named(
    running: Running, fake: FakeRehearsal, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Running, "stopped", always(["prober"]))
    with pytest.raises(UserError, match="prober died during the drill"):
        played(running, lines, Break(fake.breakage()), Watch(1.0, "on"))
    excused = replace(fake.breakage(), programs=("prober",))
    assert played(running, lines, Break(excused), Await((MUST,))).verdict.entries


def test_a_drill_does_not_begin_while_something_fires(
    running: Running, fake: FakeRehearsal, lines: list[str]
) -> None:
    fake.fires = True
    with pytest.raises(UserError, match="EndpointDown cartservice is firing"):
        played(running, lines, Break(fake.breakage()))
    assert not fake.mended


def test_a_drill_does_not_begin_while_something_is_broken(
    running: Running, fake: FakeRehearsal, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(WorldClient, "faults", always({"adservice": {"kind": "hang"}}))
    with pytest.raises(UserError, match=r"adservice is broken \(hang\)"):
        played(running, lines, Break(fake.breakage()))


@pytest.mark.usefixtures("fake")
def test_a_drill_does_not_begin_while_a_host_is_left_with_other_traffic(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    traffic = {"orders-db-1": USUAL, "orders-db-2": {**USUAL, "receive": 0.0}}
    monkeypatch.setattr(WorldClient, "hosts", always(traffic))
    with pytest.raises(UserError, match="peace, but orders-db-2 moves other traffic than"):
        runner.refuse_unrest(running)


@pytest.mark.usefixtures("fake")
def test_a_drill_does_not_begin_while_deliveries_are_refused(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PagerClient, "refusing", always(["pager"]))
    with pytest.raises(UserError, match="peace, but pager refuses deliveries;"):
        runner.refuse_unrest(running)


def test_whoever_waits_is_told_for_what_and_how_long_at_most(
    running: Running, fake: FakeRehearsal
) -> None:
    steps = (
        Break(fake.breakage()),
        Await((MUST,)),
        Watch(0.0, "looks on"),
        Until(lambda _play: True, "the backlog", 1.0),
        Mend(),
    )
    script = Script(steps=steps)
    scenario = replace(SCENARIOS[0], write=always(script))
    told = list[Waiting]()
    runner.run_scenario(running, scenario, Target(), lambda _line: None, told.append)
    assert [each.what for each in told] == [
        "acts",
        "waits for EndpointDown cartservice",
        "looks on",
        "waits for the backlog",
        "waits for resolves",
    ]
    assert {each.at_most for each in told} == {script.at_most}


def test_one_drill_at_a_time(running: Running, fake: FakeRehearsal, lines: list[str]) -> None:
    with (running.supervisor.directory / "drill.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(UserError, match="another drill"):
            played(running, lines, Break(fake.breakage()))


def test_without_a_rehearsal_the_command_that_starts_one_is_given(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="make up STACK=dev"):
        command.main("endpoint-down", state=tmp_path)


def test_an_unknown_scenario_is_answered_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UserError, match='did you mean "endpoint-down"'):
        command.main("endpoint-dwn", state=tmp_path)


def test_scenarios_are_listed_though_nothing_is_up(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main("list", state=tmp_path) == 0
    shown = capsys.readouterr().out
    assert all(scenario.name in shown for scenario in SCENARIOS)


def play_all(
    running: Running,
    report: Path,
    monkeypatch: pytest.MonkeyPatch,
    how: Mapping[str, BaseException],
) -> int:
    """Play every scenario; `how` raises what it has for a scenario's name."""

    def run_scenario(_running: Running, scenario: Scenario, *_: object) -> Report:
        if scenario.name in how:
            raise how[scenario.name]
        faults = ("too late",) if scenario.name == "quiet" else ()
        verdict = Verdict(entries=(), missing=(), unexpected=(), faults=faults)
        return Report(
            scenario=scenario.name,
            stack="dev",
            injected_at=0.0,
            mended_at=None,
            seconds=1.0,
            pause_seconds=0.0,
            verdict=verdict,
        )

    monkeypatch.setattr(command, "running", always(running))
    monkeypatch.setattr(command, "run_scenario", run_scenario)
    monkeypatch.setattr(command, "_seconds_at_most", always(1.0))
    return command.main("all", json=report, state=report.parent)


def test_all_are_played_though_one_fails_and_each_is_reported(
    running: Running,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    report = tmp_path / "all.json"
    how = {
        "host-down": UserError("a host would not go"),
        "host-traffic": NotPlayableError("this scenario needs two hosts"),
    }
    assert play_all(running, report, monkeypatch, how) == 1
    shown = capsys.readouterr().out.splitlines()
    rows = {line.split()[0]: line.split()[1] for line in shown if len(line.split()) > 1}
    assert (rows["quiet"], rows["host-down"], rows["store-down"]) == ("FAILED", "FAILED", "passed")
    written = {each["scenario"]: each for each in json.loads(report.read_text())}
    assert list(written) == [scenario.name for scenario in SCENARIOS]
    failed, unplayable, well = (
        written[name] for name in ("host-down", "host-traffic", "store-down")
    )
    assert (failed["ok"], failed["stack"]) == (False, "dev")
    assert failed["why"] == "a host would not go"
    assert (unplayable["ok"], well["ok"]) == (None, True)
    assert set(well) == set(failed) - {"why"}


def test_what_was_played_before_an_interruption_is_reported(
    running: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report, end = tmp_path / "all.json", {"alertmanager-restart": KeyboardInterrupt()}
    with pytest.raises(KeyboardInterrupt):
        play_all(running, report, monkeypatch, end)
    written = [(each["scenario"], each["ok"]) for each in json.loads(report.read_text())]
    assert written == [("quiet", False), ("contact-points", True), ("alertmanager-restart", False)]


def test_what_cannot_be_asked_is_not_over(
    running: Running, fake: FakeRehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: PrometheusClient) -> list[ActiveAlert]:
        raise loopback.UnansweredError("nobody listens")

    fake.fires = True
    observer = Observer(running)
    observer.look(1.0)
    fake.fires = False
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(PrometheusClient, "alerts", away)
        assert observer.look(2.0) == []
    assert [alert.name for alert in observer.firing()] == ["EndpointDown"]
    assert [event.text for event in observer.look(3.0)] == ["EndpointDown cartservice stops firing"]
    assert not observer.firing()
