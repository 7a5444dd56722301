"""The shop's door: through the mesh's gateway, and through nothing else."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from components.pods import labels_of
from gallery.metrics.durations import Duration
from gallery.plan.door import Entry
from gallery.render.door import door_objects, route
from gallery.store.services import Service


@dataclass(frozen=True, kw_only=True)
class DoorArgs:
    """Who may come in how, to which service, and how long its answer is waited for."""

    entry: Entry
    entrance: Service
    wait: Duration
    namespace: pulumi.Input[str]


class Door(pulumi.ComponentResource):
    """What the gateway listens to, where it leads, and OpenShift's way to it."""

    def __init__(
        self, name: str, args: DoorArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("gallery:components:Door", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        for each in door_objects(args.entry, args.entrance, args.wait):
            k8s.apiextensions.CustomResource(
                f"{name}-{each.kind}",
                api_version=each.api_version,
                kind=each.kind,
                metadata={
                    "name": each.name,
                    "namespace": args.namespace,
                    "labels": labels_of(args.entrance.name),
                },
                spec=each.spec,
                opts=child,
            )
        if way := route(args.entry):
            k8s.apiextensions.CustomResource(
                f"{name}-Route",
                api_version="route.openshift.io/v1",
                kind="Route",
                metadata={
                    "name": way.name,
                    "namespace": way.namespace,
                    "labels": labels_of(args.entrance.name),
                },
                spec=way.spec,
                opts=child,
            )
        self.register_outputs({})
