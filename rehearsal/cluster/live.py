"""A stack's pods in the cluster: what is ready, what waits, and how they are moved about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

from rehearsal.cluster.api import Api, RefusedError
from rehearsal.cluster.followed import is_ready
from rehearsal.stand_in.documents import Document
from rehearsal.stand_in.pods import APP

# An image that nobody has: a stage of kwok's keeps its pods from ever being ready.
MISSING_IMAGE = "rehearsal/missing"
_ZONE = "topology.kubernetes.io/zone"
_TOO_MANY_REQUESTS = 429


@dataclass(frozen=True, kw_only=True)
class Live:
    """What runs in one namespace, as an administrator sees and changes it."""

    api: Api
    namespace: str

    def pods(self, app: str = "") -> list[Document]:
        """The pods, of one workload or of all."""
        query = f"?labelSelector={APP}%3D{quote(app)}" if app else ""
        return self.api.items(f"{self._core}/pods{query}")

    def ready(self) -> dict[str, int]:
        """How many pods are ready, by Deployment and StatefulSet."""
        found = (each for kind in ("deployments", "statefulsets")
                 for each in self.api.items(f"{self._apps}/{kind}"))  # fmt: skip
        return {
            str(each["metadata"]["name"]): int(each["status"].get("readyReplicas", 0))
            for each in found
        }

    def stuck(self, app: str) -> list[Document]:
        """A workload's pods of the image that nobody has."""
        return [
            pod
            for pod in self.pods(app)
            if any(each["image"] == MISSING_IMAGE for each in pod["spec"]["containers"])
        ]

    def containers(self, deployment: str) -> list[Document]:
        """What a Deployment's pods run."""
        return self._deployment(deployment)["spec"]["template"]["spec"]["containers"]

    def roll_out(self, deployment: str, containers: Iterable[Document]) -> None:
        """Let a Deployment's pods run these."""
        change = {"spec": {"template": {"spec": {"containers": list(containers)}}}}
        self.api.merge(f"{self._apps}/deployments/{quote(deployment)}", change)

    def replicas(self, deployment: str) -> int:
        """How many pods a Deployment wants."""
        return int(self._deployment(deployment)["spec"]["replicas"])

    def scale(self, deployment: str, replicas: int) -> None:
        """Let a Deployment want so many pods."""
        path = f"{self._apps}/deployments/{quote(deployment)}"
        self.api.merge(path, {"spec": {"replicas": replicas}})

    def delete(self, pods: Iterable[Document]) -> None:
        """End pods at once."""
        for pod in pods:
            name = quote(str(pod["metadata"]["name"]))
            self.api.delete(f"{self._core}/pods/{name}?gracePeriodSeconds=0")

    def evict(self, pod: str) -> bool:
        """Whether a pod may go; its disruption budget may say that it may not now."""
        eviction = {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": pod, "namespace": self.namespace},
        }
        try:
            self.api.post(f"{self._core}/pods/{quote(pod)}/eviction", eviction)
        except RefusedError as refusal:
            if refusal.status != _TOO_MANY_REQUESTS:
                raise
            return False
        return True

    def refusals(self) -> Iterator[tuple[str, str]]:
        """Who makes pods in vain, and what the API says."""
        for event in self.api.items(f"{self._core}/events?fieldSelector=reason%3DFailedCreate"):
            yield str(event["involvedObject"]["name"]), str(event["message"])

    def uids(self, *apps: str) -> frozenset[str]:
        """The pods of these workloads that are ready."""
        return frozenset(
            str(pod["metadata"]["uid"]) for app in apps for pod in self.pods(app) if is_ready(pod)
        )

    def one_node_of_each_zone(self, *, without: Iterable[str]) -> tuple[str, ...]:
        """Of each zone the node with most pods, among those that have none of these workloads."""
        pods = Counter(str(pod["spec"].get("nodeName")) for pod in self.pods())
        kept = {pod["spec"].get("nodeName") for app in without for pod in self.pods(app)}
        by_zone = {
            str(node["metadata"]["labels"][_ZONE]): name
            for node in sorted(self.api.items("/api/v1/nodes"), key=lambda each: pods[_name(each)])
            if (name := _name(node)) in pods.keys() - kept
        }
        return tuple(sorted(by_zone.values()))

    def cordon(self, nodes: Iterable[str], *, closed: bool) -> None:
        """Let no new pod come to nodes, or let them come again."""
        for node in nodes:
            self.api.merge(f"/api/v1/nodes/{quote(node)}", {"spec": {"unschedulable": closed}})

    def _deployment(self, name: str) -> Document:
        return self.api.get(f"{self._apps}/deployments/{quote(name)}")

    @property
    def _core(self) -> str:
        return f"/api/v1/namespaces/{quote(self.namespace)}"

    @property
    def _apps(self) -> str:
        return f"/apis/apps/v1/namespaces/{quote(self.namespace)}"


def _name(each: Document) -> str:
    return str(each["metadata"]["name"])
