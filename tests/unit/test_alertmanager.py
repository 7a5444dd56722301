from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from gallery.contact_points.model import Engine
from gallery.plan.model import Plan
from gallery.plan.resolve import resolve
from gallery.render.alertmanager import Addresses, alertmanager_config, definition
from gallery.stack_file.parse import parse
from rehearsal.machine.tools import AMTOOL
from tests.unit.programs import run
from tests.unit.stack_files import planned
from tests.unit.test_plan import alertmanager_stack

TOPIC = "arn:aws:sns:eu-west-1:123456789012:topic"
SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:pager"


def plans() -> list[Plan]:
    return [planned("dev"), planned("prod"), resolve(parse(alertmanager_stack()))]


def addresses(plan: Plan) -> Addresses:
    names = [point.name for point in plan.contact_points]
    beats = ["heartbeat", "grafana-heartbeat", "independent-path"]
    return Addresses(
        topics=dict.fromkeys([*names, *beats], TOPIC),
        secrets=dict.fromkeys(names, SECRET),
        grafana_url="https://g.example.org",
    )


def in_alertmanagers_own_words(plan: Plan) -> dict[str, Any]:
    """AMP's dialect without what amtool does not know: the secret's address."""
    config = alertmanager_config(plan, addresses(plan))
    for receiver in config["receivers"]:
        for integration in receiver.get("pagerduty_configs", []):
            integration["routing_key"] = "key"
    del config["templates"]
    return config


@pytest.mark.parametrize("plan", plans(), ids=lambda plan: f"{plan.environment}-{plan.engine}")
def test_amtool_accepts_the_routes_and_delivers_as_the_model_says(
    plan: Plan, tmp_path: Path
) -> None:
    file = tmp_path / "alertmanager.yml"
    file.write_text(yaml.safe_dump(in_alertmanagers_own_words(plan)))
    checked = run(AMTOOL, "check-config", str(file))
    assert checked.returncode == 0, checked.stdout + checked.stderr
    rules = plan.evaluated_by(Engine.ALERTMANAGER)
    assert rules
    alerts = [
        {"alertname": rule.name, **rule.labels_for(owner)}
        for rule in rules
        for owner in rule.owners
    ]
    for labels in alerts:
        told = run(
            AMTOOL,
            "config",
            "routes",
            "test",
            f"--config.file={file}",
            *(f"{name}={value}" for name, value in labels.items()),
        )
        assert set(told.stdout.strip().split("+")) == plan.deliver(labels), labels


def test_amp_gets_its_wrapper_with_the_routes_as_text_and_the_template_beside() -> None:
    plan = resolve(parse(alertmanager_stack()))
    document = yaml.safe_load(definition(plan, addresses(plan)))
    assert set(document) == {"alertmanager_config", "template_files"}
    config = yaml.safe_load(document["alertmanager_config"])
    (template,) = document["template_files"]
    assert config["templates"] == [template]
    pager = next(one for one in config["receivers"] if "pagerduty_configs" in one)
    key = pager["pagerduty_configs"][0]["routing_key"]["aws_secrets_manager"]
    assert key["secret_arn"] == SECRET


def test_the_death_of_a_heartbeat_is_not_sent_as_one_more_beat() -> None:
    plan = planned()
    config = alertmanager_config(plan, addresses(plan))
    beat = next(one for one in config["receivers"] if one["name"] == "heartbeat")
    assert [one["send_resolved"] for one in beat["sns_configs"]] == [False]
    route = next(one for one in config["route"]["routes"] if one["receiver"] == "heartbeat")
    assert (route["group_wait"], route["group_interval"]) == ("0s", "1m")
    assert route["repeat_interval"] == "50s"
