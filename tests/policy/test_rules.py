"""The rules, judged on what every stack registers, and each on a resource that breaks it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import cache
from typing import Any

import pytest

from offline.monitor import Recording
from policy.rules import RULES
from policy.rules.model import LATER, Deployment, Resource, Rule, Violation
from policy.rules.routes import Matcher, of_alertmanager
from tests.unit.recordings import recorded, variant
from tests.unit.stack_files import STACKS
from tests.unit.test_plan import alertmanager_stack

_NAMES = {rule.name: rule for rule in RULES}
_ALERTMANAGER = "dev whose rules AMP evaluates"


@cache
def _deployment(stack: str) -> Deployment:
    return Deployment(
        resources=[
            Resource(
                type=one.type,
                name=one.name,
                inputs=one.inputs,
                urn=one.urn,
                protect=bool(one.options.get("protect")),
                secrets=one.secrets,
            )
            for one in _recording(stack).resources
        ]
    )


def _recording(stack: str) -> Recording:
    if stack == _ALERTMANAGER:
        return variant(alertmanager_stack())
    return recorded(stack)


def _found(rule: Rule, deployment: Deployment) -> list[Violation]:
    return list(rule.judge(deployment))


@pytest.mark.parametrize("stack", [*STACKS, _ALERTMANAGER])
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_stack_keeps_to_it(rule: Rule, stack: str) -> None:
    assert _found(rule, _deployment(stack)) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_it_says_what_is_lost_without_it(rule: Rule) -> None:
    assert rule.reason.endswith(".")
    assert len(_NAMES) == len(RULES)


# What a hand may do to the first resource of a type in `prod`, and the rule that must say so.
_Spoil = Callable[[dict[str, Any]], object]
_SPOILT: tuple[tuple[str, str, _Spoil], ...] = (
    (
        "ingress-from-known",
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        lambda inputs: inputs.update(cidrIpv4="0.0.0.0/0"),
    ),
    (
        "ingress-from-known",
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        lambda inputs: inputs.update(cidrIpv6="::/0"),
    ),
    (
        "ingress-from-known",
        "aws:ec2/securityGroup:SecurityGroup",
        lambda inputs: inputs.update(ingress=[{"cidrBlocks": ["10.0.0.0/8", "0.0.0.0/0"]}]),
    ),
    (
        "ingress-from-known",
        "kubernetes:networking.k8s.io/v1:NetworkPolicy",
        lambda inputs: inputs["spec"].update(ingress=[{"ports": [{"port": 8080}]}]),
    ),
    (
        "ingress-from-known",
        "kubernetes:networking.k8s.io/v1:NetworkPolicy",
        lambda inputs: inputs["spec"].update(
            ingress=[{"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}]
        ),
    ),
    (
        "ingress-from-known",
        "kubernetes:core/v1:Service",
        lambda inputs: inputs["spec"].update(type="LoadBalancer"),
    ),
    (
        "instances-ask-for-tokens",
        "aws:ec2/instance:Instance",
        lambda inputs: inputs["metadataOptions"].update(httpTokens="optional"),
    ),
    (
        "instances-ask-for-tokens",
        "aws:ec2/instance:Instance",
        lambda inputs: inputs.pop("metadataOptions"),
    ),
    (
        "iam-without-wildcards",
        "aws:iam/rolePolicy:RolePolicy",
        lambda inputs: _allow(inputs, Action="ec2:*", Resource="arn:aws:ec2:x:1:instance/i-1"),
    ),
    (
        "iam-without-wildcards",
        "aws:iam/rolePolicy:RolePolicy",
        lambda inputs: _allow(inputs, Action=["sns:Publish"], Resource="*"),
    ),
    (
        "iam-without-wildcards",
        "aws:iam/rolePolicy:RolePolicy",
        lambda inputs: _allow(inputs, NotAction=["iam:PassRole"], Resource="arn:aws:iam::1:x"),
    ),
    (
        "iam-without-wildcards",
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        lambda inputs: inputs.update(policyArn="arn:aws:iam::aws:policy/AdministratorAccess"),
    ),
    (
        "encrypted-at-rest",
        "aws:ec2/instance:Instance",
        lambda inputs: inputs["rootBlockDevice"].update(encrypted=False),
    ),
    (
        "encrypted-at-rest",
        "aws:ec2/instance:Instance",
        lambda inputs: inputs.update(ebsBlockDevices=[{"deviceName": "/dev/sdf"}]),
    ),
    ("encrypted-at-rest", "aws:sns/topic:Topic", lambda inputs: inputs.pop("kmsMasterKeyId")),
    ("encrypted-at-rest", "aws:amp/workspace:Workspace", lambda inputs: inputs.pop("kmsKeyArn")),
    (
        "workloads-probed",
        "kubernetes:apps/v1:Deployment",
        lambda inputs: _container(inputs).pop("livenessProbe"),
    ),
    (
        "workloads-limited",
        "kubernetes:apps/v1:StatefulSet",
        lambda inputs: _container(inputs)["resources"]["limits"].pop("memory"),
    ),
    (
        "workloads-limited",
        "kubernetes:apps/v1:Deployment",
        lambda inputs: inputs["spec"]["template"]["spec"].update(
            initContainers=[{"name": "wait", "image": "x"}]
        ),
    ),
    (
        "alerts-delivered",
        "grafana:alerting/ruleGroup:RuleGroup",
        lambda inputs: inputs["rules"][0].update(isPaused=True),
    ),
    (
        "alerts-delivered",
        "grafana:alerting/notificationPolicy:NotificationPolicy",
        lambda inputs: inputs["policies"].insert(0, {"contactPoint": "nobody"}),
    ),
    (
        "alerts-delivered",
        "grafana:alerting/contactPoint:ContactPoint",
        lambda inputs: [inputs.pop(key) for key in list(inputs) if key != "name"],
    ),
    (
        "alerts-delivered",
        "aws:amp/alertManagerDefinition:AlertManagerDefinition",
        lambda inputs: inputs.update(
            definition=inputs["definition"].replace("receiver: heartbeat", "receiver: nobody")
        ),
    ),
)  # fmt: skip


def _allow(inputs: dict[str, Any], **statement: object) -> None:
    document = json.loads(inputs["policy"])
    document["Statement"].append({"Effect": "Allow", **statement})
    inputs["policy"] = json.dumps(document)


def _container(inputs: dict[str, Any]) -> dict[str, Any]:
    containers: list[dict[str, Any]] = inputs["spec"]["template"]["spec"]["containers"]
    return containers[0]


def _spoilt(type_: str, by: _Spoil) -> tuple[Deployment, Resource]:
    """`prod` with its first resource of a type changed."""
    before = _deployment("prod")
    first = next(before.of(type_))
    inputs: Mapping[str, Any] = deepcopy(dict(first.inputs))
    assert isinstance(inputs, dict)
    by(inputs)
    changed = Resource(
        type=first.type,
        name=first.name,
        inputs=inputs,
        urn=first.urn,
        protect=first.protect,
        secrets=first.secrets,
    )
    resources = [changed if one is first else one for one in before.resources]
    return Deployment(resources=resources), changed


@pytest.mark.parametrize(
    ("rule", "type_", "by"),
    _SPOILT,
    ids=[f"{number}-{rule}" for number, (rule, _, _) in enumerate(_SPOILT)],
)
def test_a_resource_that_breaks_it_is_named_with_a_cure(rule: str, type_: str, by: _Spoil) -> None:
    deployment, changed = _spoilt(type_, by)
    found = _found(_NAMES[rule], deployment)
    assert found
    assert all(violation.why for violation in found)
    # Of routes, what suffers is each group of alerts that they lead nowhere.
    if rule != "alerts-delivered":
        assert {violation.resource.urn for violation in found} == {changed.urn}
    others = {other.name for other in RULES if _found(other, deployment)}
    assert others == {rule}


def test_every_rule_is_broken_by_something() -> None:
    assert {rule for rule, _, _ in _SPOILT} | {"protected-in-production", "secrets-marked"} == set(
        _NAMES
    )


def _without(**changed: object) -> Callable[[Resource], Resource]:
    return lambda one: Resource(
        type=one.type,
        name=one.name,
        inputs=one.inputs,
        urn=one.urn,
        **{"protect": one.protect, "secrets": one.secrets, **changed},  # pyright: ignore[reportArgumentType]
    )


def test_what_holds_data_is_protected_in_production_and_only_there() -> None:
    rule, whole = _NAMES["protected-in-production"], _deployment("prod")
    bare = [_without(protect=False)(one) for one in whole.resources]
    protected = {one.urn for one in whole.resources if one.protect}
    # Where nothing says which environment it is, it may be that of customers.
    for resources in (bare, [one for one in bare if one.type != "pulumi:providers:aws"]):
        found = _found(rule, Deployment(resources=resources))
        assert {violation.resource.urn for violation in found} == protected
    dev = [_without(protect=False)(one) for one in _deployment("dev").resources]
    assert not _found(rule, Deployment(resources=dev))


def test_each_credential_that_is_not_marked_is_named_and_not_shown() -> None:
    whole = _deployment("prod")
    bare = [_without(secrets=())(one) for one in whole.resources]
    found = _found(_NAMES["secrets-marked"], Deployment(resources=bare))
    marked = {one.urn for one in whole.resources if one.secrets}
    assert {violation.resource.urn for violation in found} == marked
    assert not [violation for violation in found if "secret:" in violation.why]


def test_what_is_known_later_breaks_nothing_yet() -> None:
    resources = [
        Resource(
            type=one.type,
            name=one.name,
            inputs=dict.fromkeys(one.inputs, LATER),
            protect=one.protect,
            secrets=one.secrets,
        )
        for one in _deployment("prod").resources
        # What Grafana and Kubernetes are given is known but for single values.
        if not one.type.startswith(("grafana:", "kubernetes:"))
    ]
    deployment = Deployment(resources=resources)
    assert [v for rule in RULES for v in _found(rule, deployment)] == []


@pytest.mark.parametrize(
    ("text", "labels", "holds"),
    [
        ('owner="monitoring"', {"owner": "monitoring"}, True),
        ('owner!="monitoring"', {"owner": "monitoring"}, False),
        ('owner=~"mon.*|x"', {"owner": "monitoring"}, True),
        # A pattern is held against the whole value.
        ('owner=~"mon"', {"owner": "monitoring"}, False),
        ('owner!~"mon"', {"owner": "monitoring"}, True),
        ("owner = monitoring", {}, None),
    ],
)
def test_a_matcher_is_read_as_alertmanager_reads_it(
    text: str,
    labels: dict[str, str],
    holds: bool | None,  # noqa: FBT001 - a row of the table
) -> None:
    assert Matcher.parse(text).holds(labels) is holds


def test_a_label_that_the_series_brings_may_lead_anywhere() -> None:
    tree = of_alertmanager(
        {
            "receiver": "rest",
            "routes": [
                {"receiver": "a", "matchers": ['owner="a"'], "continue": True},
                {"matchers": ['severity="page"'], "routes": [{"receiver": "b"}]},
                {"receiver": "c"},
            ],
        }
    )
    assert tree.reached({"severity": "page"}) == {"a", "b"}
    assert tree.reached({"severity": "ticket", "owner": "b"}) == {"c"}
    assert tree.reached({"owner": "a", "severity": "ticket"}) == {"a", "c"}
