"""Customers that are played, for stacks that have no real ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from components.pods import (
    APP,
    DNS,
    bounds,
    container_security,
    labels_of,
    pod_security,
    variables,
)
from gallery.metrics.probes import PROBE_COOKIE
from gallery.plan.cluster import Cluster
from gallery.store.companions import BUSYBOX_IMAGE
from gallery.store.services import LoadGenerator as Generator
from gallery.store.services import Resources

# The address comes from the environment: nothing is put together here.
_WAIT = (
    'until wget -q -O /dev/null --header "Cookie: $PROBE_COOKIE" '
    '"http://$FRONTEND_ADDR/_healthz"; do sleep 2; done'
)
_WAIT_RESOURCES = Resources(cpu=(10, 50), memory=(16, 32))


@dataclass(frozen=True, kw_only=True)
class LoadGeneratorArgs:
    """`namespace` is the store's, `environment` what Locust is told."""

    generator: Generator
    environment: Mapping[str, str]
    cluster: Cluster
    namespace: pulumi.Input[str]


class LoadGenerator(pulumi.ComponentResource):
    """Locust. It listens on nothing, so nobody may call it.

    It waits for the frontend in an init container, which reaches the mesh because Istio's proxy
    is one too and starts first (native sidecars, the default since Istio 1.27).
    """

    def __init__(
        self, name: str, args: LoadGeneratorArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("gallery:components:LoadGenerator", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        generator, environment = args.generator, args.environment
        metadata: k8s.meta.v1.ObjectMetaArgsDict = {
            "name": generator.name,
            "namespace": args.namespace,
            "labels": labels_of(generator.name),
        }
        k8s.core.v1.ServiceAccount(
            name, metadata=metadata, automount_service_account_token=False, opts=child
        )
        waiting: k8s.core.v1.ContainerArgsDict = {
            "name": "wait-for-frontend",
            "image": BUSYBOX_IMAGE,
            "command": ["sh", "-c", _WAIT],
            "env": variables(
                {"FRONTEND_ADDR": environment["FRONTEND_ADDR"], "PROBE_COOKIE": PROBE_COOKIE}
            ),
            "resources": bounds(_WAIT_RESOURCES),
            "security_context": container_security(),
        }
        playing: k8s.core.v1.ContainerArgsDict = {
            "name": "server",
            "image": generator.image,
            "env": variables(environment),
            "resources": bounds(generator.resources),
            "security_context": container_security(),
        }
        k8s.apps.v1.Deployment(
            name,
            metadata=metadata,
            spec={
                "replicas": 1,
                "selector": {"match_labels": {APP: generator.name}},
                "template": {
                    "metadata": {"labels": labels_of(generator.name)},
                    "spec": {
                        "automount_service_account_token": False,
                        "containers": [playing],
                        "dns_config": DNS,
                        "enable_service_links": False,
                        "init_containers": [waiting],
                        "security_context": pod_security(args.cluster),
                        "service_account_name": generator.name,
                        "termination_grace_period_seconds": 5,
                    },
                },
            },
            opts=child,
        )
        self.register_outputs({})
