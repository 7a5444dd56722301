"""What a cluster has before a stack: nodes in three zones, disks for its claims, classes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from gallery.metrics.labels import ISTIOD_SERVICE
from gallery.metrics.ports import ISTIOD_WEBHOOK_PORT
from gallery.store.services import APP
from rehearsal.cluster.api import Api
from rehearsal.cluster.declared import Declared
from rehearsal.stand_in.documents import Document

_ZONES = ("a", "b", "c")
_NODES_PER_ZONE = 2
# An m7g.2xlarge, without what the system keeps for itself.
_CAPACITY = {"cpu": "7910m", "memory": "29Gi", "pods": "110", "ephemeral-storage": "76Gi"}
# For a claim that names none.
_DEFAULT_CLASS = "rehearsed"
_OPENSHIFT = "openshift-"
# What openshift-user-critical has, and the most that a class of anybody's may have.
_USERS_HIGHEST = 1_000_000_000
_CLAIM = "PersistentVolumeClaim"


def add_nodes(api: Api) -> None:
    """Give the cluster its nodes."""
    for node in _nodes():
        api.apply(node)


def add_for(api: Api, objects: Sequence[Declared], control_planes: Iterable[str]) -> None:
    """Give the cluster what these objects name and others have made.

    `control_planes` are the namespaces in which their collector looks for the mesh's.
    """
    theirs = _elsewhere(objects, control_planes)
    for manifest in (*theirs, *_storage(objects), *_classes(objects)):
        api.apply(manifest)


def _nodes() -> Iterator[Document]:
    for zone in _ZONES:
        for number in range(_NODES_PER_ZONE):
            name = f"node-{zone}-{number}"
            labels = {
                "kubernetes.io/arch": "arm64",
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "topology.kubernetes.io/zone": f"zone-{zone}",
            }
            yield {
                "apiVersion": "v1",
                "kind": "Node",
                "metadata": {"name": name, "labels": labels},
                "status": {"allocatable": _CAPACITY, "capacity": _CAPACITY},
            }


def _elsewhere(objects: Sequence[Declared], control_planes: Iterable[str]) -> Iterator[Document]:
    """The namespace of a mesh that others keep, and a pod of its control plane."""
    every = [each.manifest for each in objects]
    own = {each["metadata"]["name"] for each in every if each["kind"] == "Namespace"}
    for name in sorted(set(control_planes) - own):
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        # Its own, as istiod's is: the namespace's first one comes only after a while.
        account = {"name": ISTIOD_SERVICE, "namespace": name}
        yield {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": account}
        container = {
            "name": "discovery",
            "image": "rehearsed",
            "ports": [{"containerPort": ISTIOD_WEBHOOK_PORT}],
        }
        yield {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": ISTIOD_SERVICE,
                "namespace": name,
                # As its charts label it, without a revision of its own.
                "labels": {APP: ISTIOD_SERVICE, "istio.io/rev": "default"},
            },
            "spec": {
                "automountServiceAccountToken": False,
                "containers": [container],
                "serviceAccountName": ISTIOD_SERVICE,
            },
        }


def _storage(objects: Iterable[Declared]) -> Iterator[Document]:
    claims = [each.manifest for each in objects if each.manifest["kind"] == _CLAIM]
    classes = {str(each["spec"].get("storageClassName", _DEFAULT_CLASS)) for each in claims}
    for name in sorted(classes):
        is_default = str(name == _DEFAULT_CLASS).lower()
        yield {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {
                "name": name,
                "annotations": {"storageclass.kubernetes.io/is-default-class": is_default},
            },
            # The disks are there already.
            "provisioner": "kubernetes.io/no-provisioner",
            "volumeBindingMode": "WaitForFirstConsumer",
        }
    for claim in claims:
        spec = claim["spec"]
        name = f"{claim['metadata']['namespace']}-{claim['metadata']['name']}"
        yield {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": name},
            "spec": {
                "accessModes": spec["accessModes"],
                "capacity": spec["resources"]["requests"],
                "hostPath": {"path": f"/disks/{name}"},
                "storageClassName": spec.get("storageClassName", _DEFAULT_CLASS),
            },
        }


def _classes(objects: Iterable[Declared]) -> Iterator[Document]:
    """The priority classes that OpenShift has by itself, where pods are of one."""
    specs: list[Document] = [each.manifest.get("spec", {}) for each in objects]
    pods: list[Document] = [each["template"]["spec"] for each in specs if "template" in each]
    for name in sorted({str(pod.get("priorityClassName")) for pod in pods}):
        if name.startswith(_OPENSHIFT):
            yield {
                "apiVersion": "scheduling.k8s.io/v1",
                "kind": "PriorityClass",
                "metadata": {"name": name},
                "value": _USERS_HIGHEST,
            }
