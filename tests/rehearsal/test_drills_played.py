"""Outages played with real programs, in one rehearsal of `dev`."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rehearsal import drill
from rehearsal.machine.processes.supervisor import Supervisor
from rehearsal.machine.programs import EVALUATOR_NAME
from rehearsal.stand_in.derive import derive
from tests.unit.stack_files import planned

pytestmark = pytest.mark.drill

Played = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def played(standing: Path, tmp_path: Path) -> Played:
    """Plays a scenario as the command line does: the exit status and the JSON document."""

    def play(scenario: str, **target: str) -> tuple[int, dict[str, Any]]:
        report = tmp_path / "report.json"
        status = drill.main(scenario, **target, json=report, state=standing)
        return status, json.loads(report.read_text())

    return play


def in_time(document: dict[str, Any]) -> bool:
    """Whether each alert that must come came within its bounds, once."""
    musts = [each for each in document["alerts"] if each["expected"] == "must"]
    return len(musts) > 0 and all(
        document["injected_at"] < each["fired_at"] <= each["delivered_at"]
        and each["seconds_to_delivery"] <= each["bound_seconds"] + 1
        and each["seconds_to_resolve"] <= each["resolve_bound_seconds"] + 1
        and each["notifications"] == 1
        for each in musts
    )


def told(document: dict[str, Any]) -> set[tuple[str, str, str]]:
    """Alert, contact point, and what was expected."""
    return {(each["alert"], each["contact_point"], each["expected"]) for each in document["alerts"]}


def test_in_a_quiet_minute_only_the_heartbeat_speaks(played: Played) -> None:
    status, document = played("quiet")
    assert status == 0
    assert (document["ok"], document["alerts"], document["mended_at"]) == (True, [], None)


@pytest.mark.tickets
def test_every_alert_reaches_the_contact_points_of_the_plan_once(played: Played) -> None:
    status, document = played("contact-points")
    assert (status, document["ok"], document["unexpected"]) == (0, True, [])
    assert {each["notifications"] for each in document["alerts"]} == {1}
    plan = planned()
    expected = {
        (rule.name, contact_point)
        for rule in plan.alerts
        for contact_point in plan.deliver({"alertname": rule.name, **rule.labels})
        if contact_point not in {"heartbeat", "grafana-heartbeat"}
    }
    assert expected <= {(alert, contact_point) for alert, contact_point, _ in told(document)}


def test_an_endpoint_that_is_down_is_one_page_and_one_resolve(played: Played) -> None:
    status, document = played("endpoint-down")
    assert (status, document["ok"]) == (0, True)
    assert told(document) == {
        ("EndpointDown", "pager", "must"),
        ("EndpointDown", "chat", "must"),
    }
    assert in_time(document)
    assert {each["labels"]["service"] for each in document["alerts"]} == {"cartservice"}


@pytest.mark.tickets
def test_a_host_that_is_down_is_one_page_and_one_resolve(played: Played) -> None:
    status, document = played("host-down", host="orders-db-2")
    assert (status, document["ok"]) == (0, True)
    assert told(document) == {("HostDown", "pager", "must"), ("HostDown", "chat", "must")}
    assert in_time(document)
    assert {each["labels"]["host"] for each in document["alerts"]} == {"orders-db-2"}


@pytest.fixture
def misspelt(standing: Path, tmp_path: Path) -> Iterator[None]:
    """The rendered rules on endpoints ask for series that nobody has, for one test."""
    deployed, read = tmp_path / "deployed", standing / "stand-in" / "grafana"
    shutil.copytree(standing / "deployed", deployed)
    rules = deployed / "grafana" / "rules" / "gallery-endpoint.json"
    whole = rules.read_text()
    assert "probe_success" in whole
    rules.write_text(whole.replace("probe_success", "probe_succes").replace("up{", "upp{"))
    derive(deployed, tmp_path / "stand-in")
    shutil.copytree(read, tmp_path / "sound")
    _evaluate(standing, tmp_path / "stand-in" / "grafana")
    yield
    _evaluate(standing, tmp_path / "sound")


def _evaluate(standing: Path, rules: Path) -> None:
    shutil.copytree(rules, standing / "stand-in" / "grafana", dirs_exist_ok=True)
    supervisor = Supervisor(standing)
    supervisor.stop(EVALUATOR_NAME)
    supervisor.start(EVALUATOR_NAME)


@pytest.mark.tickets
@pytest.mark.usefixtures("misspelt")
def test_a_fault_in_a_rendered_rule_makes_the_drill_fail(played: Played) -> None:
    status, document = played("endpoint-down", service="shippingservice")
    assert (status, document["ok"]) == (1, False)
    missing = {(each["alert"], each["contact_point"]) for each in document["missing"]}
    assert missing == {("EndpointDown", "pager"), ("EndpointDown", "chat")}
    assert {each["delivered_at"] for each in document["alerts"]} == {None}
