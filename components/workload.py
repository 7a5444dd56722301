"""One service of the store: its pods, its address, who may call it, and how it grows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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
    variables,
)
from components.probes import Probe, liveness, readiness, startup
from gallery.plan.cluster import Cluster
from gallery.plan.mesh import Proxy
from gallery.plan.model import PlannedService
from gallery.plan.network import Reach
from gallery.store.ending import SETTLED_SECONDS
from gallery.store.services import Protocol, Service

CONTAINER = "server"
_DATA = "data"
_DATA_SIZE = "8Gi"
_PASSING_SIZE = "1Gi"
_CPU_PERCENT = 70
PASSWORD_KEY = "password"  # noqa: S105 (where it stands in its Secret)


@dataclass(frozen=True, kw_only=True)
class Password:
    """A password of which a pod knows the place alone: a Secret, and the variable that holds it."""

    variable: str
    secret: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class WorkloadArgs:
    """`reach` is who may call it, and whom it may call.

    `durable`: what keeps data has a volume, which outlives its pod. Without `storage_class` it is
    of the cluster's default one. `apart`: one node does not take all pods of a service.
    """

    planned: PlannedService
    image: str
    environment: Mapping[str, str]
    password: Password | None
    reach: Reach
    durable: bool
    apart: bool
    storage_class: str | None
    cluster: Cluster
    proxy: Proxy | None
    namespace: pulumi.Input[str]


class Workload(pulumi.ComponentResource):
    """A Deployment with all that belongs to it."""

    def __init__(
        self, name: str, args: WorkloadArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("gallery:components:Workload", name, None, opts)
        self._name, self._args = name, args
        self._service = args.planned.service
        self._metadata: k8s.meta.v1.ObjectMetaArgsDict = {
            "name": self._service.name,
            "namespace": args.namespace,
            "labels": labels_of(self._service.name),
        }
        self._child = pulumi.ResourceOptions(parent=self)
        k8s.core.v1.ServiceAccount(
            name,
            metadata=self._metadata,
            automount_service_account_token=False,
            opts=self._child,
        )
        self._deployment()
        self._address()
        admit(name, args.reach, namespace=args.namespace, opts=self._child)
        if args.planned.replicas > 1:
            disruption_budget(name, self._service.name, args.namespace, self._child)
        if args.planned.autoscaled:
            self._autoscaler()
        self.register_outputs({})

    def _deployment(self) -> None:
        service, planned = self._service, self._args.planned
        spec: k8s.apps.v1.DeploymentSpecArgsDict = {
            "min_ready_seconds": SETTLED_SECONDS,
            "selector": {"match_labels": {APP: service.name}},
            "strategy": _strategy(service),
            "template": {
                "metadata": pod_metadata(service.name, self._args.proxy, service.ending),
                "spec": self._pod(),
            },
        }
        if not planned.autoscaled:
            # Where an autoscaler counts, a number here would undo its work at every deployment.
            spec["replicas"] = planned.replicas
        k8s.apps.v1.Deployment(self._name, metadata=self._metadata, spec=spec, opts=self._child)

    def _pod(self) -> k8s.core.v1.PodSpecArgsDict:
        service, args = self._service, self._args
        return {
            "automount_service_account_token": False,
            "containers": [_container(args)],
            "dns_config": DNS,
            "enable_service_links": False,
            "security_context": pod_security(args.cluster),
            "service_account_name": service.name,
            "termination_grace_period_seconds": service.ending.grace,
            "topology_spread_constraints": spread(
                service.name,
                args.planned.replicas,
                apart=args.apart and args.planned.replicas > 1,
            ),
            "volumes": [*([self._volume()] if service.data_path else []), scratch()],
        }

    def _volume(self) -> k8s.core.v1.VolumeArgsDict:
        if not self._args.durable:
            return {"name": _DATA, "empty_dir": {"size_limit": _PASSING_SIZE}}
        spec: k8s.core.v1.PersistentVolumeClaimSpecArgsDict = {
            "access_modes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": _DATA_SIZE}},
        }
        if self._args.storage_class:
            spec["storage_class_name"] = self._args.storage_class
        k8s.core.v1.PersistentVolumeClaim(
            self._name,
            metadata={
                **self._metadata,
                # It is bound when its first pod is scheduled; waiting for that here would keep
                # the pod from ever being declared.
                "annotations": {"pulumi.com/skipAwait": "true"},
            },
            spec=spec,
            opts=pulumi.ResourceOptions(parent=self, protect=True),
        )
        return {"name": _DATA, "persistent_volume_claim": {"claim_name": self._service.name}}

    def _address(self) -> None:
        service = self._service
        k8s.core.v1.Service(
            self._name,
            metadata=self._metadata,
            spec={
                "selector": {APP: service.name},
                "ports": [
                    {
                        "name": str(service.protocol),
                        "app_protocol": str(service.protocol),
                        "port": service.service_port,
                        "target_port": service.container_port,
                        "protocol": "TCP",
                    }
                ],
            },
            opts=self._child,
        )

    def _autoscaler(self) -> None:
        service, planned = self._service, self._args.planned
        k8s.autoscaling.v2.HorizontalPodAutoscaler(
            self._name,
            metadata=self._metadata,
            spec={
                "scale_target_ref": {
                    "api_version": "apps/v1",
                    "kind": "Deployment",
                    "name": service.name,
                },
                "min_replicas": planned.replicas,
                "max_replicas": planned.most,
                "metrics": [
                    {
                        # Of the process alone: the proxy's idle share would hide its load.
                        "type": "ContainerResource",
                        "container_resource": {
                            "name": "cpu",
                            "container": CONTAINER,
                            "target": {
                                "type": "Utilization",
                                "average_utilization": _CPU_PERCENT,
                            },
                        },
                    }
                ],
            },
            opts=self._child,
        )


def _strategy(service: Service) -> k8s.apps.v1.DeploymentStrategyArgsDict:
    if service.data_path:
        # Its volume cannot be in two pods.
        return {"type": "Recreate"}
    return {"type": "RollingUpdate", "rolling_update": {"max_surge": 1, "max_unavailable": 0}}


def _container(args: WorkloadArgs) -> k8s.core.v1.ContainerArgsDict:
    service = args.planned.service
    data: list[k8s.core.v1.VolumeMountArgsDict] = (
        [{"name": _DATA, "mount_path": service.data_path}] if service.data_path else []
    )
    container: k8s.core.v1.ContainerArgsDict = {
        "name": CONTAINER,
        "image": args.image,
        "ports": [{"name": str(service.protocol), "container_port": service.container_port}],
        "startup_probe": startup(_ask(service, "startup"), service.probe.starts_within),
        "readiness_probe": readiness(_ask(service, "readiness")),
        "liveness_probe": liveness(_ask(service, "liveness")),
        "resources": bounds(service.resources),
        "security_context": container_security(),
        "volume_mounts": [*data, scratch_mount()],
    }
    if service.ending.answers:
        container["lifecycle"] = until_nobody_calls(service.ending)
    # The password first: what refers to a variable stands after it.
    if found := [*_secret_variable(args.password), *variables(args.environment)]:
        container["env"] = found
    guards = service.guard.arguments if service.guard and args.password else ()
    if arguments := [*service.arguments, *guards]:
        container["args"] = arguments
    return container


def _secret_variable(password: Password | None) -> list[k8s.core.v1.EnvVarArgsDict]:
    if password is None:
        return []
    where: k8s.core.v1.SecretKeySelectorArgsDict = {"name": password.secret, "key": PASSWORD_KEY}
    return [{"name": password.variable, "value_from": {"secret_key_ref": where}}]


def _ask(service: Service, kind: str) -> Probe:
    """How the kubelet asks this service, in its own language."""
    port = service.container_port
    match service.protocol:
        case Protocol.HTTP:
            # The frontend answers a request with this cookie without asking its backends.
            cookie = f"shop_session-id=x-{kind}-probe"
            return {
                "http_get": {
                    "path": service.probe.path,
                    "port": port,
                    "http_headers": [{"name": "Cookie", "value": cookie}],
                },
            }
        case Protocol.GRPC:
            return {"grpc": {"port": port}}
        case Protocol.TCP:
            # Whoever is still reading its data is not dead.
            if service.probe.command and kind != "liveness":
                return {"exec_": {"command": list(service.probe.command)}}
            return {"tcp_socket": {"port": port}}
