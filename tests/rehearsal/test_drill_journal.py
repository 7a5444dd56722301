"""A drill is written down as it is played, for those who look on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from offline.errors import UserError
from rehearsal.drill import runner
from rehearsal.drill.expectations import Expectation
from rehearsal.drill.journal import Began, DrillJournal, Ended
from rehearsal.drill.play import Play
from rehearsal.drill.running import Running
from rehearsal.drill.script import Scenario, Script, Step, Target
from rehearsal.drill.steps import Await, Break, Mend
from rehearsal.drill.timeline import Event, EventKind
from rehearsal.machine.programs import DRILLS
from tests.rehearsal.fake_rehearsal import MUST, FakeRehearsal

pytestmark = pytest.mark.usefixtures("fake")


@dataclass(frozen=True)
class Falls:
    """A step under which the platform fails."""

    expectations: tuple[Expectation, ...] = ()
    at_most: float = 0.0

    def run(self, play: Play) -> None:
        play.timeline.line(0.0, "and then")
        raise UserError("the prober died")


def _play(running: Running, *steps: Step) -> None:
    def write(_running: Running, _target: Target) -> Script:
        return Script(steps=steps)

    scenario = Scenario(name="tried", summary="one", write=write)
    runner.run_scenario(running, scenario, Target(service="cartservice"), lambda _line: None)


def _journal(running: Running) -> DrillJournal:
    return DrillJournal(running.supervisor.directory / DRILLS)


def test_a_drill_is_written_down_from_its_beginning_to_its_end(
    running: Running, fake: FakeRehearsal
) -> None:
    _play(running, Break(fake.breakage()), Await((MUST,)), Mend())
    [drill] = _journal(running).drills()
    assert (drill.began.scenario, drill.began.target) == ("tried", "cartservice")
    kinds = [event.kind for event in drill.events]
    assert kinds == [EventKind.BROKEN, EventKind.DELIVERED, EventKind.MENDED, EventKind.RESOLVED]
    assert drill.ended is not None
    assert drill.ended.ok
    assert drill.ended.lines[-1].startswith("tried passed in")


def test_a_drill_that_comes_to_no_verdict_says_why(running: Running, fake: FakeRehearsal) -> None:
    fake.fires = True
    with pytest.raises(UserError):
        _play(running, Break(fake.breakage()))
    assert _journal(running).drills() == []

    fake.fires = False

    with pytest.raises(UserError):
        _play(running, Break(fake.breakage()), Falls())
    [drill] = _journal(running).drills()
    assert drill.ended is not None
    assert (drill.ended.ok, drill.ended.lines) == (False, ("the prober died",))
    assert drill.events[-1].kind is EventKind.MENDED


def test_a_line_that_is_being_written_is_not_read(tmp_path: Path) -> None:
    journal = DrillJournal(tmp_path / DRILLS)
    assert journal.drills() == []
    journal.write(Began(at=1.0, scenario="a", target="", summary="s", at_most=9.0))
    journal.write(Event(2.0, "it breaks", kind=EventKind.BROKEN))
    journal.write(Ended(at=3.0, ok=True, lines=("passed",)))
    whole = journal.path.read_bytes()
    for end in range(len(whole)):
        journal.path.write_bytes(whole[:end])
        drills = journal.drills()
        assert len(drills) <= 1
        assert not drills or drills[0].ended is None
    journal.path.write_bytes(whole)
    assert journal.drills()[0].ended is not None
