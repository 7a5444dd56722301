"""The store's part of the mesh: mutual TLS everywhere, and only what the call graph has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from components.pods import labels_of
from gallery.metrics.durations import Duration
from gallery.plan.mesh import Allowed
from gallery.plan.model import PlannedService
from gallery.render.mesh import mesh_objects
from gallery.render.traffic import traffic_objects


@dataclass(frozen=True, kw_only=True)
class MeshArgs:
    """Who may ask whom for what in the store's namespace, and for how long callers wait."""

    allowed: Sequence[Allowed]
    services: Sequence[PlannedService]
    waits: Mapping[str, Duration]
    namespace: pulumi.Input[str]


class Mesh(pulumi.ComponentResource):
    """The objects of the mesh's API. The mesh itself is the cluster's."""

    def __init__(
        self, name: str, args: MeshArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("gallery:components:Mesh", name, None, opts)
        objects = (*mesh_objects(args.allowed), *traffic_objects(args.services, args.waits))
        for each in objects:
            metadata: k8s.meta.v1.ObjectMetaArgsDict = {
                "name": each.name,
                "namespace": args.namespace,
            }
            if each.app is not None:
                metadata["labels"] = labels_of(each.app)
            k8s.apiextensions.CustomResource(
                f"{name}-{each.kind}-{each.name}",
                api_version=each.api_version,
                kind=each.kind,
                metadata=metadata,
                spec=each.spec,
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})
