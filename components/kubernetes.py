"""The way into the cluster: a provider that speaks to it, and where its pods come from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s

from gallery.plan.model import OpenShiftPlan, Plan
from gallery.render.kubeconfig import eks_kubeconfig


@dataclass(frozen=True, kw_only=True)
class KubernetesArgs:
    """`secrets` hold the kubeconfig of an OpenShift cluster."""

    plan: Plan
    secrets: Mapping[str, pulumi.Output[str]]


class Kubernetes(pulumi.ComponentResource):
    """An existing cluster. `security_group` is None where none can be referred to."""

    provider: k8s.Provider
    security_group: pulumi.Output[str] | None

    def __init__(
        self, name: str, args: KubernetesArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("gallery:components:Kubernetes", name, None, opts)
        cluster = args.plan.cluster
        if isinstance(cluster, OpenShiftPlan):
            self.security_group = None
            kubeconfig = args.secrets[cluster.kubeconfig_secret]
            context, identifier = cluster.context, cluster.context
        else:
            found = aws.eks.get_cluster_output(
                name=cluster.name, opts=pulumi.InvokeOutputOptions(parent=self)
            )
            self.security_group = found.vpc_config.cluster_security_group_id
            # No token in state: whoever deploys asks for one each time.
            kubeconfig = pulumi.Output.all(
                found.endpoint, found.certificate_authorities[0].data
            ).apply(
                lambda known: json.dumps(
                    eks_kubeconfig(cluster.name, args.plan.region, known[0], known[1]),
                    sort_keys=True,
                )
            )
            context, identifier = cluster.name, found.arn
        self.provider = k8s.Provider(
            f"{name}-provider",
            kubeconfig=kubeconfig,
            context=context,
            # Another cluster under the same name is another cluster: its content is replaced.
            cluster_identifier=identifier,
            # A changed configuration is an update: pods that restart meanwhile still find it.
            enable_config_map_mutable=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"security_group": self.security_group})
