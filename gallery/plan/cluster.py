"""The cluster a stack stands on. What its platform decides is asked of these, not of their type.

`name` is also the value of the label `cluster`. `oidc_provider` is the ARN of the IAM OIDC
provider that vouches for its service accounts, None where Pod Identity does. `watchers_priority` is
the PriorityClass that the platform has for whoever watches, None where it has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gallery.plan.installed_mesh import InstalledMesh, IstioCharts, ServiceMesh


@dataclass(frozen=True, kw_only=True)
class EksCluster:
    """An existing EKS cluster, found by name in its region.

    Its pods' connections come from `security_groups` and `egress_cidrs`, or without both from the
    cluster's own group. `pod_identity_agent`: whether somebody vouches for the agent.
    """

    name: str
    region: str
    security_groups: tuple[str, ...] = ()
    egress_cidrs: tuple[str, ...] = ()
    pod_identity_agent: bool = False
    oidc_provider: None = None
    platform: Literal["eks"] = "eks"
    # Where pods find the API server and resolvers, once a Service's address is translated.
    api_port: int = 443
    dns_ports: tuple[int, ...] = (53,)
    watchers_priority: None = None
    # Whether a mesh that the stack installs has a gateway too.
    installs_gateway: bool = True

    def pod_user(self, user: int) -> int | None:
        """The user that a pod says it runs as."""
        return user

    def install_mesh(self, version: str) -> InstalledMesh:
        """How a mesh of this version comes into the cluster."""
        return IstioCharts(version=version)


@dataclass(frozen=True, kw_only=True)
class OpenShiftCluster:
    """An existing OpenShift cluster, and the addresses its pods leave from.

    Its name is the context in the kubeconfig that leads to it.
    """

    name: str
    kubeconfig_secret: str
    egress_cidrs: tuple[str, ...]
    oidc_provider: str
    platform: Literal["openshift"] = "openshift"
    api_port: int = 6443
    dns_ports: tuple[int, ...] = (53, 5353)
    # That of the platform's own monitoring of users' workloads.
    watchers_priority: str = "openshift-user-critical"
    installs_gateway: bool = False

    def pod_user(self, _user: int) -> int | None:
        """None: each namespace has users of its own, and a pod that names another is rejected."""
        return None

    def install_mesh(self, version: str) -> InstalledMesh:
        """How a mesh of this version comes into the cluster."""
        return ServiceMesh(version=version)


Cluster = EksCluster | OpenShiftCluster
