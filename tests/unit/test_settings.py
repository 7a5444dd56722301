from __future__ import annotations

from typing import Any

import pytest

from gallery.plan.resolve import resolve
from gallery.stack_file.errors import StackFileError
from gallery.stack_file.parse import parse, referenced_secrets, require_secrets
from tests.unit.stack_files import STACKS, errors, planned, values, with_value

TWO_OF_ONE_NAME = [
    {
        "name": "orders-db",
        "count": 1,
        "instance_type": "t4g.small",
        "service": "checkoutservice",
        "owner": "infrastructure",
    }
] * 2
OPENSHIFT = {
    "platform": "openshift",
    "kubeconfig": {"secret": "kubeconfig", "context": "gallery"},
    "oidc_provider": "arn:aws:iam::123456789012:oidc-provider/oidc.example.org/1",
}
PAGER = {"kind": "pagerduty", "secret": "pagerduty-key"}


@pytest.mark.parametrize("stack", STACKS)
def test_a_shipped_stack_is_sound(stack: str) -> None:
    assert planned(stack).alerts


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("monitorin", {}, ["gallery:monitorin", 'did you mean "monitoring"']),
        (
            "monitoring.scrap",
            "5s",
            ["gallery:monitoring.scrap", "not a known key", '"scrape"'],
        ),
        ("hosts.0.count", "two", ["gallery:hosts[0].count", "'two'", "whole number"]),
        ("monitoring.scrape", 5, ["gallery:monitoring.scrape", "no unit", "5s"]),
        ("monitoring.scrape", "5", ["gallery:monitoring.scrape", "not a duration"]),
        ("grafana.version", 12.4, ["gallery:grafana.version", "quotes"]),
        ("grafana.version", "10.4", ["gallery:grafana.version", "10.4 is too old", "12 or later"]),
        ("alerting.roles.monitor", ["chat"], ['"monitor" is not a role', '"monitoring"']),
        (
            "alerting.roles.reliability",
            ["chatt"],
            ['"reliability"', '"chatt"', "not declared", '"chat"'],
        ),
        ("alerting.roles.reliability", [], ['"reliability"', "contact point"]),
        (
            "alerting.overrides.EndpointDwn",
            {"hold": "1m"},
            ['"EndpointDwn" is not an alert', '"EndpointDown"'],
        ),
        (
            "alerting.overrides.EndpointDown",
            {"enabled": False},
            ["EndpointDown", "needs a reason"],
        ),
        ("monitoring.evaluate", "5s", ["gallery:monitoring.evaluate", "multiples of 10s"]),
        ("monitoring.evaluate_amp", "10s", ["evaluate_amp", "30s or more"]),
        ("monitoring.group_wait", "5s", ["group_wait", "not be shorter than one evaluation"]),
        ("monitoring.probe_timeout", "5s", ["probe_timeout", "half a second"]),
        (
            "cluster.existing",
            {**OPENSHIFT, "egress_cidrs": ["10.0.0.1/16"]},
            ["egress_cidrs[0]", "'10.0.0.1/16'", "not an IPv4 CIDR"],
        ),
        (
            "cluster.existing",
            {**OPENSHIFT, "egress_cidrs": ["10.0.0.0/16", "10.0.8.0/24"]},
            ["10.0.0.0/16 and 10.0.8.0/24 overlap"],
        ),
        (
            "cluster.existing.name",
            "gallery.prod",
            [
                "gallery:cluster.existing.name",
                "'gallery.prod'",
                "EKS cluster's name",
                "at most 100",
            ],
        ),
        ("hosts", TWO_OF_ONE_NAME, ['"orders-db"', "2 times"]),
        (
            "alerting.contact_points.pager",
            {"kind": "pagerduty"},
            ["contact_points.pager", "needs secret"],
        ),
        (
            "alerting.contact_points.heartbeat",
            PAGER,
            ['"heartbeat"', "stack's own"],
        ),
        (
            "alerting.roles.reliability",
            ["chat", "pager", "chat"],
            ['"reliability"', '"chat" 2 times for any severity', "name it once"],
        ),
        (
            "alerting.roles.reliability",
            {"page": ["pager", "pager"], "ticket": ["pager"], "info": ["chat"]},
            ['"reliability"', '"pager" 2 times for page', "name it once"],
        ),
        ("hosts.0.service", "cartsservice", ['"cartsservice"', '"cartservice"']),
        ("environment", "production", ["gallery:environment", "'production'"]),
        ("store.replicas", {"frontend": 0}, ["gallery:store.replicas.frontend", "0"]),
        (
            "grafana",
            {"existing": "g-0123456789"},
            ["g-0123456789", "replace_notification_policy: true"],
        ),
        ("grafana.existing", "g-0123456789", ["gallery:grafana", "its own admins and version"]),
        ("grafana.admins", [], ["gallery:grafana", "admins is empty", "log in"]),
        ("prometheus.existing", "ws-0123", ["gallery:prometheus", "its own retention"]),
        (
            "alerting.contact_points.pager.secret",
            "e93facc04764012d7bfb002500d5d1a6",
            ["contact_points.pager.secret", "not the credential itself"],
        ),
        (
            "alerting.contact_points.spare",
            {"kind": "slack", "channel": "#spare", "secret": "spare-webhook"},
            ['"spare"', "named by no role"],
        ),
        (
            "alerting.contact_points.chat",
            {"kind": "teams", "secret": "teams-webhook"},
            ['"chat"', "kind teams", "kind sns", "gallery:grafana.integrations: [teams]"],
        ),
        (
            "grafana.integrations",
            ["email"],
            ["gallery:grafana.integrations names email", "no contact point", "remove it"],
        ),
        (
            "grafana.integrations",
            ["pager"],
            ["gallery:grafana.integrations[0]", '"pager"', "allowed: email"],
        ),
        ("monitoring.evaluate_amp", "2m", ["evaluate_amp", "3 evaluations", "shorter than 5m"]),
        ("monitoring.scrape", "2m", ["monitoring.scrape", "living collector counts as dead"]),
        ("monitoring.remote_write_deadline", "0s", ["remote_write_deadline", "100ms or more"]),
        ("monitoring.probe_timeout", "0s", ["probe_timeout", "100ms or more"]),
        (
            "alerting.overrides.EndpointDown",
            {"threshold": 3},
            ["overrides.EndpointDown.threshold", "does nothing"],
        ),
        (
            "alerting.overrides.EndpointDegraded",
            {"threshold": 90},
            ["overrides.EndpointDegraded.threshold is 90", "share of probes"],
        ),
        (
            "alerting.overrides.Watchdog",
            {"enabled": False, "reason": "too loud"},
            ["overrides.Watchdog", "heartbeat", "owner"],
        ),
    ],
)
def test_a_fault_names_the_key_the_value_and_the_cure(
    path: str, value: object, words: list[str]
) -> None:
    found = errors(with_value(path, value))
    assert len(found) == 1
    assert not [word for word in words if word not in found[0]], found[0]


@pytest.mark.parametrize("name", ["Gallery_Prod-2", "7", "x" * 100])
def test_an_existing_eks_cluster_keeps_the_name_that_it_has(name: str) -> None:
    assert resolve(parse(with_value("cluster.existing.name", name))).cluster_name == name


def test_all_faults_of_a_file_come_at_once() -> None:
    config = with_value("monitoring.scrape", 5)
    config["gallery:monitoring"]["evaluatee"] = "10s"
    del config["gallery:environment"]
    config["gallery:hosts"][0]["owner"] = "infra"
    found = "\n".join(errors(config))
    for word in ("monitoring.scrape", "evaluatee", "gallery:environment is missing", '"infra"'):
        assert word in found


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("gallery:pagerduty-key", "R0123456789ABCDEFGHIJKLMNOPQRSTU"),
        ("alerting.contact_points.chat.secret", "https://hooks.slack.com/services/T0/B0/XYZ"),
        ("alerting.contact_points.chat.url", "https://hooks.slack.com/services/T0/B0/XYZ"),
        ("alerting.contact_points.pager.routing_key", "R0123456789ABCDEFGHIJKLMNOPQRSTU"),
    ],
)
def test_a_credential_in_plain_text_is_refused_and_never_shown(path: str, value: str) -> None:
    found = errors(with_value(path, value))
    assert len(found) == 1
    assert value not in found[0]


def test_a_plain_credential_is_answered_with_the_command_that_encrypts_it() -> None:
    (found,) = errors(with_value("gallery:slack-webhook", "https://hooks.slack.com/services/T/B/X"))
    assert "pulumi config set --secret gallery:slack-webhook" in found
    assert "plain text" in found


def test_a_missing_secret_is_answered_with_the_command_that_sets_it() -> None:
    settings = parse(values())
    assert referenced_secrets(settings) == ("pagerduty-key", "slack-webhook")
    with pytest.raises(StackFileError) as raised:
        require_secrets(settings, ["gallery:slack-webhook"])
    (missing,) = raised.value.errors
    assert "pulumi config set --secret gallery:pagerduty-key" in missing


def test_the_values_of_secrets_are_never_read() -> None:
    config = values() | {"gallery:pagerduty-key": object()}
    assert parse(config, ["gallery:pagerduty-key"]).environment == "dev"


def test_a_duration_keeps_its_unit() -> None:
    config: dict[str, Any] = with_value("alerting.overrides.EndpointDown", {"hold": "1m30s"})
    hold = parse(config).alerting.overrides["EndpointDown"].hold
    assert hold is not None
    assert hold.seconds == 90


@pytest.mark.parametrize(
    ("key", "cure"),
    [
        ("aws:profile", "log in with AWS_PROFILE"),
        ("aws:assumeRole", "a profile of ~/.aws/config"),
        ("aws:secretKey", "log in with AWS_PROFILE"),
        ("aws:allowedAccountIds", "write gallery:account instead"),
        ("aws:defaultTags", "tagged with the stack's environment"),
        ("aws:regoin", "aws:region alone is read"),
        ("kubernetes:context", "gallery:cluster says which cluster"),
        ("grafana:auth", "gallery:grafana says which Grafana"),
    ],
)
def test_a_setting_of_a_provider_is_refused_and_not_ignored(key: str, cure: str) -> None:
    (found,) = errors(values() | {key: "of no account"})
    assert found.startswith(f"{key} is not read")
    assert cure in found
    assert "of no account" not in found


@pytest.mark.parametrize("account", ["12345678901", "1234-5678-9012", 1234, True])
def test_an_account_is_twelve_digits(account: object) -> None:
    (found,) = errors(with_value("account", account))
    assert found.startswith(f"gallery:account: {account!r} is not the number of an AWS account")


def test_production_says_which_account_it_is_in() -> None:
    config = values("prod")
    del config["gallery:account"]
    assert any("gallery:account is missing" in error for error in errors(config))
