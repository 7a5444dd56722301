"""Every alert has a runbook that a woken person can use, and no runbook lacks its alert."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from gallery.alerts import ALERTS
from gallery.alerts.endpoints import ENDPOINT_PROBE_MISSING
from gallery.alerts.model import Alert
from gallery.render.collector import collector_config
from gallery.store.services import SERVICES
from tests.rules.contract import faults, metrics
from tests.unit.stack_files import planned

RUNBOOKS = Path(__file__).resolve().parents[2] / "docs" / "runbooks"
HEADINGS = [
    "What customers see",
    "First look",
    "Likely causes",
    "Mitigation",
    "Whom else to call",
]
_BLOCK = re.compile(r"```(?P<language>\w*)\n(?P<text>.*?)```", re.DOTALL)
_EVERY_ALERT = pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)


def _text(alert: Alert) -> str:
    return (RUNBOOKS / f"{alert.name}.md").read_text()


def _sections(text: str) -> dict[str, str]:
    parts = re.split(r"^## (.*)$", text, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], map(str.strip, parts[1::2]), strict=True))


def _blocks(text: str, language: str) -> list[str]:
    return [block["text"] for block in _BLOCK.finditer(text) if block["language"] == language]


def _commands(text: str, program: str) -> list[list[str]]:
    """The calls of a program in a runbook's blocks, as words."""
    lines = [
        line for block in _blocks(text, "sh") for line in block.replace("\\\n", " ").splitlines()
    ]
    return [shlex.split(line) for line in lines if line.startswith(f"{program} ")]


def _asked(text: str) -> list[str]:
    """What a runbook asks AMP itself."""
    commands = _commands(text, "awscurl")
    return [command[command.index("-d") + 1].removeprefix("query=") for command in commands]


def test_alerts_and_runbooks_are_the_same() -> None:
    assert {path.stem for path in RUNBOOKS.glob("*.md")} == {alert.name for alert in ALERTS}


@_EVERY_ALERT
def test_a_runbook_says_what_a_woken_person_needs(alert: Alert) -> None:
    sections = _sections(_text(alert))
    assert list(sections) == HEADINGS
    assert all(sections.values())
    assert _BLOCK.search(sections["First look"])


@_EVERY_ALERT
def test_a_runbook_begins_with_its_alert_as_the_catalogue_has_it(alert: Alert) -> None:
    hold = f"Hold: {alert.hold}." if alert.hold.milliseconds else "No hold."
    assert _text(alert).startswith(
        f"# {alert.name}\n\n{alert.summary}\n\n"
        f"Severity: {alert.severity}. Owner: {alert.owner}. {hold}\n"
    )


@_EVERY_ALERT
def test_a_runbooks_queries_read_what_is_collected(alert: Alert) -> None:
    text = _text(alert)
    for query in (*_blocks(text, "promql"), *_asked(text)):
        # Whoever evaluates writes ALERTS; no job brings it.
        assert metrics(query) == {"ALERTS"} or not faults(query), query


@_EVERY_ALERT
def test_a_runbook_that_asks_for_answers_sees_what_hangs(alert: Alert) -> None:
    text = _text(alert)
    for query in (*_blocks(text, "promql"), *_asked(text)):
        read = metrics(query)
        assert "probe_success" not in read or "up" in read, query


@_EVERY_ALERT
def test_a_runbooks_commands_are_what_a_shell_can_read(alert: Alert) -> None:
    for block in _blocks(_text(alert), "sh"):
        done = subprocess.run(
            ["bash", "-n"], input=block, text=True, capture_output=True, check=False
        )
        assert not done.stderr, block


@_EVERY_ALERT
def test_a_runbook_undoes_only_what_an_undo_restores(alert: Alert) -> None:
    # Companions read a ConfigMap of a fixed name, of which Kubernetes keeps no earlier one.
    undone = re.findall(r"rollout undo (\S+?)[`\s]", _text(alert))
    services = {f"deployment/{service.name}" for service in SERVICES}
    assert set(undone) <= services


@_EVERY_ALERT
def test_a_query_past_grafana_is_posted_so_that_nothing_has_to_be_encoded(alert: Alert) -> None:
    text = _text(alert)
    for command in _commands(text, "awscurl"):
        assert command[command.index("-X") + 1] == "POST"
        form = "Content-Type: application/x-www-form-urlencoded"
        assert command[command.index("-H") + 1] == form
        # Of what PromQL is made of, a form changes these alone.
        assert not re.search("[%&+;]", command[command.index("-d") + 1])
        assert "?" not in command[-1]


@_EVERY_ALERT
def test_a_runbook_refers_only_to_alerts_that_are_there(alert: Alert) -> None:
    prefixes = "Endpoint|ShopDoor|Host|Collector|Targets|RemoteWrite|RecordingRules|Grafana"
    named = set(re.findall(rf"\b(?:{prefixes})[A-Z][A-Za-z]+\b", _text(alert)))
    assert named <= {known.name for known in ALERTS}


def test_the_runbook_of_a_missing_probe_shows_every_target() -> None:
    plan = planned("prod")
    config = collector_config(plan, remote_write_url="https://amp", grafana_url="https://grafana")
    [asked] = [
        line for line in _text(ENDPOINT_PROBE_MISSING).splitlines() if "get configmap" in line
    ]
    done = subprocess.run(
        ["bash", "-c", asked.rpartition(" | ")[2]],
        input=config,
        text=True,
        capture_output=True,
        check=True,
    )
    shown = [line.strip(" -") for line in done.stdout.splitlines()]
    assert {target.target for target in plan.probes} <= set(shown)
    assert "job_name: probe" in shown
