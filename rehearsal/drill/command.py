"""`python -m rehearsal drill …`: the command line of drills.

Exit status 0: all came in time, each once, and nothing forbidden came; 1: not so, or an error.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from json import dumps
from pathlib import Path
from typing import Any

from gallery.stack_file.errors import nearest
from offline.errors import UserError
from rehearsal.drill.destination import refuse_unwritable, write
from rehearsal.drill.report import Report, unjudged
from rehearsal.drill.runner import run_scenario, script, target
from rehearsal.drill.running import NotPlayableError, Running, running
from rehearsal.drill.scenarios import SCENARIOS
from rehearsal.drill.script import Scenario, Script, Target
from rehearsal.machine.lines import table
from rehearsal.machine.platform import STATE
from rehearsal.machine.screen import Screen, Waiting, duration

_BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
_LIST, _ALL = "list", "all"


def main(
    scenario: str,
    *,
    service: str | None = None,
    host: str | None = None,
    json: Path | None = None,
    state: Path = STATE,
) -> int:
    """Run one drill command on what is up; its exit status.

    Raises UserError for what a person can mend.
    """
    if scenario not in {_LIST, _ALL} and scenario not in _BY_NAME:
        known = (*_BY_NAME, _ALL, _LIST)
        raise UserError(f'no scenario is called "{scenario}"; {nearest(scenario, known)}')
    if json is not None:
        refuse_unwritable(json)
    match scenario:
        case "list":
            return _list(state, json)
        case "all":
            if service or host:
                raise UserError("`drill all` chooses services and hosts itself")
            return _all(running(state), json)
        case name:
            rehearsed, chosen = running(state), _BY_NAME[name]
            aim = target(rehearsed, chosen, service, host)
            report = _one(rehearsed, chosen, aim, Screen(sys.stdout))
            _keep(json, report.document())
            return 0 if report.verdict.ok else 1


def choices() -> list[tuple[str, str]]:
    """What can be played, each with what it is."""
    return [
        *((each.name, each.summary) for each in SCENARIOS),
        (_ALL, "every one of them"),
        (_LIST, "their names, and how long each takes at most"),
    ]


def _one(
    rehearsed: Running, scenario: Scenario, aim: Target, screen: Screen, turn: str = ""
) -> Report:
    """Play it; `turn` stands before what it waits for."""

    def waits(waiting: Waiting) -> None:
        screen.waits(replace(waiting, what=f"{turn}{waiting.what}"))

    with screen.live():
        return run_scenario(rehearsed, scenario, aim, screen.say, waits)


def _list(state: Path, json: Path | None) -> int:
    try:
        rehearsed = running(state)
    except UserError:
        rehearsed = None
    screen = Screen(sys.stdout)
    scripts = {each: _written(rehearsed, each) for each in SCENARIOS}
    rows = [(each.name, _at_most(rehearsed, one), each.summary) for each, one in scripts.items()]
    for line in table(rows, screen.columns):
        screen.say(line)
    _keep(json, [_listed(each, one) for each, one in scripts.items()])
    return 0


def _written(rehearsed: Running | None, scenario: Scenario) -> Script | None:
    """Its script for the stack that is up, where there is one and it can be played."""
    try:
        return rehearsed and script(rehearsed, scenario, target(rehearsed, scenario))
    except NotPlayableError:
        return None


def _at_most(rehearsed: Running | None, script: Script | None) -> str:
    """How long it can take on the stack that is up."""
    if rehearsed is None:
        return ""
    return "not playable" if script is None else duration(script.at_most)


def _listed(scenario: Scenario, script: Script | None) -> dict[str, Any]:
    """A scenario as JSON has it; without a time where it cannot be played."""
    must = set[str]() if script is None else {each.alert for each in script.expectations}
    return {
        "scenario": scenario.name,
        "summary": scenario.summary,
        "at_most_seconds": None if script is None else script.at_most,
        "alerts": sorted(must),
        "of_routes": scenario.of_routes,
    }


def _all(rehearsed: Running, json: Path | None) -> int:
    results, reports = list[tuple[str, str, str]](), list[dict[str, Any]]()
    screen = Screen(sys.stdout)
    total = sum(_seconds_at_most(rehearsed, scenario) for scenario in SCENARIOS)
    screen.say(f"{len(SCENARIOS)} scenarios, at most {duration(total)}")
    for number, scenario in enumerate(SCENARIOS, start=1):
        screen.say("")
        turn = f"{scenario.name}, {number} of {len(SCENARIOS)}: "
        try:
            results.append((scenario.name, *_played(rehearsed, scenario, reports, screen, turn)))
        finally:
            # An interruption ends all of it, and what was played was played.
            _keep(json, reports)
    screen.say("")
    for line in table(results, screen.columns):
        screen.say(line)
    return 1 if any(result == "FAILED" for _, result, _ in results) else 0


def _played(
    rehearsed: Running,
    scenario: Scenario,
    reports: list[dict[str, Any]],
    screen: Screen,
    turn: str,
) -> tuple[str, str]:
    """What came of it, and why; one that fails keeps nobody from going on."""
    try:
        report = _one(rehearsed, scenario, target(rehearsed, scenario), screen, turn)
    except NotPlayableError as why:
        reports.append(unjudged(scenario.name, rehearsed.stack, str(why), ok=None))
        screen.say(f"{scenario.name}: {why}")
        return "not playable", str(why)
    except UserError as error:
        reports.append(unjudged(scenario.name, rehearsed.stack, str(error), ok=False))
        screen.say(f"{scenario.name}: {error}")
        return "FAILED", str(error).splitlines()[0]
    except BaseException as end:
        why = "interrupted" if isinstance(end, KeyboardInterrupt) else repr(end)
        reports.append(unjudged(scenario.name, rehearsed.stack, why, ok=False))
        raise
    reports.append(report.document())
    if report.verdict.ok:
        return "passed", duration(report.seconds)
    return "FAILED", report.verdict.faults[0]


def _seconds_at_most(rehearsed: Running, scenario: Scenario) -> float:
    written = _written(rehearsed, scenario)
    return 0.0 if written is None else written.at_most


def _keep(path: Path | None, document: object) -> None:
    if path is not None:
        write(path, dumps(document, indent=2, sort_keys=True) + "\n")
