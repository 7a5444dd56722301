"""Which versions of a mesh go with which Kubernetes: what their makers test, known offline."""

from __future__ import annotations

from collections.abc import Mapping

# The first and the last minor of Kubernetes 1 that each minor of Istio is tested with
# (istio.io, "Supported Releases", and the announcement of each).
KUBERNETES: Mapping[str, tuple[int, int]] = {
    "1.24": (28, 31),
    "1.25": (29, 32),
    "1.26": (29, 33),
    "1.27": (29, 33),
    "1.28": (30, 34),
    "1.29": (31, 35),
    "1.30": (32, 36),
    "1.31": (32, 36),
}
# The Istio that each minor of OpenShift Service Mesh is made of (Red Hat OpenShift Service Mesh,
# "Service Mesh version support tables"). Earlier ones do not know an Istio by its minor alone.
SERVICE_MESH: Mapping[str, str] = {
    "3.1": "1.26",
    "3.2": "1.27",
    "3.3": "1.28",
    "3.4": "1.30",
}


def minor(version: str) -> str:
    """`1.30` of `1.30.4`."""
    return ".".join(version.split(".")[:2])


def untested(istio: str, kubernetes: str) -> str | None:
    """With which Kubernetes an Istio is tested, where it is not with this one."""
    first, last = KUBERNETES[minor(istio)]
    own = int(kubernetes.split(".")[1])
    return None if first <= own <= last else f"1.{first} to 1.{last}"
