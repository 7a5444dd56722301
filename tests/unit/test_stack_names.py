from __future__ import annotations

import re

import pytest

from gallery.plan.resolve import resolve
from gallery.plan.stack import Stack
from gallery.stack_file.parse import parse
from offline.render import recording
from tests.unit import recordings
from tests.unit.stack_files import values

# What AWS can only rename by replacing it, with all that it holds.
REPLACED_BY_NAME = {
    "aws:amp/ruleGroupNamespace:RuleGroupNamespace",
    "aws:cloudwatch/logGroup:LogGroup",
    "aws:cloudwatch/metricAlarm:MetricAlarm",
    "aws:ec2/securityGroup:SecurityGroup",
    "aws:grafana/workspaceServiceAccount:WorkspaceServiceAccount",
    "aws:iam/instanceProfile:InstanceProfile",
    "aws:iam/role:Role",
    "aws:kms/alias:Alias",
    "aws:secretsmanager/secret:Secret",
    "aws:sns/topic:Topic",
}


def stack(name: str, *, environment: str = "dev", region: str = "eu-west-1") -> Stack:
    return Stack(name=name, environment=environment, region=region)


def test_a_stack_called_as_its_environment_is_named_by_it() -> None:
    assert stack("dev").prefix == "gallery-dev"
    assert resolve(parse(values("prod"))).stack.prefix == "gallery-prod"


def test_two_stacks_of_one_environment_have_different_names() -> None:
    one, other = (
        resolve(parse(values("prod")), stack=name).stack for name in ("prod-shop", "prod-trial")
    )
    assert one.environment == other.environment == "prod"
    assert one.prefix != other.prefix
    assert one.iam_name("hosts") != other.iam_name("hosts")


def test_one_stack_in_two_regions_has_roles_of_its_own_in_each() -> None:
    here, there = (stack("prod", region=region) for region in ("eu-west-1", "eu-central-1"))
    assert here.prefix == there.prefix
    assert here.iam_name("hosts") != there.iam_name("hosts")


@pytest.mark.parametrize("name", ["a.b", "x" * 100, "Shop_1"])
def test_any_name_of_a_stack_makes_names_that_aws_takes(name: str) -> None:
    made = stack(name, region="ap-southeast-2")
    assert re.fullmatch(r"[0-9A-Za-z_-]{1,128}", made.prefix)
    roles = {made.iam_name(part) for part in ("collector", "grafana", "hosts")}
    assert len(roles) == 3
    assert all(re.fullmatch(r"[0-9A-Za-z_-]{1,64}", role) for role in roles)
    # Kubernetes takes no capital letter and no underscore, and names in it are shared by stacks.
    assert re.fullmatch(r"[a-z]([-a-z0-9]{0,200})[a-z0-9]", made.cluster_name("watchers"))
    assert made.cluster_name("watchers") != stack("Shop-1").cluster_name("watchers")
    # A dot and a dash are not one.
    assert stack("a.b").prefix != stack("a-b").prefix


def test_the_program_names_what_it_makes_after_its_stack() -> None:
    recorded = recordings.recorded("dev")
    for resource in recorded.resources:
        if resource.type in REPLACED_BY_NAME:
            assert "gallery-dev" in resource.inputs["name"], resource.name
    assert {one.inputs["name"] for one in recorded.of("aws:iam/role:Role")} == {
        f"gallery-dev-eu-west-1-{part}" for part in ("collector", "grafana", "hosts")
    }


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_what_a_new_name_would_replace_keeps_the_one_it_has(name: str) -> None:
    found = [one for one in recordings.recorded(name).resources if one.type in REPLACED_BY_NAME]
    assert len(found) > 10
    for resource in found:
        assert resource.options["ignoreChanges"] == ["name"], resource.name


def test_amps_log_group_has_the_prefix_that_services_may_write_to() -> None:
    (log,) = recordings.recorded("prod").of("aws:cloudwatch/logGroup:LogGroup")
    assert log.inputs["name"] == "/aws/vendedlogs/prometheus/gallery-prod"


def test_an_alarm_watches_the_topic_by_the_name_it_has() -> None:
    recorded = recording("dev")
    for alarm in recorded.of("aws:cloudwatch/metricAlarm:MetricAlarm"):
        assert any("Topic::topics-" in urn and "heartbeat" in urn for urn in alarm.dependencies)
