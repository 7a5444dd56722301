"""The prober: blackbox exporters behind one name, in the mesh like any caller of the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import pulumi
import pulumi_kubernetes as k8s

from components.admission import admit
from components.disruption import disruption_budget
from components.pods import (
    APP,
    DNS,
    bounds,
    container_security,
    labels_of,
    pod_metadata,
    pod_security,
    scratch,
    scratch_mount,
    spread,
    until_nobody_calls,
)
from components.probes import Probe, liveness, readiness, startup
from gallery.plan.cluster import Cluster
from gallery.plan.mesh import Proxy
from gallery.plan.network import Reach
from gallery.store.companions import PROBER
from gallery.store.ending import SETTLED_SECONDS

FILE = "blackbox.yml"
_CHECKSUM = "checksum/config"
_TLS = 443
_DIRECTORY = "/etc/blackbox_exporter"
# The collector is outside the mesh and speaks plain HTTP to this port; so does the prober when
# it probes itself, which its own proxy would otherwise encrypt for a proxy that is bypassed.
_PAST_THE_PROXY = {
    "traffic.sidecar.istio.io/excludeInboundPorts": str(PROBER.port),
    "traffic.sidecar.istio.io/excludeOutboundPorts": str(PROBER.port),
}


@dataclass(frozen=True, kw_only=True)
class ProberArgs:
    """`config` is what they run with, `after` what must be there before the pods.

    `ways_out` are hosts beyond the mesh that they ask over TLS, `reach` is whom the network lets
    them ask and be asked by, `priority` is the PriorityClass of the pods.
    """

    config: str
    image: str
    replicas: int
    cluster: Cluster
    proxy: Proxy | None
    ways_out: Sequence[pulumi.Input[str]]
    reach: Reach
    namespace: pulumi.Input[str]
    priority: str
    after: pulumi.Resource | None


class Prober(pulumi.ComponentResource):
    """A Deployment whose pods roll when their configuration changes, and its Service."""

    def __init__(
        self, name: str, args: ProberArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("gallery:components:Prober", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        metadata: k8s.meta.v1.ObjectMetaArgsDict = {
            "name": PROBER.name,
            "namespace": args.namespace,
            "labels": labels_of(PROBER.name),
        }
        k8s.core.v1.ServiceAccount(
            name, metadata=metadata, automount_service_account_token=False, opts=child
        )
        stored = k8s.core.v1.ConfigMap(
            name, metadata=metadata, data={FILE: args.config}, opts=child
        )
        k8s.apps.v1.Deployment(
            name,
            metadata=metadata,
            spec={
                "min_ready_seconds": SETTLED_SECONDS,
                "replicas": args.replicas,
                "selector": {"match_labels": {APP: PROBER.name}},
                "strategy": {
                    "type": "RollingUpdate",
                    "rolling_update": {"max_surge": 1, "max_unavailable": 0},
                },
                "template": {
                    "metadata": pod_metadata(
                        PROBER.name,
                        args.proxy,
                        PROBER.ending,
                        {
                            **(_PAST_THE_PROXY if args.proxy else {}),
                            _CHECKSUM: sha256(args.config.encode()).hexdigest(),
                        },
                    ),
                    "spec": _pod(args),
                },
            },
            # A pod reads its configuration when it is made.
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[stored, *([args.after] if args.after else [])]
            ),
        )
        k8s.core.v1.Service(
            name,
            metadata=metadata,
            spec={
                "selector": {APP: PROBER.name},
                "ports": [
                    {
                        "name": "http",
                        "app_protocol": "http",
                        "port": PROBER.port,
                        "target_port": PROBER.port,
                        "protocol": "TCP",
                    }
                ],
            },
            opts=child,
        )
        admit(name, args.reach, namespace=args.namespace, opts=child)
        if args.proxy and args.ways_out:
            _admit_out(name, metadata, args.ways_out, child)
        if args.replicas > 1:
            disruption_budget(name, PROBER.name, args.namespace, child)
        self.register_outputs({})


def _admit_out(
    name: str,
    metadata: k8s.meta.v1.ObjectMetaArgsDict,
    hosts: Sequence[pulumi.Input[str]],
    opts: pulumi.ResourceOptions,
) -> None:
    """Let the prober out of a mesh that lets nobody out whom it does not know (REGISTRY_ONLY).

    Without a resolution the proxy goes to the very address that the prober has chosen: a dead
    one among several must stay visible.
    """
    k8s.apiextensions.CustomResource(
        f"{name}-ways-out",
        api_version="networking.istio.io/v1",
        kind="ServiceEntry",
        metadata=metadata,
        spec={
            "exportTo": ["."],
            "hosts": list(hosts),
            "location": "MESH_EXTERNAL",
            "ports": [{"name": "tls", "number": _TLS, "protocol": "TLS"}],
            "resolution": "NONE",
        },
        opts=opts,
    )


def _pod(args: ProberArgs) -> k8s.core.v1.PodSpecArgsDict:
    health: Probe = {"http_get": {"path": "/-/healthy", "port": PROBER.port}}
    return {
        "automount_service_account_token": False,
        "containers": [
            {
                "name": PROBER.name,
                "image": args.image,
                "args": [
                    f"--config.file={_DIRECTORY}/{FILE}",
                    f"--web.listen-address=:{PROBER.port}",
                ],
                "lifecycle": until_nobody_calls(PROBER.ending),
                "ports": [{"name": "http", "container_port": PROBER.port}],
                "startup_probe": startup(health, within=60),
                "readiness_probe": readiness(health),
                "liveness_probe": liveness(health),
                "resources": bounds(PROBER.resources),
                "security_context": container_security(),
                "volume_mounts": [
                    {"name": "config", "mount_path": _DIRECTORY, "read_only": True},
                    scratch_mount(),
                ],
            }
        ],
        "dns_config": DNS,
        "enable_service_links": False,
        "priority_class_name": args.priority,
        "security_context": pod_security(args.cluster, PROBER.user),
        "service_account_name": PROBER.name,
        "termination_grace_period_seconds": PROBER.ending.grace,
        "topology_spread_constraints": spread(PROBER.name, args.replicas, apart=args.replicas > 1),
        "volumes": [{"name": "config", "config_map": {"name": PROBER.name}}, scratch()],
    }
