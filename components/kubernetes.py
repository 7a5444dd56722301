"""The way into the cluster: a provider that speaks to it, and where its pods come from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s

from gallery.plan.cluster import Cluster, EksCluster, OpenShiftCluster
from gallery.render.kubeconfig import eks_kubeconfig


@dataclass(frozen=True, kw_only=True)
class PodSource:
    """What pods look like from outside: a security group or a CIDR. `key` names it."""

    key: str
    security_group: pulumi.Input[str] | None = None
    cidr: str | None = None


@dataclass(frozen=True, kw_only=True)
class KubernetesArgs:
    """`secrets` hold the kubeconfig of an OpenShift cluster."""

    cluster: Cluster
    secrets: Mapping[str, pulumi.Output[str]]


@dataclass(frozen=True, kw_only=True)
class _WayIn:
    kubeconfig: pulumi.Input[str]
    sources: tuple[PodSource, ...]


class Kubernetes(pulumi.ComponentResource):
    """An existing cluster. `sources` are where its pods' connections come from."""

    provider: k8s.Provider
    sources: tuple[PodSource, ...]

    def __init__(
        self, name: str, args: KubernetesArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("gallery:components:Kubernetes", name, None, opts)
        match args.cluster:
            case EksCluster() as cluster:
                way = self._into_eks(cluster)
            case OpenShiftCluster() as cluster:
                way = _into_openshift(cluster, args.secrets)
        self.sources = way.sources
        self.provider = k8s.Provider(
            f"{name}-provider",
            kubeconfig=way.kubeconfig,
            context=args.cluster.name,
            # No identifier: so the provider goes by the cluster's address and certificate, which
            # a rebuilt cluster has anew, where its name, ARN or context would be the old ones.
            # A changed configuration is an update: pods that restart meanwhile still find it.
            enable_config_map_mutable=True,
            # What hands changed is taken back (docs/adr/0016-hands-and-the-stack-file.md).
            enable_patch_force=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})

    def _into_eks(self, cluster: EksCluster) -> _WayIn:
        found = aws.eks.get_cluster_output(
            name=cluster.name, opts=pulumi.InvokeOutputOptions(parent=self)
        )
        # No token in state: whoever deploys asks for one each time.
        kubeconfig = pulumi.Output.all(found.endpoint, found.certificate_authorities[0].data).apply(
            lambda known: json.dumps(
                eks_kubeconfig(cluster.name, cluster.region, known[0], known[1]), sort_keys=True
            )
        )
        group = found.vpc_config.cluster_security_group_id
        return _WayIn(
            kubeconfig=kubeconfig,
            sources=(PodSource(key="cluster", security_group=group),),
        )


def _into_openshift(cluster: OpenShiftCluster, secrets: Mapping[str, pulumi.Output[str]]) -> _WayIn:
    return _WayIn(
        kubeconfig=secrets[cluster.kubeconfig_secret],
        sources=tuple(PodSource(key=cidr, cidr=cidr) for cidr in cluster.egress_cidrs),
    )
