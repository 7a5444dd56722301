"""The part of the stack file about the cluster's service mesh."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from gallery.stack_file.quantities import Cpu, Memory, Name
from gallery.stack_file.section import LABEL, SUBDOMAIN, Section
from gallery.store.companions import SIDECAR

# How Kubernetes names labels.
_LabelName = Annotated[str, Field(pattern=r"^([-a-z0-9.]+/)?[A-Za-z0-9]([-\w.]*[A-Za-z0-9])?$")]


class Proxy(Section):
    """What the mesh's proxy beside each container is given, and may not exceed."""

    cpu_request: Cpu = SIDECAR.cpu[0]
    cpu_limit: Cpu = SIDECAR.cpu[1]
    memory_request: Memory = SIDECAR.memory[0]
    memory_limit: Memory = SIDECAR.memory[1]

    @model_validator(mode="after")
    def _within(self) -> Proxy:
        for kind in ("cpu", "memory"):
            if getattr(self, f"{kind}_request") > getattr(self, f"{kind}_limit"):
                raise ValueError(f"{kind}_request exceeds {kind}_limit; raise {kind}_limit")
        return self


class MeshGateway(Section):
    """The mesh's gateway that customers come through: whom its pods run as, what they carry."""

    namespace: Annotated[str, Field(max_length=63, pattern=LABEL)]
    service_account: Annotated[str, Field(max_length=253, pattern=SUBDOMAIN)]
    pods: Annotated[
        dict[_LabelName, Annotated[str, Field(max_length=63, pattern=r"^\S*$")]],
        Field(min_length=1),
    ]


class Mesh(Section):
    """What is particular about the cluster's service mesh.

    `revision` is the control plane's, or its tag's, where namespaces choose one by name.
    `namespace` is the control plane's, `trust_domain` how its certificates begin.
    A stack with a door names its `gateway`.
    """

    revision: Name | None = None
    namespace: Annotated[str, Field(max_length=63, pattern=LABEL)] = "istio-system"
    trust_domain: Annotated[str, Field(max_length=255, pattern=SUBDOMAIN)] = "cluster.local"
    gateway: MeshGateway | None = None
    proxy: Proxy = Proxy()
