"""An alert's definition and its proof stand apart under one name, and there is no one alone."""

from __future__ import annotations

import ast
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

from gallery import alerts
from gallery.alerts import ALERTS, cases
from gallery.alerts.cases import UnprovenError, proven
from gallery.alerts.hosts import HOST_DOWN
from offline.render import PROJECT

SUBJECTS = sorted(
    path.stem
    for path in Path(next(iter(alerts.__path__))).glob("*.py")
    if hasattr(import_module(f"gallery.alerts.{path.stem}"), "ALERTS") and path.stem != "__init__"
)
# Where an alert is named by its object.
READERS = ("gallery", "components", "offline", "rehearsal")


def test_an_alert_without_cases_is_no_promise_and_the_error_says_what_is_owed() -> None:
    with pytest.raises(UnprovenError, match=r"no cases of Unheard: .* gallery/alerts/cases"):
        proven((HOST_DOWN, replace(HOST_DOWN, name="Unheard")))


@pytest.mark.parametrize("subject", SUBJECTS)
def test_an_alerts_cases_stand_beside_it_under_the_same_name(subject: str) -> None:
    defined = import_module(f"gallery.alerts.{subject}").ALERTS
    assert set(defined) == set(import_module(f"gallery.alerts.cases.{subject}").CASES)


def test_every_subject_is_of_the_catalogue() -> None:
    each = [alert for name in SUBJECTS for alert in import_module(f"gallery.alerts.{name}").ALERTS]
    assert sorted(one.name for one in ALERTS) == sorted(one.name for one in each)
    assert set(cases.CASES) == set(ALERTS)


def _texts(path: Path) -> list[tuple[int, str]]:
    """The string literals of a module, but the name that an alert is given where it is defined."""
    tree = ast.parse(path.read_text())
    given = {
        keyword.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "Alert"
        for keyword in node.keywords
        if keyword.arg == "name"
    }
    return [
        (node.lineno, node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in given
    ]


def test_no_code_names_an_alert_by_its_text() -> None:
    names = {alert.name for alert in ALERTS}
    assert not [
        f"{path.relative_to(PROJECT)}:{line} says {text!r}: take the alert's object"
        for folder in READERS
        for path in sorted((PROJECT / folder).rglob("*.py"))
        for line, text in _texts(path)
        if text in names
    ]
