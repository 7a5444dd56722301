"""Components on their own under the strict monitor, and OpenShift's plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s

from gallery.plan.model import Plan
from gallery.plan.resolve import resolve
from gallery.stack_file.parse import parse
from offline.monitor import Recording, record
from tests.unit.stack_files import values

OPENSHIFT: dict[str, Any] = {
    "platform": "openshift",
    "kubeconfig": {"secret": "kubeconfig", "context": "gallery"},
    "egress_cidrs": ["10.40.0.0/16", "10.50.0.0/16"],
    "oidc_provider": "arn:aws:iam::123456789012:oidc-provider/oidc.example.org/1",
}


def on_openshift(stack: str = "dev", **existing: object) -> Plan:
    """A shipped stack on OpenShift; `existing` changes keys of the cluster, None removes one."""
    config = values(stack)
    cluster = {key: value for key, value in (OPENSHIFT | existing).items() if value is not None}
    config["gallery:cluster"] = {"existing": cluster}
    return resolve(parse(config))


def recorded(declare: Callable[[pulumi.ResourceOptions], object]) -> Recording:
    """What components register, given options with both providers."""

    def program() -> None:
        providers: list[pulumi.ProviderResource] = [
            aws.Provider("aws", region="eu-west-1"),
            k8s.Provider("kubernetes", kubeconfig="{}"),
        ]
        declare(pulumi.ResourceOptions(providers=providers))

    return record(program)


def objects(recording: Recording, kind: str) -> dict[str, dict[str, Any]]:
    """The Kubernetes objects of a kind, by their name in the cluster."""
    return {
        resource.inputs["metadata"].get("name", resource.name): dict(resource.inputs)
        for resource in recording.resources
        if resource.inputs.get("kind") == kind and resource.type.startswith("kubernetes:")
    }


def pods(recording: Recording) -> dict[str, dict[str, Any]]:
    """The pod templates of every Deployment and StatefulSet, by name."""
    controllers = objects(recording, "Deployment") | objects(recording, "StatefulSet")
    return {name: each["spec"]["template"] for name, each in controllers.items()}


def placed(constraint: Mapping[str, Any], pods: int, nodes: int) -> list[int]:
    """How many of so many pods each node gets, one node filled before the next is touched.

    As the scheduler counts (kubernetes.io, "Pod Topology Spread Constraints"): while there are
    fewer nodes than `minDomains`, the least that one of them has is taken for none.
    """
    counts = [0] * nodes
    for _ in range(pods):
        least = 0 if nodes < constraint["minDomains"] else min(counts)
        free = [n for n in range(nodes) if counts[n] + 1 - least <= constraint["maxSkew"]]
        if free:
            counts[free[0]] += 1
    return counts


def secrets_of(plan: Plan) -> dict[str, pulumi.Output[str]]:
    """Every secret that the plan refers to, with a value that is seen where it must not be."""
    return {name: pulumi.Output.secret(f"value of {name}") for name in plan.secrets}
