"""A mesh that the stack installs: by Istio's charts, or by OpenShift's operator.

Which of them is the platform's to say (`gallery.plan.cluster`).
"""

from __future__ import annotations

from dataclasses import dataclass

from gallery.plan.mesh_versions import SERVICE_MESH, minor

# Of the control plane, and of what sets up the network of pods.
NAMESPACE = "istio-system"
_NAME = "gallery"


@dataclass(frozen=True, kw_only=True)
class IstioCharts:
    """Istio of this version, each version's control plane beside the one before it."""

    version: str

    @property
    def istio(self) -> str:
        """The version of Istio."""
        return self.version

    @property
    def revision(self) -> str:
        """By which namespaces choose this control plane."""
        return self.version.replace(".", "-")


@dataclass(frozen=True, kw_only=True)
class ServiceMesh:
    """OpenShift Service Mesh of this version, whose control plane is updated in its place."""

    version: str

    @property
    def istio(self) -> str:
        """The minor version of Istio that it is made of."""
        return SERVICE_MESH[minor(self.version)]

    @property
    def revision(self) -> str:
        """By which namespaces choose its control plane: the name that it has."""
        return _NAME


InstalledMesh = IstioCharts | ServiceMesh
