"""`python -m rehearsal.bench [PART ...]`: measure, print a table, write `build/bench.json`.

Without a part all of them: that takes up to 35 minutes, most of it in drills. Exit status 0 only if
every budget holds; 130: interrupted. Whatever comes of it, nothing is left running.
"""

from __future__ import annotations

from rehearsal.machine import interruption

if __name__ == "__main__":
    interruption.end_at_once()

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gallery.store.services import SERVICES
from offline import stack_file
from offline.errors import UserError
from rehearsal import drill
from rehearsal.bench import host_rules, pull_request
from rehearsal.bench.programs import refused_by_programs
from rehearsal.bench.stack_files import play
from rehearsal.cluster import installed
from rehearsal.cluster.modules import PROMETHEUS_SERVER, build
from rehearsal.machine import platform
from rehearsal.machine.addresses import WALL
from rehearsal.machine.processes.supervisor import Supervisor
from rehearsal.machine.screen import Screen, Waiting
from rehearsal.machine.tools import PROMTOOL, ROOT, provide
from rehearsal.mesh import installed as of_a_mesh
from rehearsal.mesh.figures import call_with_proxies, call_without, seconds_until_enforced
from rehearsal.mesh.running import running
from rehearsal.wall.picture import browser

STACK = "dev"
REPORT = ROOT / "build" / "bench.json"
_REPEATS = 5
_STACK_FILES = 10_000
_RUNS = 10
_MARGIN_SECONDS = 1.0
_GIB = 1024**3
# Of the rules on a thousand hosts; where both come from: docs/adr/0030.
_TIMES_A_PLAIN_RULE = 1.6
_MILLION_SAMPLES = 5
_CALL_MEDIAN, _CALL_P99 = 10, 50


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measured value against its budget, which it must not exceed; None where it is missing."""

    name: str
    value: float | None
    budget: float
    unit: str

    @property
    def holds(self) -> bool:
        """Whether the value is within the budget."""
        return self.value is not None and self.value <= self.budget


# What yields figures of one thing; its docstring says what is measured.
Part = Callable[[], Iterator[Figure]]


def _measure(what: str, count: int = 0) -> dict[str, float]:
    command = [sys.executable, "-m", "rehearsal.bench.measure", what, str(count)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    if done.returncode:
        raise UserError(f"{' '.join(command)} failed:\n{done.stderr}")
    return json.loads(done.stdout)


def render() -> Iterator[Figure]:
    """What the program adds to its imports, and how it grows. CPU time, alternating runs."""
    ratios = list[float]()
    for _ in range(_REPEATS):
        stack = _measure("stack")
        bare = _measure("bare", round(stack["resources"]))
        ratios.append(stack["seconds"] / bare["seconds"])
    yield Figure(
        name=f"render of {STACK} / imports and bare resources",
        value=statistics.median(ratios),
        budget=1.5,
        unit="times",
    )
    few, many = (_measure("hosts", count)["after_imports"] for count in (100, 1000))
    yield Figure(name="1,000 hosts / 100 hosts", value=many / few, budget=12, unit="times")


def answers() -> Iterator[Figure]:
    """Ten thousand stack files that nobody wrote: what is refused, and what is accepted."""
    played = play(_STACK_FILES)
    for failure in played.failures[:3]:
        _say(failure)
    name = f"{_STACK_FILES} generated stack files, answered badly"
    yield Figure(name=name, value=float(len(played.failures)), budget=0, unit="files")
    refused = [words for plan in played.largest for words in refused_by_programs(plan)]
    for failure in refused:
        _say(failure)
    name = f"{len(played.largest)} largest of {played.accepted} accepted, refused by promtool"
    yield Figure(name=name, value=float(len(refused)), budget=0, unit="files")


def host_rules_at_a_thousand() -> Iterator[Figure]:
    """Evaluate the rules on hosts over a thousand of them, in one Prometheus 3."""
    platform.down()
    found = stack_file.read(ROOT, host_rules.STACK)
    build(PROMETHEUS_SERVER, tuple(PROMETHEUS_SERVER.commands), _say)
    promtool = provide((PROMTOOL,))[PROMTOOL]
    prometheus = PROMETHEUS_SERVER.kept / "prometheus"
    took = host_rules.evaluation(prometheus, promtool, found, _REPEATS)
    for name, seconds in sorted(took.alerts.items(), key=lambda each: -each[1])[:3]:
        _say(f"{name} takes {seconds * 1000:.0f} ms of a processor")
    _say(f"each of {len(took.alerts)} takes {took.each * 1000:.0f} ms on this machine")
    yield Figure(
        name=f"rules on {host_rules.HOSTS:,} hosts, an alert / a plain one",
        value=took.ratio,
        budget=_TIMES_A_PLAIN_RULE,
        unit="times",
    )
    yield Figure(
        name=f"rules on {host_rules.HOSTS:,} hosts, millions of samples read",
        value=took.samples / 1e6,
        budget=_MILLION_SAMPLES,
        unit="M",
    )


def a_pull_request() -> Iterator[Figure]:
    """Render and compare both sides of a change, by the commands of a pull request."""
    took = pull_request.waited()
    name = "a pull request: prod rendered twice and compared"
    yield Figure(name=name, value=took.comparison, budget=10, unit="s")
    name = "a pull request: its job, installed, without drills"
    yield Figure(name=name, value=took.job, budget=60, unit="s")


def start() -> Iterator[Figure]:
    """Bring the rehearsal up, tools installed."""
    provide()
    platform.down()
    began = time.monotonic()
    platform.up(STACK, _say)
    yield Figure(name=f"rehearsal up, {STACK}", value=time.monotonic() - began, budget=20, unit="s")


def _up(level: str, *, gib: float) -> Iterator[Figure]:
    """Bring it up anew with what that option adds, and take its memory."""
    platform.down()
    began = time.monotonic()
    platform.up(STACK, _say, cluster=level == "cluster", mesh=level == "mesh")
    took = time.monotonic() - began
    yield Figure(name=f"rehearsal up --{level}, {STACK}", value=took, budget=45, unit="s")
    held = _memory() / _GIB
    yield Figure(
        name=f"memory of its processes, with a {level}", value=held, budget=gib, unit="GiB"
    )


def cluster() -> Iterator[Figure]:
    """Bring the rehearsal up with a cluster that judges, where its programs are kept already."""
    if lacking := installed.absent():
        _say(f"not built yet: {', '.join(lacking)}; `make proof` builds them")
        return
    yield from _up("cluster", gib=1.5)


def mesh() -> Iterator[Figure]:
    """Bring the rehearsal up with real proxies, where their programs are kept already."""
    if lacking := [*installed.absent(), *of_a_mesh.absent()]:
        _say(f"not built yet: {', '.join(lacking)}; `make proof` builds them")
        return
    yield from _up("mesh", gib=2.5)
    up = running()
    found = up.matrix.play()
    for wrong in found.wrong:
        _say(str(wrong))
    name = f"{found.asked} questions through proxies"
    yield Figure(name=name, value=found.seconds, budget=30, unit="s")
    yield Figure(
        name=f"{name}, not as the plan says", value=float(len(found.wrong)), budget=0, unit="asked"
    )
    enforced = seconds_until_enforced(up)
    yield Figure(name="until a changed policy is in force", value=enforced, budget=3, unit="s")
    plain, proxied = call_without(up), call_with_proxies(up)
    _say(f"a call without proxies: {plain.median:.2f} ms, p99 {plain.p99:.2f} ms")
    yield Figure(
        name="a call over two proxies, median", value=proxied.median, budget=_CALL_MEDIAN, unit="ms"
    )
    yield Figure(
        name="a call over two proxies, p99", value=proxied.p99, budget=_CALL_P99, unit="ms"
    )


def first_page() -> Iterator[Figure]:
    """Draw the wall's first page in a browser, where there is one."""
    took = list[float]()
    try:
        with browser() as started:
            for _ in range(_REPEATS):
                page = started.new_page()
                began = time.monotonic()
                _ = page.goto(WALL.url("/"))
                _ = page.wait_for_selector("#panels .panel")
                took.append(time.monotonic() - began)
                page.close()
    except UserError as why:
        _say(str(why))
        return
    yield Figure(name="the wall's first page", value=statistics.median(took), budget=2, unit="s")


def _memory() -> float:
    """Bytes that the rehearsal's processes hold; what they share is counted once."""
    journal = Supervisor(platform.STATE).journal()
    pids = [entry.identity.pid for entry in journal.entries if entry.identity] if journal else []
    return float(sum(proportional_bytes(Path(f"/proc/{pid}/smaps_rollup")) for pid in pids))


def proportional_bytes(path: Path) -> int:
    """What a process's smaps_rollup says that it holds, shared memory in proportion."""
    try:
        text = path.read_text()
    except (FileNotFoundError, ProcessLookupError):
        # It is gone, and holds nothing any more.
        return 0
    line = next(line for line in text.splitlines() if line.startswith("Pss:"))
    return int(line.split()[1]) * 1024


def time_to_page() -> Iterator[Figure]:
    """Ten outages, each of another service, half refusing and half hanging; memory around them."""
    memory = _memory()
    for number, service in enumerate(SERVICES[:_RUNS]):
        fault = "refuse" if number % 2 else "hang"
        _say(f"{service.name}: {fault}")
        played = drill.play_endpoint(service.name, fault, lambda _line: None)
        yield from outage(service.name, fault, played)
    most = max(memory, _memory())
    yield Figure(name="memory of its processes", value=most / _GIB, budget=1, unit="GiB")


def outage(service: str, fault: str, played: dict[str, Any]) -> Iterator[Figure]:
    """The times of one played outage, and whether nothing came twice or was forbidden."""
    yield Figure(
        name=f"{service} ({fault}): not as expected",
        value=float(not played["ok"]),
        budget=0,
        unit="drill",
    )
    for alert in played["alerts"]:
        if alert["expected"] != "must":
            continue
        for what, value, budget in (
            ("page", alert["seconds_to_delivery"], alert["bound_seconds"]),
            ("resolve", alert["seconds_to_resolve"], alert["resolve_bound_seconds"]),
        ):
            yield Figure(
                name=f"{service} ({fault}): {what} to {alert['contact_point']}",
                value=value,
                budget=budget + _MARGIN_SECONDS,
                unit="s",
            )


def _say(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)


def table(figures: list[Figure]) -> str:
    """Every figure in a line, for a person."""
    width = max(len(figure.name) for figure in figures)
    return "\n".join(
        f"{figure.name:<{width}}  {_number(figure.value)} of {figure.budget:6.2f} "
        f"{figure.unit:<5} {'ok' if figure.holds else 'MISSED'}"
        for figure in figures
    )


def _number(value: float | None) -> str:
    return " missing" if value is None else f"{value:8.2f}"


def document(figures: list[Figure]) -> str:
    """Every figure as JSON, a missing value as null."""
    return json.dumps([asdict(figure) for figure in figures], indent=2, allow_nan=False) + "\n"


# In this order: what starts a rehearsal comes before what needs one.
_PARTS = (
    render,
    answers,
    host_rules_at_a_thousand,
    a_pull_request,
    cluster,
    mesh,
    start,
    first_page,
    time_to_page,
)
_NEED_A_REHEARSAL = {first_page, time_to_page}


def main(arguments: Sequence[str] = ()) -> int:
    """Measure the parts that these name, or all; the exit status."""
    parts = _asked(arguments)
    return interruption.exit_status("bench", lambda: _measured(parts))


def _asked(arguments: Sequence[str]) -> list[Part]:
    names = {part.__name__.replace("_", "-"): part for part in _PARTS}
    parser = argparse.ArgumentParser(
        prog="python -m rehearsal.bench",
        description="Measure against budgets, print a table, write build/bench.json.",
        epilog="example: python -m rehearsal.bench render first-page",
    )
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help=f"of {', '.join(names)}; without one, all"
    )
    given: list[str] = parser.parse_args(arguments).parts
    if unknown := [name for name in given if name not in names]:
        parser.error(f"there is no part {unknown[0]}; give one of {', '.join(names)}")
    asked = {names[name] for name in given or names}
    needed = {start} if asked & _NEED_A_REHEARSAL else set[Part]()
    return [part for part in _PARTS if part in asked | needed]


def _measured(parts: list[Part]) -> int:
    figures = list[Figure]()
    screen = Screen(sys.stderr)
    try:
        with screen.live():
            for part in parts:
                what = part.__doc__.splitlines()[0] if part.__doc__ else part.__name__
                _say(what)
                screen.waits(Waiting(what=what, since=time.time()))
                try:
                    figures.extend(part())
                except UserError as why:
                    # What was measured before is not lost by it.
                    _say(str(why))
                    figures.append(
                        Figure(name=f"the rest of: {what}", value=None, budget=0, unit="")
                    )
    finally:
        platform.down()
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(document(figures))
    print(table(figures))
    return 0 if all(figure.holds for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
