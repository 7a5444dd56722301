"""The gates bite: on a copy of the tree something is taken away, and the gate names it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from offline.render import PROJECT

PARTS = ("gallery", "components", "offline", "rehearsal", "tests", "stacks", "docs")
FILES = ("__main__.py", "configuration.py", "pyproject.toml", "Pulumi.yaml")


@dataclass(frozen=True, kw_only=True)
class Gate:
    """`removed` (all of a file where it is None) is taken out of `file`; `test` must notice."""

    name: str
    file: str
    removed: str | None
    test: str
    words: str


GATES = (
    Gate(
        name="the routes of owners",
        file="gallery/plan/routing.py",
        removed="            _beat(Delivery.GRAFANA_HEARTBEAT, GRAFANA_HEARTBEAT),\n"
        "            *_owners(points, timings),\n",
        test="tests/unit/test_plan.py::test_grafanas_policies_deliver_what_the_model_says[dev]",
        words="'alertname': 'EndpointDegraded'",
    ),
    Gate(
        name="the route of the heartbeat",
        file="gallery/plan/routing.py",
        removed="            _beat(Delivery.GRAFANA_HEARTBEAT, GRAFANA_HEARTBEAT),\n",
        test="tests/unit/test_plan.py::test_grafanas_policies_deliver_what_the_model_says[dev]",
        words="'alertname': 'GrafanaHeartbeat'",
    ),
    Gate(
        name="a runbook",
        file="docs/runbooks/HostDown.md",
        removed=None,
        test="tests/unit/test_runbooks.py::test_alerts_and_runbooks_are_the_same",
        words="HostDown",
    ),
    Gate(
        name="a near miss",
        file="gallery/alerts/cases/pipeline.py",
        removed='        passing(scope, "writes again in time", stops, spell=brief),\n',
        test="tests/rules/test_alerts.py::test_another_threshold_or_hold_makes_a_case_fail"
        "[dev-CollectorDown]",
        words="CollectorDown",
    ),
    Gate(
        name="a case that tells one function from another",
        file="gallery/alerts/cases/endpoints.py",
        removed='        silent(scope, "is slow on a pod that few ask", on_a_pod_that_few_ask),\n',
        test="tests/rules/test_alerts.py"
        "::test_another_function_or_a_matcher_left_out_makes_a_case_fail[dev-EndpointSlow]",
        words="sum as min",
    ),
    Gate(
        name="the search for what can be changed",
        file="tests/rules/variants.py",
        removed="    parser.walk(tree, visit)\n",
        test="tests/rules/test_alerts.py"
        "::test_a_clause_left_out_or_a_number_changed_makes_a_case_fail[dev-Watchdog]",
        words="dev-Watchdog",
    ),
)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    copy = tmp_path / "gallery"
    for part in PARTS:
        ignored = shutil.ignore_patterns("__pycache__", "gates")
        shutil.copytree(PROJECT / part, copy / part, ignore=ignored)
    for file in FILES:
        shutil.copy(PROJECT / file, copy / file)
    if (PROJECT / ".tools").exists():
        (copy / ".tools").symlink_to(PROJECT / ".tools")
    return copy


def judged(tree: Path, test: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--every-proof", test],
        cwd=tree,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.name)
def test_what_is_taken_away_is_missed_by_name(tree: Path, gate: Gate) -> None:
    file = tree / gate.file
    if gate.removed is None:
        file.unlink()
    else:
        text = file.read_text()
        assert gate.removed in text
        file.write_text(text.replace(gate.removed, ""))
    done = judged(tree, gate.test)
    assert done.returncode == 1, done.stdout
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "E "))]
    assert gate.words in "\n".join(failed)
