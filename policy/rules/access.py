"""Who can reach what, and do what."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .model import LATER, Deployment, Resource, Rule, Violation

_EVERYWHERE = {"0.0.0.0/0", "::/0"}
_CIDRS = {
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": ("cidrIpv4", "cidrIpv6"),
    "aws:ec2/securityGroup:SecurityGroup": (
        "ingress[].cidrBlocks[]",
        "ingress[].ipv6CidrBlocks[]",
    ),
}
_RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
_POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
_SERVICE = "kubernetes:core/v1:Service"
_IAM = {
    "aws:iam/policy:Policy": ("policy",),
    "aws:iam/rolePolicy:RolePolicy": ("policy",),
    "aws:iam/userPolicy:UserPolicy": ("policy",),
    "aws:iam/groupPolicy:GroupPolicy": ("policy",),
    "aws:iam/role:Role": ("inlinePolicies[].policy",),
}
_MANAGED = {
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": ("policyArn",),
    "aws:iam/role:Role": ("managedPolicyArns[]",),
}
# What AWS lets nobody limit to a resource: "Service Authorization Reference", EC2 and AMP.
WITHOUT_RESOURCE = {
    "aps:ListWorkspaces": "Grafana finds workspaces by listing them",
    "ec2:DescribeAvailabilityZones": "the collector's discovery asks for zones",
    "ec2:DescribeInstances": "the collector finds hosts",
}
# A family of actions that AWS itself names by a wildcard: SNS, "Key management", for publishers.
FAMILIES = {"kms:GenerateDataKey*": "publishing to an encrypted topic asks for a data key"}


def _ingress(deployment: Deployment) -> Iterator[Violation]:
    for resource in deployment.resources:
        if any(cidr in _EVERYWHERE for cidr in _admitted(resource)):
            yield Violation(
                resource=resource,
                why="lets everybody in; name a security group or the range of who may come",
            )
    for resource in deployment.of(_POLICY):
        if any(not rule.get("from") for rule in resource.at("spec.ingress[]")):
            yield Violation(
                resource=resource,
                why="has a rule without `from`, which lets everybody in; name the pods that may",
            )
    for resource in deployment.of(_SERVICE):
        for kind in resource.at("spec.type"):
            if kind in {"LoadBalancer", "NodePort"}:
                yield Violation(
                    resource=resource,
                    why=f"is a {kind}, a way in beside the mesh's gateway; leave the type out",
                )


def _admitted(resource: Resource) -> Iterator[Any]:
    paths = _CIDRS.get(resource.type, ())
    if resource.type == _RULE and resource.at("type") == ["ingress"]:
        paths = ("cidrBlocks[]", "ipv6CidrBlocks[]")
    if resource.type == _POLICY:
        paths = ("spec.ingress[].from[].ipBlock.cidr",)
    return (cidr for path in paths for cidr in resource.at(path))


def _tokens(deployment: Deployment) -> Iterator[Violation]:
    kinds = ("aws:ec2/instance:Instance", "aws:ec2/launchTemplate:LaunchTemplate")
    for resource in deployment.of(*kinds):
        if resource.at("metadataOptions.httpTokens") not in (["required"], [LATER]):
            yield Violation(
                resource=resource,
                why="gives its role away without a token; set metadataOptions.httpTokens: required",
            )


def _wildcards(deployment: Deployment) -> Iterator[Violation]:
    for resource in deployment.resources:
        for path in _IAM.get(resource.type, ()):
            for document in resource.at(path):
                for why in _too_much(document):
                    yield Violation(resource=resource, why=why)
        for path in _MANAGED.get(resource.type, ()):
            for arn in resource.at(path):
                if str(arn).endswith(("/AdministratorAccess", "/PowerUserAccess")):
                    yield Violation(resource=resource, why=f"attaches {arn}; say what it may do")


def _too_much(document: object) -> Iterator[str]:
    if not isinstance(document, str) or document == LATER:
        return
    for statement in _listed(json.loads(document)["Statement"]):
        if statement["Effect"] != "Allow":
            continue
        for key in ("NotAction", "NotResource"):
            if key in statement:
                yield f"allows by {key} whatever is not named; name what it may do"
        actions = [str(action) for action in _listed(statement.get("Action", []))]
        for action in actions:
            if "*" in action and action not in FAMILIES:
                yield f"allows {action}; name the actions"
        if "*" in _listed(statement.get("Resource", [])):
            unlimited = [each for each in actions if each not in WITHOUT_RESOURCE]
            if unlimited:
                yield f"allows {', '.join(unlimited)} on every resource; name the resources"


def _listed(value: Any) -> Sequence[Any]:  # noqa: ANN401 - JSON
    return [value] if isinstance(value, str | Mapping) else value


INGRESS_FROM_KNOWN = Rule(
    name="ingress-from-known",
    reason="Customers come through the gateway of the mesh, and nobody else comes at all.",
    judge=_ingress,
)
INSTANCES_ASK_FOR_TOKENS = Rule(
    name="instances-ask-for-tokens",
    reason="Without IMDSv2 a request forged on a host has the host's rights in AWS.",
    judge=_tokens,
)
IAM_WITHOUT_WILDCARDS = Rule(
    name="iam-without-wildcards",
    reason="What a stolen credential can do is what was written down, and was needed.",
    judge=_wildcards,
)
