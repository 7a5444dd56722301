from __future__ import annotations

import json
import shlex
from collections import Counter

import pulumi
import pytest

from gallery.contact_points.model import Engine
from gallery.plan.model import Plan
from gallery.plan.resolve import resolve
from gallery.render.reports import contact_points
from gallery.stack_file.parse import parse
from offline import monitor
from offline.monitor import Recording, StrictMonitor
from offline.provider_outputs import INVOKES
from offline.render import recording
from rehearsal.pager.contact_points.kinds import KINDS as PLAYED
from rehearsal.stand_in.contact_points import Switchboard
from rehearsal.stand_in.grafana_routes import alertmanager_config
from rehearsal.stand_in.substitutions import Substitutions
from tests.unit.recordings import recorded, variant
from tests.unit.stack_files import STACKS, planned, with_value
from tests.unit.test_plan import OUR, alertmanager_stack, with_every_kind

WORKSPACE = "aws:amp/workspace:Workspace"
TOKEN = "aws:grafana/workspaceServiceAccountToken:WorkspaceServiceAccountToken"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
TOPIC = "aws:sns/topic:Topic"
GRAFANA = "aws:grafana/getWorkspace:getWorkspace"
RULES = "grafana:alerting/ruleGroup:RuleGroup"
POLICY = "grafana:alerting/notificationPolicy:NotificationPolicy"
CONTENT = "grafana:"
HOLDS_DATA = (
    WORKSPACE,
    "aws:grafana/workspace:Workspace",
    "aws:kms/key:Key",
    "aws:cloudwatch/logGroup:LogGroup",
)


@pytest.mark.parametrize("stack", STACKS)
def test_what_holds_data_is_protected_in_production_alone(stack: str) -> None:
    kept = [one for type_ in HOLDS_DATA for one in recorded(stack).of(type_)]
    assert len(kept) >= len(HOLDS_DATA)
    assert {one.options.get("protect", False) for one in kept} == {planned(stack).production}


@pytest.mark.parametrize("stack", STACKS)
def test_what_is_written_down_is_encrypted_with_the_stacks_own_key(stack: str) -> None:
    recording_ = recorded(stack)
    assert recording_.one(WORKSPACE, "prometheus-workspace").inputs["kmsKeyArn"]
    for topic in recording_.of(TOPIC):
        assert topic.inputs["kmsMasterKeyId"], topic.name


@pytest.mark.parametrize("stack", STACKS)
def test_content_of_grafana_is_gone_with_its_workspace(stack: str) -> None:
    content = [one for one in recorded(stack).resources if one.type.startswith(CONTENT)]
    workspace = recorded(stack).of("aws:grafana/workspace:Workspace")[0].urn
    assert content
    assert {one.options.get("deletedWith") for one in content} == {workspace}


def test_another_address_of_grafana_is_another_provider() -> None:
    (provider,) = recorded("dev").of("pulumi:providers:grafana")
    assert provider.options["replaceOnChanges"] == ["url"]
    assert "auth" in provider.secrets


@pytest.mark.parametrize("stack", STACKS)
def test_what_deploys_into_grafana_has_the_stacks_own_name(stack: str) -> None:
    (account,) = recorded(stack).of("aws:grafana/workspaceServiceAccount:WorkspaceServiceAccount")
    (token,) = recorded(stack).of(TOKEN)
    assert account.inputs["name"] == planned(stack).stack.prefix
    assert token.inputs["name"].startswith(f"{planned(stack).stack.prefix}-")


def test_the_token_lives_at_most_thirty_days() -> None:
    (token,) = recorded("dev").of(TOKEN)
    assert token.inputs["secondsToLive"] <= 30 * 24 * 3600


@pytest.mark.parametrize("stack", STACKS)
def test_a_silent_heartbeat_is_told_on_another_topic(stack: str) -> None:
    alarms = {one.inputs["name"]: one.inputs for one in recorded(stack).of(ALARM)}
    name = planned(stack).stack.prefix
    assert set(alarms) == {f"{name}-heartbeat-silent", f"{name}-grafana-heartbeat-silent"}
    for alarm in alarms.values():
        beats, filled = alarm["metricQueries"]
        assert filled["expression"] == "FILL(beats, 0)"
        assert (alarm["comparisonOperator"], alarm["threshold"]) == ("LessThanThreshold", 1)
        assert (alarm["evaluationPeriods"], alarm["datapointsToAlarm"]) == (2, 2)
        assert (beats["metric"]["period"], beats["metric"]["stat"]) == (300, "Sum")
        assert alarm["treatMissingData"] == "breaching"
        own = beats["metric"]["dimensions"]["TopicName"]
        for actions in ("alarmActions", "okActions", "insufficientDataActions"):
            (told,) = alarm[actions]
            assert told.endswith("independent-path")
            assert not told.endswith(own)


def test_the_independent_path_reaches_its_people() -> None:
    subscriptions = recorded("prod").of("aws:sns/topicSubscription:TopicSubscription")
    told = {(one.inputs["topic"].split(":")[-1], one.inputs["endpoint"]) for one in subscriptions}
    assert ("gallery-prod-independent-path", "oncall@example.org") in told


def test_only_the_independent_path_takes_what_alarms_say() -> None:
    policies = recorded("dev").of("aws:sns/topicPolicy:TopicPolicy")
    open_to_alarms = [one for one in policies if "cloudwatch.amazonaws.com" in one.inputs["policy"]]
    assert [one.name for one in open_to_alarms] == ["topics-independent-path"]


def test_rules_are_evaluated_at_grafanas_interval() -> None:
    groups = recorded("dev").of(RULES)
    assert {one.inputs["intervalSeconds"] for one in groups} == {10}
    assert {one.inputs["folderUid"] for one in groups} == {"gallery"}


def test_a_credential_reaches_a_contact_point_as_a_secret() -> None:
    points = recorded("dev").of("grafana:alerting/contactPoint:ContactPoint")
    both = next(one for one in points if one.inputs["name"] == "chat+pager")
    assert both.inputs["pagerduties"][0]["integrationKey"] == "secret:pagerduty-key"
    assert both.inputs["slacks"][0]["url"] == "secret:slack-webhook"
    assert {path.split("[")[0] for path in both.secrets} == {"pagerduties", "slacks"}


def test_the_policies_name_contact_points_after_their_resources() -> None:
    (policy,) = recorded("dev").of(POLICY)
    points = {one.urn for one in recorded("dev").of("grafana:alerting/contactPoint:ContactPoint")}
    assert points <= set(policy.dependencies)


@pytest.mark.parametrize("stack", STACKS)
def test_a_rule_comes_after_what_it_asks_and_what_leads_its_alerts_to_somebody(stack: str) -> None:
    found = recorded(stack)
    first = {
        found.one("grafana:oss/dataSource:DataSource", "dashboards-metrics").urn,
        found.one("kubernetes:apps/v1:StatefulSet", "collector").urn,
        found.one(POLICY, "alerting-policies").urn,
    }
    assert found.of(RULES)
    for group in found.of(RULES):
        assert first <= set(group.dependencies), group.name


@pytest.fixture(scope="module")
def on_alertmanager() -> Recording:
    return variant(alertmanager_stack())


def test_amp_alone_alerts_where_it_is_the_engine(on_alertmanager: Recording) -> None:
    assert not on_alertmanager.of(RULES)
    assert not on_alertmanager.of(POLICY)
    plan: Plan = resolve(parse(alertmanager_stack()))
    text = "".join(
        one.inputs["data"]
        for one in on_alertmanager.of("aws:amp/ruleGroupNamespace:RuleGroupNamespace")
    )
    for alert in plan.evaluated_by(Engine.ALERTMANAGER):
        assert f"alert: {alert.name}\n" in text


def test_amp_reads_pagerdutys_key_from_secrets_manager(on_alertmanager: Recording) -> None:
    (version,) = on_alertmanager.of("aws:secretsmanager/secretVersion:SecretVersion")
    assert json.loads(version.inputs["secretString"]) == {"routing_key": "secret:pagerduty-key"}
    assert "secretString" in version.secrets
    (definition,) = on_alertmanager.of("aws:amp/alertManagerDefinition:AlertManagerDefinition")
    assert "secret:pagerduty-key" not in definition.inputs["definition"]


def test_amp_is_not_told_of_a_key_before_it_can_read_it(on_alertmanager: Recording) -> None:
    (definition,) = on_alertmanager.of("aws:amp/alertManagerDefinition:AlertManagerDefinition")
    for kind in ("secretPolicy:SecretPolicy", "secretVersion:SecretVersion"):
        (part,) = on_alertmanager.of(f"aws:secretsmanager/{kind}")
        assert part.urn in definition.dependencies


def test_existing_workspaces_are_found_and_not_made() -> None:
    config = alertmanager_stack()
    config["gallery:prometheus"] = {"existing": "ws-0123-4567"}
    config["gallery:grafana"] = {"existing": "g-0123456789"}
    found = variant(config)
    assert not found.of(WORKSPACE)
    assert not found.of("aws:grafana/workspace:Workspace")
    rules = found.of("aws:amp/ruleGroupNamespace:RuleGroupNamespace")
    assert {one.inputs["workspaceId"] for one in rules} == {"ws-0123-4567"}


def test_an_existing_grafana_that_is_too_old_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    found = INVOKES[GRAFANA]({"workspaceId": "g-0123456789"})
    monkeypatch.setitem(INVOKES, GRAFANA, lambda _: found | {"grafanaVersion": "10.4"})
    config = alertmanager_stack() | {"gallery:grafana": {"existing": "g-0123456789"}}
    with pytest.raises(pulumi.RunError, match=r"g-0123456789: Grafana 10\.4 is too old"):
        variant(config)


def test_amps_copy_of_a_key_leaves_its_name_free(on_alertmanager: Recording) -> None:
    (secret,) = on_alertmanager.of("aws:secretsmanager/secret:Secret")
    assert secret.inputs["recoveryWindowInDays"] == 0


def test_grafana_may_publish_to_a_topic_that_exists() -> None:
    topic = "arn:aws:sns:eu-west-1:123456789012:on-call"
    found = variant(with_value("alerting.contact_points.chat", {"kind": "sns", "topic_arn": topic}))
    (policy,) = (
        one for one in found.of("aws:iam/rolePolicy:RolePolicy") if one.name == "grafana-role"
    )
    allowed = json.loads(policy.inputs["policy"])["Statement"]
    (publish,) = (each for each in allowed if "sns:Publish" in each["Action"])
    assert topic in publish["Resource"]
    points = found.of("grafana:alerting/contactPoint:ContactPoint")
    told = {entry["topic"] for one in points for entry in one.inputs.get("sns", ())}
    assert topic in told


def test_every_kind_is_rendered_as_the_rehearsal_can_play_it() -> None:
    config = with_every_kind()
    found = variant(config)
    points = [dict(one.inputs) for one in found.of("grafana:alerting/contactPoint:ContactPoint")]
    (policy,) = found.of(POLICY)
    names = contact_points(resolve(parse(config)))["grafana"]
    played = alertmanager_config(dict(policy.inputs), points, Switchboard(names), Substitutions())
    everybody = next(one for one in played["receivers"] if one["name"] == "+".join(sorted(OUR)))
    entries = {name: len(section) for name, section in everybody.items() if name != "name"}
    assert entries == Counter(kind.section for kind in PLAYED.values())


def test_an_sns_topic_is_written_in_the_words_of_either_integration_that_a_workspace_may_have() -> (
    None
):
    found = variant(with_every_kind())
    points = [one.inputs for one in found.of("grafana:alerting/contactPoint:ContactPoint")]
    (sns,) = next(one["sns"] for one in points if one["name"].startswith("our-"))
    assert sns["settings"] == {"topic_arn": sns["topic"], "message": sns["body"]}


def test_a_wrong_stack_file_creates_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    # What `record` raises has no recording; the monitor keeps it.
    watching = StrictMonitor()
    monkeypatch.setattr(monitor, "StrictMonitor", lambda: watching)
    config = alertmanager_stack() | {"gallery:environment": "production"}
    with pytest.raises(pulumi.RunError, match="gallery:environment is 'production'"):
        variant(config)
    assert watching.recording.resources == []


def test_next_steps_begin_with_the_way_in() -> None:
    steps = recording("dev").stack_outputs["next_steps"].splitlines()
    assert steps[0].startswith("1. Log in to Grafana")
    assert "Page yourself" in "\n".join(steps)


def test_next_steps_are_those_of_the_engine(on_alertmanager: Recording) -> None:
    here, there = (each.stack_outputs["next_steps"] for each in (recording("dev"), on_alertmanager))
    assert "Contact points, Test" in here
    assert "Contact points, Test" not in there
    assert "scale deployment/adservice" in there
    # Whoever is subscribed by e-mail must confirm it.
    assert "sre@example.org" in there


def test_a_subscription_is_confirmed_so_that_no_link_can_end_it() -> None:
    steps = recording("prod").stack_outputs["next_steps"].splitlines()
    (confirm,) = (step for step in steps if "confirm-subscription" in step)
    # The independent path's people, and those of a contact point.
    assert "oncall@example.org and sre-board@example.org" in confirm
    command = shlex.split(confirm[confirm.index("aws sns") :])
    given = dict(zip(command[3::2], command[4::2], strict=True))
    assert given["--region"] == "eu-west-1"
    assert given["--authenticate-on-unsubscribe"] == "true"
    assert {"--topic-arn", "--token"} < given.keys()


def test_a_workspace_that_takes_long_is_waited_for() -> None:
    (workspace,) = recorded("dev").of("aws:grafana/workspace:Workspace")
    assert workspace.options["customTimeouts"] == {"create": "30m"}
