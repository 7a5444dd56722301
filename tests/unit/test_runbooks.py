"""Every alert has a runbook that a woken person can use, and no runbook lacks its alert."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gallery.alerts import ALERTS
from gallery.alerts.model import Alert
from tests.rules.contract import faults

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
    blocks = [block for block in _BLOCK.finditer(_text(alert)) if block["language"] == "promql"]
    assert not [fault for block in blocks for fault in faults(block["text"])]


@_EVERY_ALERT
def test_a_runbook_refers_only_to_alerts_that_are_there(alert: Alert) -> None:
    prefixes = "Endpoint|ShopDoor|Host|Collector|Targets|RemoteWrite|RecordingRules|Grafana"
    named = set(re.findall(rf"\b(?:{prefixes})[A-Z][A-Za-z]+\b", _text(alert)))
    assert named <= {known.name for known in ALERTS}
