"""What a drill waits for and finds missing, with a clock that is put forward."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from rehearsal.drill import runner
from rehearsal.drill.beats import MissBeats, alarm_after
from rehearsal.drill.play import Breakage, Play
from rehearsal.drill.report import Report
from rehearsal.drill.running import Running
from rehearsal.drill.scenarios import pipeline
from rehearsal.drill.scenarios.delivery import PAGER_REFUSES, QUIET
from rehearsal.drill.scenarios.endpoints import ENDPOINT_FLAPPING
from rehearsal.drill.script import Scenario, Step, Target
from rehearsal.drill.steps import (
    Await,
    AwaitRefusal,
    Break,
    BreakBriefly,
    Mend,
    Silence,
    Until,
    Watch,
)
from rehearsal.heartbeat import Alarm
from rehearsal.machine.queries import PrometheusClient, Sample
from rehearsal.pager.client import PagerClient
from rehearsal.world.client import WorldClient
from tests.rehearsal.fake_rehearsal import MUST, FakeRehearsal, always, played

ALARM = Alarm(
    name="silent",
    topic="heartbeat",
    actions=("independent-path",),
    ok_actions=(),
    period_seconds=300.0,
    evaluation_periods=2,
    datapoints_to_alarm=2,
    threshold=1.0,
)


def test_the_alarm_sounds_once_its_whole_range_is_silent() -> None:
    at = alarm_after(ALARM, [1000.0, 1060.0, 1120.0])
    assert at is not None
    assert 1120 + 600 < at <= 1120 + 660


def test_a_single_beat_is_enough_to_go_by() -> None:
    assert alarm_after(ALARM, [1000.0]) is not None


def test_an_alarm_that_sounds_while_it_beats_is_none() -> None:
    assert alarm_after(replace(ALARM, threshold=50.0), [1000.0, 1060.0]) is None


def test_an_alarm_that_never_counts_silence_is_none() -> None:
    assert alarm_after(replace(ALARM, threshold=0.0), [1000.0, 1060.0]) is None


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting takes no time: the clock is put forward instead."""
    now = [time.time()]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    monkeypatch.setattr(time, "time", lambda: now[0])
    monkeypatch.setattr(time, "sleep", sleep)


def written(running: Running, scenario: Scenario, kind: type[Step]) -> Step:
    """The one step of that kind in a scenario, as written for the stack that runs."""
    script = scenario.write(running, Target(service=scenario.service))
    [step] = [step for step in script.steps if isinstance(step, kind)]
    return step


def missing(report: Report) -> list[str]:
    """What never came, which is all that may be wrong."""
    assert not report.verdict.unexpected
    assert report.verdict.ok is not bool(report.verdict.missing)
    return [finding.alert for finding in report.verdict.missing]


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(("after", "found"), [(None, []), (3.0, ["EndpointDown"])])
def test_a_page_told_again_beside_the_end_of_another_is_found(
    running: Running, fake: FakeRehearsal, lines: list[str], after: float | None, found: list[str]
) -> None:
    def restart() -> None:
        if after is not None:
            fake.tell("firing", over="adservice", after=after)

    restarted = BreakBriefly(Breakage(what="stops", do=restart, mended="runs", undo=lambda: None))
    silence = Silence(5.0, (MUST,))
    # The pager has told before the notifier is restarted, and the clock stands still meanwhile.
    awaited = (Break(fake.breakage()), Await((MUST,)), Watch(1.0, "on"))
    assert missing(played(running, lines, *awaited, restarted, silence, Mend())) == found


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(("after", "well"), [([3.0], True), ([3.0, 6.0], False)])
def test_a_notifier_that_forgot_may_tell_once_again_and_no_more(
    running: Running, fake: FakeRehearsal, lines: list[str], after: list[float], *, well: bool
) -> None:
    def restart() -> None:
        for seconds in after:
            fake.tell("firing", after=seconds)

    forgotten = Breakage(what="stops", do=restart, mended="runs", undo=lambda: None)
    awaited = (Break(fake.breakage()), Await((MUST,)), Watch(1.0, "on"))
    steps = (*awaited, BreakBriefly(forgotten, forgets=True), Watch(9.0, "on"), Mend())
    assert played(running, lines, *steps).verdict.ok is well


@pytest.mark.usefixtures("clock")
def test_a_quiet_minute_without_a_heartbeat_fails(
    running: Running, fake: FakeRehearsal, lines: list[str]
) -> None:
    def quiet() -> Report:
        return runner.run_scenario(running, QUIET, Target(), lines.append)

    silent = quiet()
    assert missing(silent) == ["heartbeat", "heartbeat"]
    assert [(each["expected"], each["alert"], each["contact_point"], each["delivered_at"])
            for each in silent.document()["alerts"]] == [
        ("must", "heartbeat", "grafana-heartbeat", None),
        ("must", "heartbeat", "heartbeat", None),
    ]  # fmt: skip
    for name, contact_point in running.promises.beats.items():
        fake.tell("firing", contact_point, name, after=30.0)
    well = quiet()
    assert missing(well) == []
    assert well.document()["alerts"] == []


@pytest.mark.usefixtures("clock", "fake")
def test_nothing_is_injected_in_a_quiet_minute_and_its_lines_have_a_time(
    running: Running, lines: list[str]
) -> None:
    assert runner.run_scenario(running, QUIET, Target(), lines.append).injected_at is None
    assert any(line.startswith("+   0.0 s  nothing is broken") for line in lines)


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(
    ("fires_after", "found"), [(59.9, ["EndpointDown"]), (90.0, [])], ids=["in", "after"]
)
def test_a_quiet_minute_in_whose_last_seconds_an_alert_fires_untold_fails(
    running: Running, fake: FakeRehearsal, lines: list[str], fires_after: float, found: list[str]
) -> None:
    for name, contact_point in running.promises.beats.items():
        fake.tell("firing", contact_point, name, after=30.0)
    fake.fires_from = time.time() + fires_after
    verdict = runner.run_scenario(running, QUIET, Target(), lines.append).verdict
    assert [finding.alert for finding in verdict.unexpected] == found
    assert verdict.ok is not bool(found)


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(("beats", "found"), [(1, []), (100, ["silent"])])
def test_a_heartbeat_that_goes_on_raises_no_alarm_and_the_drill_fails(
    running: Running, fake: FakeRehearsal, lines: list[str], beats: int, found: list[str]
) -> None:
    for number in range(beats):
        fake.tell("firing", "heartbeat", "Watchdog", after=5.0 + 50.0 * number)
    miss = MissBeats("heartbeat", ALARM, frozenset(ALARM.actions), stops_within=100.0)
    assert missing(played(running, lines, Break(fake.calm()), miss, Mend())) == found


@pytest.mark.usefixtures("clock", "fake")
def test_what_is_not_so_in_time_is_missing(running: Running, lines: list[str]) -> None:
    def waited(*, so: bool) -> list[str]:
        def done(_: Play) -> bool:
            return so

        return missing(played(running, lines, Until(done, "the tide", 3.0)))

    assert waited(so=False) == ["the tide"]
    assert waited(so=True) == []


@pytest.mark.usefixtures("clock", "fake")
@pytest.mark.parametrize(("refused", "found"), [(2, []), (1, ["a refused delivery"])])
def test_a_pager_that_refuses_nothing_fails_its_drill(
    running: Running,
    lines: list[str],
    monkeypatch: pytest.MonkeyPatch,
    refused: int,
    found: list[str],
) -> None:
    counts = [refused] * 9 + [0]

    def count(_: PagerClient) -> int:
        return counts.pop() if len(counts) > 1 else refused

    monkeypatch.setattr(PagerClient, "refused", count)
    step = written(running, PAGER_REFUSES, AwaitRefusal)
    assert missing(played(running, lines, step)) == found


@pytest.mark.usefixtures("clock")
def test_a_backlog_that_does_not_arrive_fails_its_drill(
    running: Running, fake: FakeRehearsal, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "miss_beats", always(Watch(1.0, "on")))
    backlog = written(running, pipeline.REMOTE_WRITE_BLOCKED, Until)

    def arrived(samples: float) -> list[str]:
        counted = Sample(labels={"service": "collector"}, value=samples, at=0.0)
        monkeypatch.setattr(PrometheusClient, "query", always([counted]))
        # Ten minutes of silence, of which half a minute at the edges does not count.
        steps = (Break(fake.calm()), Watch(600.0, "silence"), Mend(), backlog)
        return missing(played(running, lines, *steps))

    assert arrived(samples=114) == []
    assert arrived(samples=50) == ["the backlog of samples"]


@pytest.mark.usefixtures("clock", "fake")
def test_a_service_that_flaps_untold_fails_its_drill(
    running: Running, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def seen(*_: object) -> list[Sample]:
        return [Sample(labels={"service": "shippingservice"}, value=time.time(), at=0.0)]

    broken = list[str]()

    def break_service(_: WorldClient, name: str, *_how: object) -> None:
        broken.append(name)

    monkeypatch.setattr(PrometheusClient, "query", seen)
    monkeypatch.setattr(WorldClient, "break_service", break_service)
    monkeypatch.setattr(WorldClient, "mend_service", always(None))
    chosen = Target(service=ENDPOINT_FLAPPING.service)
    report = runner.run_scenario(running, ENDPOINT_FLAPPING, chosen, lines.append)
    assert missing(report) == ["EndpointDegraded"]
    assert len(broken) > 2
