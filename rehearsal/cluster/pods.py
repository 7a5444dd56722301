"""Whether controllers have their pods, and what keeps them from it.

A Deployment is admitted whatever its pods are; only they are judged by the Pod Security Standard,
the quota and the limits. So it is they that are looked at, and the events of their creation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

from rehearsal.cluster.api import Api
from rehearsal.stand_in.documents import Document

_PLURALS = {"Deployment": "deployments", "StatefulSet": "statefulsets"}
_AUTOSCALER = "HorizontalPodAutoscaler"
# No later attempt fares better than the first.
_LASTING = "violates PodSecurity"


@dataclass(frozen=True, kw_only=True)
class Controller:
    """A Deployment or StatefulSet that must have `least` pods, or more if it says so itself."""

    kind: str
    namespace: str
    name: str
    least: int

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    def owns(self, kind: str, name: str) -> bool:
        """Whether its pods are created by an object of this kind and name."""
        if self.kind == "StatefulSet":
            return kind == self.kind and name == self.name
        # Its ReplicaSets are called by its own name and a hash.
        return kind == "ReplicaSet" and name.rpartition("-")[0] == self.name


@dataclass(frozen=True, kw_only=True)
class Complaint:
    """What keeps a controller from its pods; `lasts` where waiting changes nothing."""

    text: str
    lasts: bool


def controllers(manifests: Iterable[Document]) -> list[Controller]:
    """What has pods among these objects, with the least that an autoscaler leaves it."""
    manifests = list(manifests)
    least = {
        (each["spec"]["scaleTargetRef"]["kind"], each["spec"]["scaleTargetRef"]["name"]): int(
            each["spec"].get("minReplicas", 1)
        )
        for each in manifests
        if each["kind"] == _AUTOSCALER
    }
    return [
        Controller(
            kind=kind,
            namespace=str(each["metadata"]["namespace"]),
            name=name,
            least=least.get((kind, name), int(each["spec"].get("replicas", 1))),
        )
        for each in manifests
        if (kind := str(each["kind"])) in _PLURALS and (name := str(each["metadata"]["name"]))
    ]


def ready(api: Api, controller: Controller) -> int:
    """How many pods of a controller are ready."""
    return int(_live(api, controller).get("status", {}).get("readyReplicas", 0))


def complaints(api: Api, wanted: Iterable[Controller]) -> list[Complaint]:
    """What keeps these controllers from their pods; nothing where all have them."""
    lacking = [(each, counts) for each in wanted if (counts := _lacking(api, each))]
    reasons = {
        namespace: list(_reasons(api, namespace))
        for namespace in {controller.namespace for controller, _ in lacking}
    }
    return [
        _complaint(controller, counts, reasons[controller.namespace])
        for controller, counts in lacking
    ]


def _lacking(api: Api, controller: Controller) -> tuple[int, int] | None:
    """How many pods of how many a controller has; None where it has all, of its newest kind."""
    live = _live(api, controller)
    status: Document = live.get("status", {})
    wanted = max(int(live["spec"].get("replicas", 1)), controller.least)
    seen = status.get("observedGeneration", 0) >= live["metadata"]["generation"]
    has = min(int(status.get(each, 0)) for each in ("readyReplicas", "updatedReplicas"))
    return None if seen and has >= wanted else (has, wanted)


def _complaint(
    controller: Controller, counts: tuple[int, int], reasons: Iterable[tuple[str, str, str]]
) -> Complaint:
    why = [text for kind, name, text in reasons if controller.owns(kind, name)]
    has, wanted = counts
    text = f"{controller} has {has} of {wanted} pods{f': {why[-1]}' if why else ''}"
    return Complaint(text=text, lasts=any(_LASTING in each for each in why))


def _reasons(api: Api, namespace: str) -> Iterator[tuple[str, str, str]]:
    """Who creates which pods in vain, by kind, name and reason; the newest reason is the last."""
    root = f"/api/v1/namespaces/{quote(namespace)}"
    for pod in api.items(f"{root}/pods"):
        conditions: list[Document] = pod.get("status", {}).get("conditions") or []
        owners: list[Document] = pod["metadata"].get("ownerReferences") or []
        for condition in conditions:
            if condition["type"] == "PodScheduled" and condition["status"] == "False":
                for owner in owners:
                    yield owner["kind"], owner["name"], str(condition.get("message"))
    events = api.items(f"{root}/events?fieldSelector=reason%3DFailedCreate")
    for event in sorted(events, key=lambda each: str(each.get("lastTimestamp"))):
        yield event["involvedObject"]["kind"], event["involvedObject"]["name"], event["message"]


def _live(api: Api, controller: Controller) -> Document:
    plural = _PLURALS[controller.kind]
    return api.get(
        f"/apis/apps/v1/namespaces/{quote(controller.namespace)}/{plural}/{quote(controller.name)}"
    )
