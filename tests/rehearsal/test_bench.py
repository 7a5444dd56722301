"""What the bench makes of what it measured."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from gallery.alerts.model import Subject
from gallery.metrics.names import COLLECTOR_EXPECTED, HOSTS_EXPECTED
from offline import stack_file
from offline.errors import UserError
from rehearsal import drill
from rehearsal.bench import __main__ as bench
from rehearsal.bench import host_rules, pull_request
from rehearsal.bench.__main__ import Figure
from rehearsal.bench.plain_rules import plain_rules
from rehearsal.machine.tools import PROMTOOL, ROOT, Tool
from tests.rules.contract import metrics

_ALERT: dict[str, Any] = {
    "expected": "must",
    "contact_point": "pager",
    "seconds_to_delivery": 40.0,
    "bound_seconds": 58.0,
    "seconds_to_resolve": 20.0,
    "resolve_bound_seconds": 27.0,
}


def _figures(*, ok: bool = True, **changed: float | None) -> list[Figure]:
    return [*bench.outage("adservice", "hang", {"ok": ok, "alerts": [_ALERT | changed]})]


def _missed(figures: list[Figure]) -> list[str]:
    return [figure.name for figure in figures if not figure.holds]


def test_an_outage_in_time_holds() -> None:
    assert _missed(_figures()) == []
    assert len(_figures()) == 3


def test_a_drill_that_is_not_ok_fails_though_all_came_in_time() -> None:
    assert _missed(_figures(ok=False)) == ["adservice (hang): not as expected"]


def test_what_never_came_is_null_and_fails() -> None:
    figures = _figures(seconds_to_resolve=None)
    assert _missed(figures) == ["adservice (hang): resolve to pager"]
    assert [each["value"] for each in json.loads(bench.document(figures))] == [0, 40, None]
    assert "missing of  28.00 s     MISSED" in bench.table(figures)


def test_what_was_measured_before_a_part_could_not_go_on_is_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def half() -> Iterator[Figure]:
        """Half of it."""
        yield Figure(name="first", value=1.0, budget=2, unit="s")
        raise UserError("a drill begins in peace")

    monkeypatch.setattr(bench, "_PARTS", (half,))
    monkeypatch.setattr(bench, "REPORT", tmp_path / "bench.json")
    monkeypatch.setattr(bench.platform, "down", lambda: None)
    assert bench.main() == 1
    written = json.loads((tmp_path / "bench.json").read_text())
    assert [(each["name"], each["value"]) for each in written] == [
        ("first", 1.0),
        ("the rest of: Half of it.", None),
    ]


def test_a_part_is_measured_alone_with_what_it_needs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    begun = list[str]()

    def measured(parts: list[bench.Part]) -> int:
        begun.extend(part.__name__ for part in parts)
        return 0

    monkeypatch.setattr(bench, "_measured", measured)
    assert bench.main(["render"]) == 0
    assert bench.main(["first-page"]) == 0
    assert begun == ["render", "start", "first_page"]
    with pytest.raises(SystemExit, match="2"):
        bench.main(["first"])
    assert "there is no part first; give one of render, answers" in capsys.readouterr().err
    assert len(begun) == 3


def test_a_pull_request_is_measured_by_the_commands_of_its_job(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert pull_request.commands() == ["python3 -m ci.compare HEAD^1", "python3 -m ci.policies"]
    for waited, held in (((9.9, 59.0), [True, True]), ((10.1, 61.0), [False, False])):
        took = pull_request.Waited(comparison=waited[0], job=waited[1])
        with monkeypatch.context() as patched:
            patched.setattr(pull_request, "waited", partial(replace, took))
            assert [figure.holds for figure in bench.a_pull_request()] == held


def test_a_process_holds_memory_until_it_is_gone() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        held = Path(f"/proc/{process.pid}/smaps_rollup")
        assert bench.proportional_bytes(held) > 0
        process.kill()
        # Its end is known to the kernel, and its parent has not yet taken note of it.
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert bench.proportional_bytes(held) == 0
    assert bench.proportional_bytes(held) == 0


@pytest.mark.parametrize("course", [(0.5, 0.9), (0.9, 0.5)])
def test_memory_is_the_most_of_before_and_after_the_outages(
    monkeypatch: pytest.MonkeyPatch, course: tuple[float, float]
) -> None:
    weighed = iter([gibibytes * 1024**3 for gibibytes in course])
    played = list[str]()

    def play(service: str, *_: object) -> dict[str, Any]:
        played.append(service)
        return {"ok": True, "alerts": []}

    monkeypatch.setattr(bench, "_memory", lambda: next(weighed))
    monkeypatch.setattr(drill, "play_endpoint", play)
    [memory] = [figure for figure in bench.time_to_page() if figure.unit == "GiB"]
    assert memory.value == pytest.approx(0.9)
    assert len(played) == 10


@pytest.mark.parametrize(
    ("seconds", "samples", "held"),
    [(0.015, 4, [True, True]), (0.017, 4, [False, True]), (0.015, 6, [True, False])],
)
def test_rules_on_a_thousand_hosts_are_held_against_plain_ones(
    monkeypatch: pytest.MonkeyPatch, seconds: float, samples: int, held: list[bool]
) -> None:
    alerts = {f"Host{number}": seconds for number in range(20)}

    def took(*_: object) -> host_rules.Evaluation:
        # As many of them or not: each is compared with each.
        return host_rules.Evaluation(alerts=alerts, plain=(0.01,) * 10, samples=samples * 1_000_000)

    monkeypatch.setattr(host_rules, "evaluation", took)

    def provide(_tools: object) -> dict[Tool, Path]:
        return {PROMTOOL: Path("promtool")}

    def build(*_: object) -> None:
        pass

    monkeypatch.setattr(bench, "provide", provide)
    monkeypatch.setattr(bench, "build", build)
    monkeypatch.setattr(bench.platform, "down", tuple)
    figures = [*bench.host_rules_at_a_thousand()]
    assert [figure.value for figure in figures] == [pytest.approx(100 * seconds), samples]
    assert [figure.holds for figure in figures] == held


def test_every_rule_on_hosts_is_measured_with_the_metrics_that_it_reads() -> None:
    plan = host_rules.planned(stack_file.read(ROOT, host_rules.STACK))
    assert len(plan.hosts) == host_rules.HOSTS
    written = set(host_rules.metrics_read())
    for rule in plan.alerts:
        if rule.alert.subject is Subject.HOST:
            assert metrics(rule.expr) - written <= {HOSTS_EXPECTED, COLLECTOR_EXPECTED}, rule.name


def test_plain_rules_read_what_is_there_and_speak_of_as_much_as_ours() -> None:
    plan = host_rules.planned(stack_file.read(ROOT, host_rules.STACK))
    plain = plain_rules(plan)
    written = set(host_rules.metrics_read())
    assert {name for expr in plain for name in metrics(expr)} <= written
    assert len(plain) == sum(rule.alert.subject is Subject.HOST for rule in plan.alerts)


def test_what_a_process_has_of_processors_is_known_to_less_than_a_tick() -> None:
    before = host_rules.processor_seconds(os.getpid())
    assert sum(range(10_000)) > 0
    assert 0 < host_rules.processor_seconds(os.getpid()) - before < 1
