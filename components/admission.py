"""Who may open a connection to whom, in and out: NetworkPolicies, from what the plan lets through.

A workload's own policy has all that it needs, so that one change never closes what another has
yet to open. Pods that no policy knows get nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import pulumi
import pulumi_kubernetes as k8s

from components.pods import APP, labels_of
from gallery.plan.network import Opening, Pods, Reach

# Kubernetes puts it on every namespace.
_NAMESPACE_NAME = "kubernetes.io/metadata.name"


def admit(
    name: str, reach: Reach, *, namespace: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> None:
    """The policy of one workload."""
    k8s.networking.v1.NetworkPolicy(
        name,
        metadata={"name": reach.app, "namespace": namespace, "labels": labels_of(reach.app)},
        spec=_spec({APP: reach.app}, ("Ingress", "Egress"), reach.ways_in, reach.ways_out),
        opts=opts,
    )


def of_all_pods(
    name: str,
    policy: str,
    way: Literal["Ingress", "Egress"],
    ways_in: Iterable[Opening] = (),
    *,
    namespace: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> None:
    """A policy of every pod in the namespace; without openings nothing passes that way."""
    k8s.networking.v1.NetworkPolicy(
        name,
        metadata={"name": policy, "namespace": namespace},
        spec=_spec({}, (way,), ways_in, ()),
        opts=opts,
    )


def _spec(
    selected: dict[str, str],
    types: Sequence[str],
    ways_in: Iterable[Opening],
    ways_out: Iterable[Opening],
) -> k8s.networking.v1.NetworkPolicySpecArgsDict:
    spec: k8s.networking.v1.NetworkPolicySpecArgsDict = {
        "pod_selector": {"match_labels": selected} if selected else {},
        "policy_types": list(types),
    }
    # The type says it where there is none: an empty list is dropped by the API server, and each
    # deployment would then count as a change.
    if ingress := [_in(opening) for opening in ways_in]:
        spec["ingress"] = ingress
    if egress := [_out(opening) for opening in ways_out]:
        spec["egress"] = egress
    return spec


def _in(opening: Opening) -> k8s.networking.v1.NetworkPolicyIngressRuleArgsDict:
    rule: k8s.networking.v1.NetworkPolicyIngressRuleArgsDict = {"ports": _ports(opening)}
    if peers := _peers(opening):
        rule["from_"] = peers
    return rule


def _out(opening: Opening) -> k8s.networking.v1.NetworkPolicyEgressRuleArgsDict:
    rule: k8s.networking.v1.NetworkPolicyEgressRuleArgsDict = {"ports": _ports(opening)}
    if peers := _peers(opening):
        rule["to"] = peers
    return rule


def _ports(opening: Opening) -> list[k8s.networking.v1.NetworkPolicyPortArgsDict]:
    return [
        {"port": port, "protocol": protocol}
        for port in opening.ports
        for protocol in opening.protocols
    ]


def _peers(opening: Opening) -> list[k8s.networking.v1.NetworkPolicyPeerArgsDict]:
    peers = [_pods(pods) for pods in opening.pods]
    if opening.cidr:
        peers.append({"ip_block": {"cidr": opening.cidr}})
    return peers


def _pods(pods: Pods) -> k8s.networking.v1.NetworkPolicyPeerArgsDict:
    peer: k8s.networking.v1.NetworkPolicyPeerArgsDict = {
        "pod_selector": {"match_labels": dict(pods.labels)} if pods.labels else {}
    }
    if pods.namespace is not None:
        peer["namespace_selector"] = {"match_labels": {_NAMESPACE_NAME: pods.namespace}}
    return peer
