"""The part of the stack file about the cluster's service mesh."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, cast

from pydantic import AfterValidator, BeforeValidator, Field, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema

from gallery.stack_file.quantities import Cpu, Memory, Name, Version
from gallery.stack_file.section import LABEL, SUBDOMAIN, Section
from gallery.store.companions import SIDECAR

# Between the three numbers of a version that leaves nothing open.
_DOTS = 2


def _whole(version: str) -> str:
    if version.count(".") < _DOTS:
        raise ValueError(f"{version} leaves open which one; write all three numbers, as 1.30.4")
    return version


MeshVersion = Annotated[Version, AfterValidator(_whole)]


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


class ExistingMesh(Section):
    """A mesh that is there.

    `version` is Istio's, or OpenShift Service Mesh's: said, it is held against the cluster's.
    `revision` is the control plane's, or its tag's, where namespaces choose one by name.
    `namespace` is the control plane's, `trust_domain` how its certificates begin.
    """

    version: MeshVersion | None = None
    revision: Name | None = None
    namespace: Annotated[str, Field(max_length=63, pattern=LABEL)] = "istio-system"
    trust_domain: Annotated[str, Field(max_length=255, pattern=SUBDOMAIN)] = "cluster.local"


class InstalledMesh(Section):
    """A mesh that the stack installs: Istio on EKS, OpenShift Service Mesh on OpenShift."""

    version: MeshVersion


class Mesh(Section):
    """`{existing: {…}}` or `{installed: {…}}`, and what the proxy beside a container is given."""

    existing: ExistingMesh = ExistingMesh()
    installed: InstalledMesh | None = None
    proxy: Proxy = Proxy()

    @model_validator(mode="after")
    def _one(self) -> Mesh:
        if {"existing", "installed"} <= self.model_fields_set:
            raise ValueError(
                "a mesh is existing or installed; remove one of the two: an existing one keeps its "
                "control plane, its revision and its trust domain"
            )
        return self

    @model_validator(mode="before")
    @classmethod
    def _moved(cls, given: object) -> object:
        """What stood here before a mesh was a choice. Raises ValueError with its new place."""
        if isinstance(given, Mapping):
            keys = cast("Mapping[str, object]", given)
            if found := [where for key, where in _MOVED.items() if key in keys]:
                raise ValueError("\n".join(found))
        return cast("object", given)


_MOVED = {
    "gateway": "gateway stands under gallery:door now; write gallery:door: {gateway: {…}}",
    **{
        key: f"{key} is one of an existing mesh's; write existing: {{{key}: …}}"
        for key in ("revision", "namespace", "trust_domain")
    },
}
NONE = "none"


def _left_out(value: object) -> object:
    """The mesh, or None where the stack says in words that it has none."""
    if value == NONE:
        return None
    if isinstance(value, str):
        raise ValueError(  # noqa: TRY004 - pydantic knows no other error
            f"{value!r} says nothing of the mesh; write existing: {{…}}, installed: {{…}}, or "
            f"{NONE} for a stack without one"
        )
    return value


class _Spelled:
    """In the schema, what stands for no mesh is the word for it."""

    def __get_pydantic_json_schema__(
        self, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        mesh, _ = handler(core)["anyOf"]
        return {"anyOf": [mesh, {"const": NONE}]}


MeshChoice = Annotated[Mesh | None, BeforeValidator(_left_out), _Spelled()]
