"""Plays scenarios on the running stack, one at a time, and leaves it as it was found."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

from gallery.stack_file.errors import nearest
from offline.errors import UserError
from rehearsal.drill.awaited import awaited
from rehearsal.drill.journal import Began, DrillJournal, Ended
from rehearsal.drill.observer import Observer
from rehearsal.drill.play import Play
from rehearsal.drill.report import Report
from rehearsal.drill.running import Running
from rehearsal.drill.script import Scenario, Script, Target
from rehearsal.drill.timeline import Timeline, Write
from rehearsal.drill.verdict import describe
from rehearsal.machine.lock import alone
from rehearsal.machine.loopback import answered
from rehearsal.machine.programs import DRILLS
from rehearsal.machine.screen import Waiting, duration
from rehearsal.pager.client import PagerClient
from rehearsal.world.client import WorldClient
from rehearsal.world.procfs import REST_BYTES_PER_SECOND

Waits = Callable[[Waiting], None]


def _nobody(_waiting: Waiting) -> None:
    """Whoever plays a drill for another program watches its end alone."""


def target(
    running: Running, scenario: Scenario, service: str | None = None, host: str | None = None
) -> Target:
    """What the scenario breaks. Raises UserError for what it cannot, with what it can."""
    plan = running.plan
    if service is not None:
        services = [planned.service.name for planned in plan.services]
        if scenario.service is None:
            raise UserError(f"{scenario.name} does not take --service")
        if service not in services:
            raise UserError(f'no service is called "{service}"; {nearest(service, services)}')
    if host is not None and not scenario.on_host:
        raise UserError(f"{scenario.name} does not take --host")
    hosts = {each.name: each for each in plan.hosts}
    if host is not None and host not in hosts:
        raise UserError(
            f'no host is called "{host}"; {nearest(host, hosts) if hosts else "there are none"}'
        )
    chosen = host or (next(iter(hosts), None) if scenario.on_host else None)
    return Target(
        service=service or scenario.service,
        host=None if chosen is None else hosts[chosen],
    )


def run_scenario(
    running: Running, scenario: Scenario, chosen: Target, write: Write, waits: Waits = _nobody
) -> Report:
    """Play a scenario to its end; `waits` is told what it waits for now.

    Raises UserError where it cannot begin, or where the platform itself fails under it;
    what was broken is mended then, and after an interruption too.
    """
    with _alone(running), answered():
        refuse_unrest(running)
        return _kept(running, scenario, chosen, write, waits)


def script(running: Running, scenario: Scenario, chosen: Target) -> Script:
    """What it does and lets expect on that stack. Raises UserError."""
    with answered():
        return scenario.write(running, chosen)


def _kept(
    running: Running, scenario: Scenario, chosen: Target, write: Write, waits: Waits
) -> Report:
    """Play it, and write it down for those who look on."""
    script = scenario.write(running, chosen)
    began = Began(
        at=time.time(),
        scenario=scenario.name,
        target=chosen.name,
        summary=scenario.summary,
        at_most=script.at_most,
    )
    journal = DrillJournal(running.supervisor.directory / DRILLS)
    journal.write(began)
    try:
        report = _played(
            running, scenario, script, Timeline(write, journal.write), write=write, waits=waits
        )
    except BaseException as why:
        journal.write(Ended(at=time.time(), ok=False, lines=(str(why) or type(why).__name__,)))
        raise
    journal.write(Ended(at=time.time(), ok=report.verdict.ok, lines=tuple(report.lines())))
    return report


def _played(
    running: Running,
    scenario: Scenario,
    script: Script,
    timeline: Timeline,
    *,
    write: Write,
    waits: Waits,
) -> Report:
    write(f"{scenario.name}: {scenario.summary}")
    write(f"stack {running.stack}; at most {duration(script.at_most)}")
    for note in script.notes:
        write(f"note: {note}")
    expected = (*script.expectations, *script.may)
    play = Play(
        running,
        timeline,
        may=script.may,
        concerns=lambda alert: any(each.about(alert.name, alert.labels) for each in expected),
        pages_at_most=dict(script.pages_at_most),
        incidents_at_most=dict(script.incidents_at_most),
    )
    try:
        # What is known before the fault is no event of the drill.
        play.observer.look(play.began)
        for step in script.steps:
            waits(Waiting(what=awaited(step), since=play.began, at_most=script.at_most))
            step.run(play)
    finally:
        play.mend_whatever_happens()
    report = Report(
        scenario=scenario.name,
        stack=running.stack,
        injected_at=play.injected_at,
        mended_at=play.mended_at,
        seconds=time.time() - play.began,
        pause_seconds=play.pause_seconds,
        verdict=play.verdict(),
    )
    for line in report.lines():
        write(line)
    return report


def refuse_unrest(running: Running) -> None:
    """Raise UserError where something is broken or firing before anything was done."""
    observer = Observer(running)
    observer.look(time.time())
    what = [f"{describe(alert.name, alert.labels)} is firing" for alert in observer.firing()]
    beats = running.promises.beats
    for client in running.alertmanagers.values():
        what += [
            f"{describe(labels['alertname'], labels)} is still in Alertmanager"
            for labels in client.alerts()
            if labels["alertname"] not in beats
        ]
    what += _left_behind()
    if what:
        raise UserError(
            f"a drill begins in peace, but {'; '.join(sorted(set(what)))}; wait until it is over, "
            f"or start anew: `make down`, then `make up STACK={running.stack}`"
        )


def _left_behind() -> Iterator[str]:
    """What a drill that was killed has not mended."""
    for name, fault in WorldClient().faults().items():
        if fault is not None:
            yield f"{name} is broken ({fault['kind']})"
    for name, traffic in WorldClient().hosts().items():
        if set(traffic.values()) != {REST_BYTES_PER_SECOND}:
            yield f"{name} moves other traffic than usual"
    for name in PagerClient().refusing():
        yield f"{name} refuses deliveries"


def _alone(running: Running) -> AbstractContextManager[None]:
    """One drill at a time, or each would be the other's forbidden alert."""
    path = running.supervisor.directory / "drill.lock"
    return alone(path, "another drill is being played; wait for its end")
