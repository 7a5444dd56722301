"""How a drill goes: it ends as soon as it can know, and mends however it ends."""

from __future__ import annotations

import fcntl
import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from rehearsal import loopback
from rehearsal.drill import command, theatre
from rehearsal.drill.beats import MissBeats, alarm_after
from rehearsal.drill.expectations import Expectation, Expected
from rehearsal.drill.observer import Observer
from rehearsal.drill.play import Breakage, Play
from rehearsal.drill.report import Report
from rehearsal.drill.running import NotPlayableError, Running, promised
from rehearsal.drill.scenarios import SCENARIOS, pipeline
from rehearsal.drill.scenarios.delivery import PAGER_REFUSES, QUIET
from rehearsal.drill.scenarios.endpoints import ENDPOINT_FLAPPING
from rehearsal.drill.script import Scenario, Script, Step, Target
from rehearsal.drill.steps import Await, AwaitRefusal, Break, Mend, PassOver, Silence, Until, Watch
from rehearsal.drill.timeline import Timeline
from rehearsal.drill.verdict import Verdict
from rehearsal.faults import RehearsalError
from rehearsal.heartbeat import Alarm
from rehearsal.pager.client import PagerClient
from rehearsal.pager.notifications import Notification, ToldAlert
from rehearsal.processes.supervisor import Supervisor
from rehearsal.queries import ActiveAlert, AlertmanagerClient, PrometheusClient, Sample
from rehearsal.world.client import WorldClient
from rehearsal.world.procfs import REST_BYTES_PER_SECOND
from tests.unit.stack_files import planned

USUAL = {"receive": REST_BYTES_PER_SECOND, "transmit": REST_BYTES_PER_SECOND}
MUST = Expectation(
    expected=Expected.MUST,
    alert="EndpointDown",
    labels={"service": "cartservice"},
    contact_points=frozenset({"pager"}),
    page_seconds=0.6,
    resolve_seconds=0.6,
)


@dataclass
class Town:
    """What the programs of a rehearsal would say; `mended` lists what was undone."""

    book: list[Notification] = field(default_factory=list[Notification])
    told_when_broken: bool = True
    told_when_mended: bool = True
    fires: bool = False
    fires_from: float = math.inf
    mended: list[str] = field(default_factory=list[str])

    def tell(
        self,
        status: str,
        to: str = "pager",
        name: str = "EndpointDown",
        over: str = "",
        after: float = 0.0,
    ) -> None:
        """One alert in a message, so many seconds from now; with `over` another's end beside it."""
        labels = {"alertname": name, "service": "cartservice", "severity": "page"}
        other = ToldAlert(status="resolved", labels={**labels, "service": over})
        self.book.append(
            Notification(
                received_at=time.time() + after,
                contact_point=to,
                kind="pagerduty",
                receiver=to,
                status=status,
                title=f"{status} {name}",
                text=f"{status} {name}\nWhat: it does not answer.",
                alerts=(ToldAlert(status=status, labels=labels), *([other] if over else [])),
            )
        )

    def breakage(self, name: str = "cartservice") -> Breakage:
        def do() -> None:
            if self.told_when_broken:
                self.tell("firing")

        def undo() -> None:
            self.mended.append(name)
            if self.told_when_mended:
                self.tell("resolved")

        return Breakage(what=f"{name} breaks", do=do, mended=f"{name} mends", undo=undo)

    def calm(self) -> Breakage:
        """Something breaks that nobody is told of."""
        self.told_when_broken = self.told_when_mended = False
        return self.breakage()


def always(value: object) -> Callable[..., object]:
    """Something that answers the same whatever it is asked."""

    def answer(*_: object) -> object:
        return value

    return answer


@pytest.fixture
def town(monkeypatch: pytest.MonkeyPatch) -> Town:
    made = Town()

    def notifications(_self: PagerClient, since: float = 0.0) -> list[Notification]:
        told = [each for each in made.book if since <= each.received_at <= time.time()]
        return sorted(told, key=lambda each: each.received_at)

    def alerts(_self: object) -> list[ActiveAlert]:
        labels = {"alertname": "EndpointDown", "service": "cartservice"}
        alert = ActiveAlert(name="EndpointDown", state="firing", labels=labels, active_at=0.0)
        return [alert] if made.fires or time.time() >= made.fires_from else []

    monkeypatch.setattr(PagerClient, "notifications", notifications)
    monkeypatch.setattr(PrometheusClient, "alerts", alerts)
    monkeypatch.setattr(PrometheusClient, "rules", always([]))
    monkeypatch.setattr(PrometheusClient, "query", always([]))
    monkeypatch.setattr(AlertmanagerClient, "alerts", always([]))
    monkeypatch.setattr(PagerClient, "refusing", always([]))
    monkeypatch.setattr(WorldClient, "faults", always({"cartservice": None}))
    monkeypatch.setattr(WorldClient, "hosts", always({"orders-db-1": USUAL}))
    return made


@pytest.fixture
def running(tmp_path: Path) -> Running:
    return Running(stack="dev", promises=promised(planned()), supervisor=Supervisor(tmp_path))


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def play(running: Running, town: Town, lines: list[str]) -> Play:
    assert town is not None
    return Play(running, Timeline(lines.append))


def played(running: Running, lines: list[str], *steps: Step) -> Report:
    def written(_running: Running, _target: Target) -> Script:
        return Script(steps=steps)

    scenario = replace(SCENARIOS[0], name="test", write=written)
    return theatre.perform(running, scenario, Target(), lines.append)


def test_a_page_and_a_resolve_in_time_pass_at_once(
    running: Running, town: Town, lines: list[str]
) -> None:
    long = replace(MUST, page_seconds=60.0, resolve_seconds=60.0)
    report = played(running, lines, Break(town.breakage()), Await((long,)), Mend())
    assert report.verdict.ok
    assert report.seconds < 10
    assert report.mended_at is not None
    assert report.injected_at is not None
    assert report.injected_at <= report.mended_at


def test_a_page_that_does_not_come_is_missing_when_its_bound_has_passed(
    running: Running, town: Town, lines: list[str]
) -> None:
    town.told_when_broken = town.told_when_mended = False
    report = played(running, lines, Break(town.breakage()), Await((MUST,)), Mend())
    assert [finding.alert for finding in report.verdict.missing] == ["EndpointDown"]
    assert town.mended == ["cartservice"]
    assert any(line.startswith("wrong: EndpointDown") for line in lines)


def test_a_resolve_that_does_not_come_fails_it(
    running: Running, town: Town, lines: list[str]
) -> None:
    town.told_when_mended = False
    report = played(running, lines, Break(town.breakage()), Await((MUST,)), Mend())
    assert "never resolved" in report.verdict.faults[0]


@pytest.mark.parametrize("how", [KeyboardInterrupt, RehearsalError, loopback.UnansweredError])
def test_what_was_broken_is_mended_however_it_ends(
    running: Running, town: Town, lines: list[str], how: type[BaseException]
) -> None:
    def ends(_play: Play) -> bool:
        raise how("stop")

    steps = (Break(town.breakage("a")), Break(town.breakage("b")), Until(ends, "never", 5.0))
    with pytest.raises((KeyboardInterrupt, RehearsalError)):
        played(running, lines, *steps)
    assert town.mended == ["b", "a"]


@pytest.mark.parametrize("how", [BrokenPipeError, OSError, ValueError])
def test_what_was_broken_is_mended_though_nobody_reads_the_timeline(
    running: Running, town: Town, how: type[Exception]
) -> None:
    gone = list[str]()

    def write(line: str) -> None:
        if gone:
            raise how(line)

    def goes() -> None:
        gone.append("the terminal")

    def written(_running: Running, _target: Target) -> Script:
        last = replace(town.breakage("c"), do=goes)
        return Script(steps=(Break(town.breakage("a")), Break(town.breakage("b")), Break(last)))

    with pytest.raises(how):
        theatre.perform(running, replace(SCENARIOS[0], write=written), Target(), write)
    assert town.mended == ["c", "b", "a"]


def test_one_failure_to_mend_bars_no_other(play: Play, town: Town, lines: list[str]) -> None:
    def fails() -> None:
        raise RehearsalError("no such thing")

    play.break_(town.breakage("a"))
    play.break_(replace(town.breakage("b"), undo=fails))
    play.mend_whatever_happens()
    assert town.mended == ["a"]
    assert any("could not be mended: b breaks: no such thing" in line for line in lines)


def test_what_does_not_start_again_is_tried_once_more_at_the_end(
    running: Running, town: Town, lines: list[str]
) -> None:
    tries = list[int]()

    def starts() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise RehearsalError("not yet")

    with pytest.raises(RehearsalError, match="not yet"):
        played(running, lines, PassOver(replace(town.breakage(), undo=starts)))
    assert len(tries) == 2


def test_a_heartbeat_is_no_page(running: Running, town: Town, lines: list[str]) -> None:
    town.told_when_broken = False
    beat = replace(town.breakage(), do=lambda: town.tell("firing", "heartbeat", "Watchdog"))
    town.told_when_mended = False
    assert played(running, lines, Break(beat), Watch(0.3, "on"), Mend()).verdict.ok


def test_a_heartbeat_elsewhere_is_forbidden(running: Running, town: Town, lines: list[str]) -> None:
    stray = replace(town.breakage(), do=lambda: town.tell("firing", "pager", "Watchdog"))
    town.told_when_mended = False
    verdict = played(running, lines, Break(stray), Watch(0.3, "on")).verdict
    assert [finding.alert for finding in verdict.unexpected] == ["Watchdog"]


def test_the_timeline_tells_what_happened_and_quotes_the_page_once(
    running: Running, town: Town, lines: list[str]
) -> None:
    played(running, lines, Break(town.breakage()), Await((MUST,)), Mend())
    assert "+   0.0 s  cartservice breaks" in lines
    page = "a page is delivered to pager (pagerduty): firing EndpointDown"
    assert [line.partition("  ")[2] for line in lines if page in line]
    assert any("a resolve is delivered to pager" in line for line in lines)
    quotes = [line for line in lines if "| What: it does not answer." in line]
    assert len(quotes) == 1


def test_a_flood_of_messages_is_counted(play: Play, town: Town, lines: list[str]) -> None:
    play.inject()
    for number in range(9):
        town.tell("firing", name=f"Alert{number}")
    play.wait(lambda: True, 0.0)
    assert any("messages are delivered: 9 to pager" in line for line in lines)


def test_a_program_that_dies_is_named(
    running: Running, town: Town, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Running, "stopped", always(["prober"]))
    with pytest.raises(RehearsalError, match="prober died during the drill"):
        played(running, lines, Break(town.breakage()), Watch(1.0, "on"))
    excused = replace(town.breakage(), programs=("prober",))
    assert played(running, lines, Break(excused), Await((MUST,))).verdict.entries


def test_a_drill_does_not_begin_while_something_fires(
    running: Running, town: Town, lines: list[str]
) -> None:
    town.fires = True
    with pytest.raises(RehearsalError, match="EndpointDown cartservice is firing"):
        played(running, lines, Break(town.breakage()))
    assert not town.mended


def test_a_drill_does_not_begin_while_something_is_broken(
    running: Running, town: Town, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(WorldClient, "faults", always({"adservice": {"kind": "hang"}}))
    with pytest.raises(RehearsalError, match=r"adservice is broken \(hang\)"):
        played(running, lines, Break(town.breakage()))


@pytest.mark.usefixtures("town")
def test_a_drill_does_not_begin_while_a_host_is_left_with_other_traffic(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    traffic = {"orders-db-1": USUAL, "orders-db-2": {**USUAL, "receive": 0.0}}
    monkeypatch.setattr(WorldClient, "hosts", always(traffic))
    with pytest.raises(RehearsalError, match="peace, but orders-db-2 moves other traffic than"):
        theatre.refuse_unrest(running)


@pytest.mark.usefixtures("town")
def test_a_drill_does_not_begin_while_deliveries_are_refused(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PagerClient, "refusing", always(["pager"]))
    with pytest.raises(RehearsalError, match="peace, but pager refuses deliveries;"):
        theatre.refuse_unrest(running)


def test_one_drill_at_a_time(running: Running, town: Town, lines: list[str]) -> None:
    with (running.supervisor.directory / "drill.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(RehearsalError, match="another drill"):
            played(running, lines, Break(town.breakage()))


def test_without_a_rehearsal_the_command_that_starts_one_is_given(tmp_path: Path) -> None:
    with pytest.raises(RehearsalError, match="python -m rehearsal up --stack dev"):
        command.main(["endpoint-down"], tmp_path)


def test_an_unknown_scenario_is_answered_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(RehearsalError, match='did you mean "endpoint-down"'):
        command.main(["endpoint-dwn"], tmp_path)


def test_scenarios_are_listed_though_nothing_is_up(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["list"], tmp_path) == 0
    shown = capsys.readouterr().out
    assert all(scenario.name in shown for scenario in SCENARIOS)


def play_all(
    running: Running,
    report: Path,
    monkeypatch: pytest.MonkeyPatch,
    how: Mapping[str, BaseException],
) -> int:
    """Play every scenario; `how` raises what it has for a scenario's name."""

    def perform(_running: Running, scenario: Scenario, *_: object) -> Report:
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
            verdict=verdict,
        )

    monkeypatch.setattr(command, "running", always(running))
    monkeypatch.setattr(command, "perform", perform)
    monkeypatch.setattr(command, "_seconds_at_most", always(1.0))
    return command.main(["all", "--json", str(report)], report.parent)


def test_all_are_played_though_one_fails_and_each_is_reported(
    running: Running,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    report = tmp_path / "all.json"
    how = {
        "host-down": RehearsalError("a host would not go"),
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
    running: Running, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: PrometheusClient) -> list[ActiveAlert]:
        raise loopback.UnansweredError("nobody listens")

    town.fires = True
    observer = Observer(running)
    observer.look(1.0)
    town.fires = False
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(PrometheusClient, "alerts", away)
        assert observer.look(2.0) == []
    assert [alert.name for alert in observer.firing()] == ["EndpointDown"]
    assert [event.text for event in observer.look(3.0)] == [
        "EndpointDown cartservice fires no more"
    ]
    assert not observer.firing()


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
    running: Running, town: Town, lines: list[str], after: float | None, found: list[str]
) -> None:
    def restart() -> None:
        if after is not None:
            town.tell("firing", over="adservice", after=after)

    restarted = PassOver(Breakage(what="stops", do=restart, mended="runs", undo=lambda: None))
    silence = Silence(5.0, (MUST,))
    # The pager has told before the notifier is restarted, and the clock stands still meanwhile.
    awaited = (Break(town.breakage()), Await((MUST,)), Watch(1.0, "on"))
    assert missing(played(running, lines, *awaited, restarted, silence, Mend())) == found


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(("after", "well"), [([3.0], True), ([3.0, 6.0], False)])
def test_a_notifier_that_forgot_may_tell_once_again_and_no_more(
    running: Running, town: Town, lines: list[str], after: list[float], *, well: bool
) -> None:
    def restart() -> None:
        for seconds in after:
            town.tell("firing", after=seconds)

    forgotten = Breakage(what="stops", do=restart, mended="runs", undo=lambda: None)
    awaited = (Break(town.breakage()), Await((MUST,)), Watch(1.0, "on"))
    steps = (*awaited, PassOver(forgotten, forgets=True), Watch(9.0, "on"), Mend())
    assert played(running, lines, *steps).verdict.ok is well


@pytest.mark.usefixtures("clock")
def test_a_quiet_minute_without_a_heartbeat_fails(
    running: Running, town: Town, lines: list[str]
) -> None:
    def quiet() -> Report:
        return theatre.perform(running, QUIET, Target(), lines.append)

    silent = quiet()
    assert missing(silent) == ["heartbeat", "heartbeat"]
    assert [(each["expected"], each["alert"], each["contact_point"], each["delivered_at"])
            for each in silent.document()["alerts"]] == [
        ("must", "heartbeat", "grafana-heartbeat", None),
        ("must", "heartbeat", "heartbeat", None),
    ]  # fmt: skip
    for name, contact_point in running.promises.beats.items():
        town.tell("firing", contact_point, name, after=30.0)
    well = quiet()
    assert missing(well) == []
    assert well.document()["alerts"] == []


@pytest.mark.usefixtures("clock", "town")
def test_nothing_is_injected_in_a_quiet_minute_and_its_lines_have_a_time(
    running: Running, lines: list[str]
) -> None:
    assert theatre.perform(running, QUIET, Target(), lines.append).injected_at is None
    assert any(line.startswith("+   0.0 s  nothing is broken") for line in lines)


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(
    ("fires_after", "found"), [(59.9, ["EndpointDown"]), (90.0, [])], ids=["in", "after"]
)
def test_a_quiet_minute_in_whose_last_seconds_an_alert_fires_untold_fails(
    running: Running, town: Town, lines: list[str], fires_after: float, found: list[str]
) -> None:
    for name, contact_point in running.promises.beats.items():
        town.tell("firing", contact_point, name, after=30.0)
    town.fires_from = time.time() + fires_after
    verdict = theatre.perform(running, QUIET, Target(), lines.append).verdict
    assert [finding.alert for finding in verdict.unexpected] == found
    assert verdict.ok is not bool(found)


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(("beats", "found"), [(1, []), (100, ["silent"])])
def test_a_heartbeat_that_goes_on_raises_no_alarm_and_the_drill_fails(
    running: Running, town: Town, lines: list[str], beats: int, found: list[str]
) -> None:
    for number in range(beats):
        town.tell("firing", "heartbeat", "Watchdog", after=5.0 + 50.0 * number)
    miss = MissBeats("heartbeat", ALARM, frozenset(ALARM.actions), stops_within=100.0)
    assert missing(played(running, lines, Break(town.calm()), miss, Mend())) == found


@pytest.mark.usefixtures("clock", "town")
def test_what_is_not_so_in_time_is_missing(running: Running, lines: list[str]) -> None:
    def waited(*, so: bool) -> list[str]:
        def done(_: Play) -> bool:
            return so

        return missing(played(running, lines, Until(done, "the tide", 3.0)))

    assert waited(so=False) == ["the tide"]
    assert waited(so=True) == []


@pytest.mark.usefixtures("clock", "town")
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
    running: Running, town: Town, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "miss_beats", always(Watch(1.0, "on")))
    backlog = written(running, pipeline.REMOTE_WRITE_BLOCKED, Until)

    def arrived(samples: float) -> list[str]:
        counted = Sample(labels={"service": "collector"}, value=samples, at=0.0)
        monkeypatch.setattr(PrometheusClient, "query", always([counted]))
        # Ten minutes of silence, of which half a minute at the edges does not count.
        steps = (Break(town.calm()), Watch(600.0, "silence"), Mend(), backlog)
        return missing(played(running, lines, *steps))

    assert arrived(samples=114) == []
    assert arrived(samples=50) == ["the backlog of samples"]


@pytest.mark.usefixtures("clock", "town")
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
    report = theatre.perform(running, ENDPOINT_FLAPPING, chosen, lines.append)
    assert missing(report) == ["EndpointDegraded"]
    assert len(broken) > 2
