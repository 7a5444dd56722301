from __future__ import annotations

from typing import Any

import pytest

from gallery.plan.resolve import resolve
from gallery.stack_file.errors import StackFileError
from gallery.stack_file.parse import parse, referenced_secrets, require_secrets, structured
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
            [
                "gallery:alerting.contact_points.chat is of kind teams",
                "kind sns",
                "gallery:grafana.integrations: [teams]",
            ],
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


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("alerting.roles.reliability", 5, ["reliability is 5; it must be a list or a mapping"]),
        ("alerting.roles.reliability", [5], ["reliability[0] is 5; it must be text"]),
        ("alerting.roles.reliability", {"page": "chat"}, ["page is 'chat'; it must be a list"]),
        ("alerting.roles.reliability", {"pages": ["chat"]}, ["reliability.pages", '"page"']),
        ("alerting.engine", "mimir", ["engine is 'mimir'; allowed: grafana, alertmanager"]),
        ("environment", True, ["environment is true", "dev, staging, prod"]),
        ("network", [], ["gallery:network is an empty list; it must be a mapping"]),
        ("cluster.existing", {"name": "x"}, ["cluster.existing.platform is missing"]),
        ("cluster.existing.platform", "gke", ["platform is 'gke'; allowed: eks, openshift"]),
        (
            "cluster.existing.oidc_provider",
            "arn:aws:iam::123456789012:oidc-provider/oidc.example.org",
            ["oidc_provider is not a known key; it belongs to openshift, and this is eks; remove"],
        ),
        ("prometheus.retention", 30, ["30 has no unit; write for example 30d"]),
        ("prometheus.retention", "2000d", ["retention is '2000d'; it must be 1095 or less"]),
        ("store.replicas", {"frontend": "2"}, ["frontend is '2'; it must be a whole number"]),
        (
            "alerting.overrides.HostDiskFilling",
            {"threshold": "x"},
            ["HostDiskFilling.threshold is 'x'; it must be a number"],
        ),
        (
            "grafana.admins",
            ["oncall@example.org"],
            ["grafana.admins[0]: 'oncall@example.org' is not the id of a group", "list-groups"],
        ),
        (
            "alerting.independent_path.emails",
            ["oncall@example.org", "OnCall@example.org"],
            ["emails: 'OnCall@example.org' stands there already, as 'oncall@example.org'"],
        ),
        (
            "network.existing.private_subnets",
            ["subnet-0a", "subnet-0b", "subnet-0a"],
            ["private_subnets: 'subnet-0a' stands there already; keep one"],
        ),
        ("hosts.0.instance_type", "t4g.smal", ["no type t4g.smal", 'did you mean "t4g.small"']),
        ("hosts.0.instance_type", "t4q.small", ["no type t4q.small", 'did you mean "t4g"']),
        ("aws:region", "eu-wst-1", ["aws:region: AWS has no region eu-wst-1", '"eu-west-1"']),
        ("aws:region", "eu-west-3", ["eu-west-3 has no Managed Grafana; allowed:", "eu-west-1"]),
        ("aws:region", "cn-north-1", ["cn-north-1 has no Managed Grafana"]),
        (
            "alerting.contact_points.chat",
            {"kind": "sns", "topic_arn": "arn:aws:sns:us-east-1:123456789012:on-call"},
            ["contact_points.chat.topic_arn", "in us-east-1", "the stack is in eu-west-1"],
        ),
        (
            "alerting.contact_points.chat",
            {"kind": "sns", "topic_arn": "arn:aws-cn:sns:eu-west-1:123456789012:on-call"},
            ["contact_points.chat.topic_arn", "partition aws-cn"],
        ),
        (
            "cluster.existing",
            {
                **OPENSHIFT,
                "egress_cidrs": ["10.0.0.0/16"],
                "oidc_provider": "arn:aws-us-gov:iam::123456789012:oidc-provider/o.example.org/1",
            },
            ["cluster.existing.oidc_provider is of partition aws-us-gov", "eu-west-1 is in aws"],
        ),
        (
            "alerting.overrides.EndpointDown",
            {"hold": "0s"},
            ["overrides.EndpointDown.hold is 0s", "10s or more"],
        ),
        (
            "alerting.overrides.EndpointDown",
            {"hold": "400d"},
            ["overrides.EndpointDown.hold is 400d", "1h or less"],
        ),
        (
            "alerting.overrides.HostDiskFilling",
            {"hold": "8d"},
            ["overrides.HostDiskFilling.hold is 8d", "7d or less"],
        ),
    ],
)
def test_a_value_that_could_not_work_is_told_in_words_of_its_own(
    path: str, value: object, words: list[str]
) -> None:
    (found,) = errors(with_value(path, value))
    assert not [word for word in words if word not in found], found
    assert not [word for word in ("list[", "dict[", "None", "Severity") if word in found], found


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("galery:hosts", 'did you mean "gallery:hosts"?'),
        ("mine:monitoring", 'did you mean "gallery:monitoring"?'),
        ("other:thing", "every key of the program begins with gallery:"),
    ],
)
def test_a_key_that_nobody_reads_is_refused_with_the_nearest(key: str, words: str) -> None:
    (found,) = errors(values() | {key: "x"})
    assert f"{key} is read by nobody" in found
    assert words in found


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "is missing"),
        ({"pulumi:disable-default-providers": ["aws"]}, "does not name all of them"),
        ({"pulumi:disable-default-provider": ["*"]}, "and pulumi:disable-default-provider is read"),
    ],
)
def test_default_providers_stay_disabled(given: dict[str, Any], words: str) -> None:
    config = values()
    del config["pulumi:disable-default-providers"]
    (found,) = errors(config | given)
    assert found.startswith("pulumi:disable-default-providers")
    assert words in found
    assert 'write pulumi:disable-default-providers: ["*"]' in found


@pytest.mark.parametrize("path", ["door", "hosts", "hosts.0.count", "monitoring.scrape", "network"])
def test_a_key_without_a_value_is_told_once(path: str) -> None:
    (found,) = errors(with_value(path, None))
    key = path.replace(".0.", "[0].")
    assert found == f"gallery:{key} is empty; give it a value, or remove the key"


def test_the_cli_hands_over_an_empty_text_for_nothing() -> None:
    (found,) = errors(with_value("door", ""))
    assert found.startswith("gallery:door is empty")


def test_a_channel_that_became_a_comment_is_explained() -> None:
    (found,) = errors(with_value("alerting.contact_points.chat.channel", None))
    assert "gallery:alerting.contact_points.chat.channel is empty" in found
    assert 'write it in quotes, as "#gallery-alerts"' in found


@pytest.mark.parametrize("key", ["gallery:alerting", "gallery:environment", "aws:region"])
def test_an_encrypted_value_inside_a_key_is_explained(key: str) -> None:
    (found,) = errors(values() | {key: "secret:x"}, (key,))
    assert found.startswith(f"{key} holds an encrypted value")
    assert "pulumi config set --secret gallery:NAME" in found


def test_a_value_that_is_nested_without_end_is_refused_by_its_key() -> None:
    for depth in (40, 100_000):
        with pytest.raises(StackFileError) as raised:
            structured("gallery:hosts", "[" * depth + "]" * depth)
        assert "gallery:hosts is nested too deeply" in str(raised.value)


@pytest.mark.parametrize(
    ("override", "words"),
    [
        (
            {"CollectorDown": {"enabled": False, "reason": "noisy"}},
            "overrides.CollectorDown.enabled is false: it tells that alerts have gone blind",
        ),
        (
            {"EndpointDown": {"severity": "info"}},
            "overrides.EndpointDown.severity is info: by default it pages",
        ),
    ],
)
def test_production_refuses_to_hear_nothing_of_it(override: dict[str, Any], words: str) -> None:
    (found,) = errors(with_value("alerting.overrides", override, "prod"))
    assert words in found
    assert resolve(parse(with_value("alerting.overrides", override, "dev")))


def test_production_refuses_hosts_of_one_group_in_one_zone() -> None:
    (found,) = errors(with_value("network.existing.private_subnets", ["subnet-0a"], "prod"))
    assert "private_subnets is subnet-0a alone" in found
    assert "orders-db, catalogue-search" in found
    assert resolve(parse(with_value("network.existing.private_subnets", ["subnet-0a"], "dev")))


def test_a_topic_of_another_account_is_refused() -> None:
    point = {"kind": "sns", "topic_arn": "arn:aws:sns:eu-west-1:210987654321:on-call"}
    config = with_value("alerting.contact_points.board", point, "prod")
    (found,) = errors(config | {"gallery:account": "123456789012"})
    assert "topic of account 210987654321, and the stack is in 123456789012" in found


def test_a_contact_point_that_is_missing_is_told_once() -> None:
    config = values("prod")
    del config["gallery:alerting"]["contact_points"]["platform-pager"]
    (found,) = errors(config)
    assert 'roles "monitoring" and "infrastructure" name contact point "platform-pager"' in found


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


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("path", "start", "gallery:door.path is 'start'"),
        ("path", "/start?now", "gallery:door.path is '/start?now'"),
        ("headers", {"X Probe": "gallery"}, "is not the name of an HTTP header"),
        ("headers", {"Authorization": "Basic Z2FsbGVyeQ"}, "carries a credential"),
        ("headers", {"Cookie": "let=me"}, "carries a credential"),
    ],
)
def test_a_public_address_that_cannot_be_asked_so_is_refused(
    key: str, value: object, words: str
) -> None:
    (found,) = errors(with_value(f"door.{key}", value))
    assert words in found
