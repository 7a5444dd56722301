"""What the stack stands upon and did not make: what is asked of it before anything is made.

All that the stack needs of its ground, checked or not: `docs/ground.md`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from gallery.plan.mesh_versions import untested
from gallery.plan.model import Network, PlannedHost

# Since then ContainerResource metrics of an autoscaler are stable, and the kubelet waits before a
# container ends (PodLifecycleSleepAction).
OLDEST_KUBERNETES = (1, 30)
# A cluster that is being updated still serves its API.
_SERVING = ("ACTIVE", "UPDATING")


class Check(StrEnum):
    """What is checked before anything is made, by the name it has in `docs/ground.md`."""

    CLUSTER_SERVES = "cluster-serves"
    CLUSTER_VERSION = "cluster-version"
    MESH_VERSION = "mesh-version"
    CLUSTER_IPV4 = "cluster-ipv4"
    POD_IDENTITY = "pod-identity"
    INSTANCE_TYPE = "instance-type"
    GRAFANA_RELEASE = "grafana-release"


@dataclass(frozen=True, kw_only=True)
class EksFacts:
    """What EKS says of a cluster. `pod_identity`: whether something hands out credentials."""

    status: str
    version: str
    ip_family: str
    pod_identity: bool


def refused_cluster(facts: EksFacts, istio: str | None = None) -> Iterator[tuple[Check, str]]:
    """What is wrong with a cluster, each with its cure. `istio` is the mesh's version, if known."""
    if facts.status not in _SERVING:
        yield (
            Check.CLUSTER_SERVES,
            (f"it is {facts.status}, and nothing can be deployed into it before it is ACTIVE"),
        )
    if _older(facts.version):
        oldest = ".".join(map(str, OLDEST_KUBERNETES))
        yield (
            Check.CLUSTER_VERSION,
            (
                f"it runs Kubernetes {facts.version}, and the store's autoscalers and the wait "
                f"before a pod ends need {oldest} or newer; update the cluster"
            ),
        )
    if istio and (tested := untested(istio, facts.version)):
        yield (
            Check.MESH_VERSION,
            (
                f"it runs Kubernetes {facts.version}, and the mesh is Istio {istio}, which is "
                f"tested with {tested}; take another version under gallery:mesh, or update the "
                "cluster"
            ),
        )
    if facts.ip_family == "ipv6":
        yield (
            Check.CLUSTER_IPV4,
            (
                "its pods have IPv6 addresses alone: the prober asks over IPv4, and the hosts' "
                "metrics port opens to IPv4 addresses; take a cluster of the family ipv4"
            ),
        )
    if not facts.pod_identity:
        yield (
            Check.POD_IDENTITY,
            (
                "it has neither Auto Mode nor the add-on eks-pod-identity-agent, and the collector "
                "would get no AWS credentials; install the add-on, or say pod_identity_agent: true "
                "if the agent is there by other means"
            ),
        )


def _older(version: str) -> bool:
    major, _, minor = version.partition(".")
    return (int(major), int(minor)) < OLDEST_KUBERNETES


def refused_hosts(
    hosts: tuple[PlannedHost, ...],
    network: Network,
    zones: Mapping[str, str],
    offered: frozenset[tuple[str, str]],
) -> Iterator[tuple[Check, str]]:
    """Which groups have hosts that EC2 does not offer where they stand, each with its cure.

    `zones` are by subnet, and `offered` are instance types with a zone that has them.
    """
    places = {
        (host.group, host.instance_type, network.subnets[host.subnet]): None for host in hosts
    }
    for group, kind, subnet in places:
        if (kind, zones[subnet]) not in offered:
            yield (
                Check.INSTANCE_TYPE,
                (
                    f"gallery:hosts: the group {group} is of {kind}, which EC2 does not offer in "
                    f"{zones[subnet]}, where {subnet} is; take another type, or leave that "
                    "subnet out of gallery:network.existing.private_subnets"
                ),
            )
