"""Who may open a connection to whom inside the namespace: NetworkPolicies for ingress.

Everything is denied first. Egress stays open: resolvers, control planes and AWS' endpoints have
addresses that no existing cluster shares with another. The kubelet's probes are not subject to
policies.
"""

from __future__ import annotations

from collections.abc import Iterable

import pulumi
import pulumi_kubernetes as k8s

from components.pods import APP, labels_of
from gallery.plan.mesh import Gateway

# Kubernetes puts it on every namespace.
_NAMESPACE_NAME = "kubernetes.io/metadata.name"

Rule = k8s.networking.v1.NetworkPolicyIngressRuleArgsDict


def from_apps(apps: Iterable[str], port: int) -> Rule:
    """Pods with these `app` labels, in the same namespace, reach this container port."""
    return {
        "from_": [{"pod_selector": {"match_labels": {APP: app}}} for app in apps],
        "ports": [_port(port)],
    }


def from_gateway(gateway: Gateway, port: int) -> Rule:
    """The pods of the mesh's gateway, in its namespace alone, reach this container port."""
    return {
        "from_": [
            {
                "namespace_selector": {"match_labels": {_NAMESPACE_NAME: gateway.namespace}},
                "pod_selector": {"match_labels": dict(gateway.pods)},
            }
        ],
        "ports": [_port(port)],
    }


def admit(
    name: str,
    app: str,
    rules: Iterable[Rule],
    *,
    namespace: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> None:
    """The policy of one workload."""
    k8s.networking.v1.NetworkPolicy(
        name,
        metadata={"name": app, "namespace": namespace, "labels": labels_of(app)},
        spec={
            "pod_selector": {"match_labels": {APP: app}},
            "policy_types": ["Ingress"],
            "ingress": list(rules),
        },
        opts=opts,
    )


def of_all_pods(
    name: str,
    policy: str,
    rules: Iterable[Rule],
    *,
    namespace: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> None:
    """A policy of every pod in the namespace; without rules nobody gets in."""
    spec: k8s.networking.v1.NetworkPolicySpecArgsDict = {
        "pod_selector": {},
        "policy_types": ["Ingress"],
    }
    if known := list(rules):
        # The type says it where there is none: an empty list is dropped by the API server, and
        # each deployment would then count as a change.
        spec["ingress"] = known
    k8s.networking.v1.NetworkPolicy(
        name,
        metadata={"name": policy, "namespace": namespace},
        spec=spec,
        opts=opts,
    )


def _port(number: int) -> k8s.networking.v1.NetworkPolicyPortArgsDict:
    return {"port": number, "protocol": "TCP"}
