from __future__ import annotations

import json
from typing import Any

import pytest

from gallery.contact_points.model import Engine
from gallery.render import iam

ACCOUNT = "123456789012"
REGION = "eu-west-1"
WORKSPACE = f"arn:aws:aps:{REGION}:{ACCOUNT}:workspace/ws-1"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:gallery-dev-heartbeat"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"
ALARMS = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:*"


def statements(text: str) -> list[dict[str, Any]]:
    document = json.loads(text)
    assert document["Version"] == "2012-10-17"
    return document["Statement"]


def services(text: str) -> dict[str, dict[str, Any]]:
    return {
        each["Principal"]["Service"]: each
        for each in statements(text)
        if "Service" in each["Principal"]
    }


def by_action(text: str) -> dict[str, Any]:
    return {action: each["Resource"] for each in statements(text) for action in each["Action"]}


def grafana(engine: Engine, *topics: str) -> str:
    return iam.grafana_policy(
        workspace_arn=WORKSPACE, engine=engine, topic_arns=topics, key_arn=KEY
    )


IDENTITIES = [
    iam.collector_policy(workspace_arn=WORKSPACE, region=REGION),
    grafana(Engine.GRAFANA, TOPIC),
    grafana(Engine.ALERTMANAGER, TOPIC),
]
TRUSTS = [
    iam.instance_trust(),
    iam.grafana_trust(account=ACCOUNT, region=REGION),
    iam.pod_identity_trust(cluster_arn="arn:c", namespace="gallery", service_account="collector"),
    iam.web_identity_trust(
        oidc_provider=f"arn:aws:iam::{ACCOUNT}:oidc-provider/oidc.example.org/1",
        namespace="gallery",
        service_account="collector",
    ),
]
# What AWS gives no resource for (service authorization reference).
WITHOUT_RESOURCE = {
    "aps:ListWorkspaces",
    "ec2:DescribeAvailabilityZones",
    "ec2:DescribeInstances",
}


@pytest.mark.parametrize("text", IDENTITIES)
def test_no_right_is_wider_than_aws_makes_it(text: str) -> None:
    for action, resource in by_action(text).items():
        assert not action.endswith(":*")
        assert (resource == "*") is (action in WITHOUT_RESOURCE), action


@pytest.mark.parametrize("text", TRUSTS)
def test_a_role_is_trusted_to_somebody_in_particular(text: str) -> None:
    for each in statements(text):
        assert "*" not in each["Principal"].values()
        assert "AWS" not in each["Principal"]


def test_the_collector_writes_and_finds_in_its_own_region() -> None:
    text = iam.collector_policy(workspace_arn=WORKSPACE, region=REGION)
    assert by_action(text)["aps:RemoteWrite"] == WORKSPACE
    (finding,) = (each for each in statements(text) if each["Resource"] == "*")
    assert finding["Condition"] == {"StringEquals": {"aws:RequestedRegion": REGION}}


def test_grafana_reads_one_workspace_and_publishes_where_it_must() -> None:
    text = grafana(Engine.GRAFANA, TOPIC)
    allowed = by_action(text)
    for action in ("QueryMetrics", "GetLabels", "GetSeries", "GetMetricMetadata"):
        assert allowed[f"aps:{action}"] == WORKSPACE
    assert "aps:RemoteWrite" not in allowed
    assert allowed["sns:Publish"] == [TOPIC]
    assert allowed["kms:GenerateDataKey*"] == allowed["kms:Decrypt"] == KEY


def test_grafana_reads_what_fires_where_amp_alerts() -> None:
    shown = "aps:ListAlertManagerAlerts"
    assert by_action(grafana(Engine.ALERTMANAGER))[shown] == WORKSPACE
    assert shown not in by_action(grafana(Engine.GRAFANA))


def test_grafana_without_topics_publishes_nowhere() -> None:
    allowed = by_action(grafana(Engine.GRAFANA))
    assert not [action for action in allowed if action.startswith(("sns:", "kms:"))]


def test_grafana_is_trusted_for_workspaces_of_this_account() -> None:
    (statement,) = statements(iam.grafana_trust(account=ACCOUNT, region=REGION))
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
        "ArnLike": {"aws:SourceArn": f"arn:aws:grafana:{REGION}:{ACCOUNT}:/workspaces/*"},
    }


def test_a_topic_hears_one_workspace() -> None:
    text = iam.topic_policy(topic_arn=TOPIC, account=ACCOUNT, workspace_arn=WORKSPACE, alarms=False)
    assert services(text).keys() == {"aps.amazonaws.com"}
    statement = services(text)["aps.amazonaws.com"]
    assert statement["Action"] == ["sns:GetTopicAttributes", "sns:Publish"]
    assert statement["Resource"] == TOPIC
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
        "ArnLike": {"aws:SourceArn": WORKSPACE},
    }


def test_the_topic_of_alarms_hears_this_accounts_alarms_too() -> None:
    text = iam.topic_policy(topic_arn=TOPIC, account=ACCOUNT, workspace_arn=WORKSPACE, alarms=True)
    statement = services(text)["cloudwatch.amazonaws.com"]
    assert statement["Action"] == ["sns:Publish"]
    assert statement["Condition"]["ArnLike"] == {"aws:SourceArn": ALARMS}
    assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": ACCOUNT}


def test_the_key_serves_what_publishes_to_encrypted_topics() -> None:
    found = services(iam.key_policy(account=ACCOUNT, region=REGION))
    for service in ("aps.amazonaws.com", "cloudwatch.amazonaws.com"):
        assert found[service]["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]
    condition = found["cloudwatch.amazonaws.com"]["Condition"]
    assert condition["ArnLike"] == {"aws:SourceArn": ALARMS}


def test_the_key_encrypts_this_accounts_logs() -> None:
    found = services(iam.key_policy(account=ACCOUNT, region=REGION))
    logs = found[f"logs.{REGION}.amazonaws.com"]
    assert {"kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey*"} <= set(logs["Action"])
    assert logs["Condition"]["ArnLike"] == {
        "kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:*"
    }


def test_the_account_governs_its_key() -> None:
    (own,) = (
        each
        for each in statements(iam.key_policy(account=ACCOUNT, region=REGION))
        if "AWS" in each["Principal"]
    )
    assert own["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    assert own["Action"] == "kms:*"


@pytest.mark.parametrize(
    ("region", "partition"),
    [("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")],
)
def test_an_arn_names_its_partition(region: str, partition: str) -> None:
    assert iam.session_manager_policy_arn(region).split(":")[1] == partition
    assert iam.cluster_arn(account=ACCOUNT, region=region, name="x").split(":")[1] == partition
    assert f"arn:{partition}:iam::{ACCOUNT}:root" in iam.key_policy(account=ACCOUNT, region=region)
