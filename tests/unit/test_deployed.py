from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

import configuration
from offline.deployed import documents
from offline.render import PROJECT, recording
from tests.unit.recordings import deployed
from tests.unit.stack_files import STACKS, planned

# A secret's placeholder is where a credential would be.
PLACEHOLDER = re.compile(r"secret:[-a-z]+")
MAY_HOLD_ONE = ("resources.json", "grafana/contact-points.json")


def test_the_same_program_gives_the_same_bytes() -> None:
    assert documents(recording("dev")) == deployed("dev")


def test_the_order_of_a_map_on_the_wire_leaves_no_mark() -> None:
    listed = [each["secrets"] for each in json.loads(deployed("prod")["resources.json"])]
    assert any(len(secrets) > 1 for secrets in listed)
    assert listed == [sorted(secrets) for secrets in listed]


def test_the_calendar_leaves_no_mark() -> None:
    assert configuration.week() not in deployed("dev")["resources.json"]
    assert "gallery-dev-this-week" in deployed("dev")["resources.json"]


@pytest.mark.parametrize("region", ["us-east-1", "us-gov-west-1"])
def test_what_is_deployed_lies_in_the_stacks_region(tmp_path: Path, region: str) -> None:
    (tmp_path / "__main__.py").symlink_to(PROJECT / "__main__.py")
    (tmp_path / "stacks").mkdir()
    text = (PROJECT / "stacks" / "Pulumi.dev.yaml").read_text()
    moved = text.replace("aws:region: eu-west-1", f"aws:region: {region}")
    (tmp_path / "stacks" / "Pulumi.dev.yaml").write_text(moved)
    tree = documents(recording("dev", tmp_path))
    assert region in tree["collector/prometheus.yml"]
    assert not [path for path, found in tree.items() if "eu-west-1" in found]
    partition = "aws-us-gov" if "gov" in region else "aws"
    arns = {arn for found in tree.values() for arn in re.findall(r"arn:(aws[-a-z]*):", found)}
    assert arns == {partition}


@pytest.mark.parametrize("stack", STACKS)
def test_secrets_stand_only_where_their_resource_is(stack: str) -> None:
    holders = [path for path, text in deployed(stack).items() if PLACEHOLDER.search(text)]
    # Where the carts have a password, their Secret.
    carts = ["kubernetes/gallery/secret-store-redis.yaml"] if stack == "prod" else []
    assert sorted(holders) == sorted([*MAY_HOLD_ONE, *carts])


@pytest.mark.parametrize("stack", STACKS)
def test_every_secret_input_is_marked_as_one(stack: str) -> None:
    resources = json.loads(deployed(stack)["resources.json"])
    unmarked = [
        resource["urn"]
        for resource in resources
        if PLACEHOLDER.search(json.dumps(resource["inputs"])) and not resource["secrets"]
    ]
    assert not unmarked


@pytest.mark.parametrize("stack", STACKS)
def test_every_alert_of_the_plan_is_deployed_once(stack: str) -> None:
    rules = [
        rule["name"]
        for path, text in deployed(stack).items()
        if path.startswith("grafana/rules/")
        for rule in json.loads(text)["rules"]
    ]
    rules += [
        rule["alert"]
        for path, text in deployed(stack).items()
        if path.startswith("prometheus/rules/")
        for group in yaml.safe_load(text)["groups"]
        for rule in group["rules"]
        if "alert" in rule
    ]
    assert sorted(rules) == sorted(alert.name for alert in planned(stack).alerts)


@pytest.mark.parametrize("stack", STACKS)
def test_every_rule_says_what_a_failed_query_means(stack: str) -> None:
    seen = dict[str, str]()
    for path, text in deployed(stack).items():
        if path.startswith("grafana/rules/"):
            for rule in json.loads(text)["rules"]:
                assert rule["noDataState"] == "OK"
                assert rule["missingSeriesEvalsToResolve"] == 1
                seen[rule["name"]] = rule["execErrState"]
    odd = {name: state for name, state in seen.items() if state != "KeepLast"}
    # Only the canary may turn a broken data source into an alert, and only a beat may stop.
    assert odd == {"DatasourceCanary": "Error", "GrafanaHeartbeat": "OK"}


@pytest.mark.parametrize("stack", STACKS)
def test_the_tree_holds_a_host_for_each_of_the_plan(stack: str) -> None:
    paths = deployed(stack)
    for host in planned(stack).hosts:
        assert f"hosts/{host.name}/user-data" in paths


def test_times_to_page_name_their_assumptions() -> None:
    bounds = json.loads(deployed("dev")["times-to-page.json"])
    assert {bound["assumptions"] for bound in bounds} == {
        "rehearsal, measured",
        "managed services, assumed",
    }


def test_a_rule_names_both_its_dashboard_and_its_panel_or_neither() -> None:
    both = {"__dashboardUid__", "__panelId__"}
    named = [
        both & set(rule["annotations"])
        for path, text in deployed("dev").items()
        if path.startswith("grafana/rules/")
        for rule in json.loads(text)["rules"]
    ]
    assert both in named
    assert not [keys for keys in named if len(keys) == 1]
