"""The store's part of the mesh: mutual TLS everywhere, and only what the call graph has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from components.pods import labels_of
from gallery.plan.mesh import Allowed
from gallery.render.mesh import mesh_objects


@dataclass(frozen=True, kw_only=True)
class MeshArgs:
    """Who may ask whom for what, in the store's namespace."""

    allowed: Sequence[Allowed]
    namespace: pulumi.Input[str]


class Mesh(pulumi.ComponentResource):
    """The objects of the mesh's API. The mesh itself is the cluster's."""

    def __init__(
        self, name: str, args: MeshArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("gallery:components:Mesh", name, None, opts)
        for each in mesh_objects(args.allowed):
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
