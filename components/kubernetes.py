"""The way into the cluster: a provider that speaks to it, and where its pods come from."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s

from gallery.plan.cluster import Cluster, EksCluster, OpenShiftCluster
from gallery.plan.ground import EksFacts, refused_cluster
from gallery.plan.mesh import Mesh
from gallery.plan.model import Plan
from gallery.render.kubeconfig import eks_kubeconfig

_AGENT = "eks-pod-identity-agent"
# How the AWS provider says that there is none (internal/service/eks/addon_data_source.go).
_NOT_FOUND = re.compile("ResourceNotFoundException|couldn't find resource|empty result")


@dataclass(frozen=True, kw_only=True)
class PodSource:
    """What pods look like from outside: a security group or a CIDR. `key` names it."""

    key: str
    security_group: pulumi.Input[str] | None = None
    cidr: str | None = None


@dataclass(frozen=True, kw_only=True)
class KubernetesArgs:
    """The plan, whose `secrets` hold the kubeconfig of an OpenShift cluster."""

    plan: Plan
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
        match args.plan.cluster:
            case EksCluster() as cluster:
                way = self._into_eks(cluster, args.plan.mesh)
            case OpenShiftCluster() as cluster:
                way = _into_openshift(cluster, args.secrets)
        self.sources = way.sources
        # Without an identifier the provider goes by the cluster's address and certificate, which
        # a rebuilt cluster has anew, where its name, ARN or context would be the old ones.
        self.provider = k8s.Provider(
            f"{name}-provider",
            kubeconfig=way.kubeconfig,
            context=args.plan.cluster.name,
            # A changed configuration is an update: pods that restart meanwhile still find it.
            enable_config_map_mutable=True,
            # What hands changed is taken back (docs/adr/0016-hands-and-the-stack-file.md).
            enable_patch_force=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})

    def _into_eks(self, cluster: EksCluster, mesh: Mesh | None) -> _WayIn:
        found = self._found(cluster, mesh)
        kubeconfig = eks_kubeconfig(
            cluster.name, cluster.region, found.endpoint, found.certificate_authorities[0].data
        )
        groups = [PodSource(key=group, security_group=group) for group in cluster.security_groups]
        own = PodSource(key="cluster", security_group=found.vpc_config.cluster_security_group_id)
        return _WayIn(
            # No token in state: whoever deploys asks for one each time.
            kubeconfig=json.dumps(kubeconfig, sort_keys=True),
            sources=(*groups, *_from_cidrs(cluster)) or (own,),
        )

    def _found(self, cluster: EksCluster, mesh: Mesh | None) -> aws.eks.GetClusterResult:
        """What EKS says of it. Raises RunError before anything is made."""
        key = f"gallery:cluster.existing.name is {cluster.name}"
        asked = pulumi.InvokeOptions(parent=self)
        try:
            found = aws.eks.get_cluster(name=cluster.name, opts=asked)
        except Exception as error:  # noqa: BLE001 - the SDK raises nothing narrower
            raise pulumi.RunError(
                f"{key}, and EKS in {cluster.region} does not show it: {error}"
            ) from None
        facts = EksFacts(
            status=found.status,
            version=found.version,
            ip_family=found.kubernetes_network_configs[0].ip_family,
            pod_identity=(
                cluster.pod_identity_agent
                or any(compute.enabled for compute in found.compute_configs)
                or _has_agent(cluster, asked)
            ),
        )
        istio = mesh.istio if mesh else None
        if errors := [f"{key}: {error}" for _, error in refused_cluster(facts, istio)]:
            raise pulumi.RunError("\n".join(errors))
        return found


def _has_agent(cluster: EksCluster, asked: pulumi.InvokeOptions) -> bool:
    try:
        aws.eks.get_addon(cluster_name=cluster.name, addon_name=_AGENT, opts=asked)
    except Exception as error:
        if _NOT_FOUND.search(str(error)):
            return False
        raise
    return True


def _from_cidrs(cluster: Cluster) -> tuple[PodSource, ...]:
    return tuple(PodSource(key=cidr, cidr=cidr) for cidr in cluster.egress_cidrs)


def _into_openshift(cluster: OpenShiftCluster, secrets: Mapping[str, pulumi.Output[str]]) -> _WayIn:
    return _WayIn(
        kubeconfig=secrets[cluster.kubeconfig_secret],
        sources=_from_cidrs(cluster),
    )
