"""Customers that are played, for stacks that have no real ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from components.admission import admit
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
    variables,
)
from gallery.plan.cluster import Cluster
from gallery.plan.mesh import Proxy
from gallery.plan.network import Reach
from gallery.store.ending import SETTLED_SECONDS, UNCALLED
from gallery.store.services import LoadGenerator as Generator


@dataclass(frozen=True, kw_only=True)
class LoadGeneratorArgs:
    """`namespace` is the store's, `environment` what Locust is told, `reach` whom it may call."""

    generator: Generator
    image: str
    environment: Mapping[str, str]
    reach: Reach
    cluster: Cluster
    proxy: Proxy | None
    namespace: pulumi.Input[str]


class LoadGenerator(pulumi.ComponentResource):
    """Locust. It listens on nothing, so nobody may call it.

    It waits for nothing: a customer whose request fails asks again, and no init container has to
    reach the mesh before the proxy is there.
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
        admit(name, args.reach, namespace=args.namespace, opts=child)
        playing: k8s.core.v1.ContainerArgsDict = {
            "name": "server",
            "image": args.image,
            "env": variables(environment),
            "resources": bounds(generator.resources),
            "security_context": container_security(),
            "volume_mounts": [scratch_mount()],
        }
        k8s.apps.v1.Deployment(
            name,
            metadata=metadata,
            spec={
                "min_ready_seconds": SETTLED_SECONDS,
                "replicas": 1,
                "selector": {"match_labels": {APP: generator.name}},
                "template": {
                    "metadata": pod_metadata(generator.name, args.proxy, UNCALLED),
                    "spec": {
                        "automount_service_account_token": False,
                        "containers": [playing],
                        "dns_config": DNS,
                        "enable_service_links": False,
                        "security_context": pod_security(args.cluster),
                        "service_account_name": generator.name,
                        "termination_grace_period_seconds": UNCALLED.grace,
                        "volumes": [scratch()],
                    },
                },
            },
            opts=child,
        )
        self.register_outputs({})
