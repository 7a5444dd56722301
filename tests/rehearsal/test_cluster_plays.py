"""What becomes of a stack's pods when they are rolled, drained, or have no room."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from rehearsal.cluster.api import Api, RefusedError
from rehearsal.cluster.declared import Objects
from rehearsal.cluster.judge import Judge
from rehearsal.cluster.verdict import Verdict
from rehearsal.stand_in.documents import Document
from tests.rehearsal.clusters import changed, judge, objects, thorough, verdict
from tests.unit.stack_files import STACKS

# Fixtures, which pytest finds here.
__all__ = ["judge", "objects", "thorough", "verdict"]

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.usefixtures("thorough"),
]

_WITHIN_SECONDS = 300.0
_POLL_SECONDS = 0.5
_TOO_MANY_REQUESTS = 429
_RESTARTED: Document = {
    "spec": {
        "template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "now"}}}
    }
}


class Watched:
    """The pods of a stack in a namespace, and how they fare."""

    def __init__(self, judge: Judge, namespace: str) -> None:
        self.judge = judge
        self.api: Api = judge.api()
        self.namespace = namespace
        self.core = f"/api/v1/namespaces/{namespace}"
        self.apps = f"/apis/apps/v1/namespaces/{namespace}"

    def deployments(self) -> list[Document]:
        return self.api.items(f"{self.apps}/deployments")

    def pods(self, selector: str = "") -> list[Document]:
        query = f"?labelSelector={selector}" if selector else ""
        return self.api.items(f"{self.core}/pods{query}")

    def ready(self) -> dict[str, int]:
        """How many pods are ready, by Deployment and StatefulSet."""
        sets = self.api.items(f"{self.apps}/statefulsets")
        return {
            str(each["metadata"]["name"]): int(each["status"].get("readyReplicas", 0))
            for each in (*self.deployments(), *sets)
        }

    def refusals(self) -> Iterator[str]:
        """Which pods could not be made, and why."""
        for event in self.api.items(f"{self.core}/events"):
            if event["reason"] == "FailedCreate":
                yield f"{event['involvedObject']['name']}: {event['message']}"

    def until(self, done: Callable[[], bool], within: float = _WITHIN_SECONDS) -> None:
        deadline = time.monotonic() + within
        while not done():
            self.judge.supervisor.refuse_dead()
            assert time.monotonic() < deadline
            time.sleep(_POLL_SECONDS)


@pytest.fixture
def watched(
    judge: Judge, objects: Callable[[str], Objects], verdict: Callable[[Objects, str], Verdict]
) -> Callable[[str, str], Watched]:
    """A function that gives a stack's pods, all ready, in a namespace of that name."""

    def find(stack: str, namespace: str) -> Watched:
        assert not verdict(objects(stack), namespace).faults
        return Watched(judge, namespace)

    return find


@pytest.mark.parametrize("stack", STACKS)
def test_all_that_a_stack_runs_can_be_rolled_at_once_within_the_quota(
    stack: str, watched: Callable[[str, str], Watched]
) -> None:
    pods = watched(stack, f"{stack}-rolled")
    rolled = [str(each["metadata"]["name"]) for each in pods.deployments()]
    for name in rolled:
        pods.api.merge(f"{pods.apps}/deployments/{name}", _RESTARTED)
    pods.until(lambda: all(map(_rolled, pods.deployments())))
    assert len(rolled) >= 12
    assert not list(pods.refusals())


def _rolled(deployment: Document) -> bool:
    """Whether all of its pods are of the newest kind, and none of another is left."""
    status, wanted = deployment["status"], deployment["spec"]["replicas"]
    seen = status["observedGeneration"] >= deployment["metadata"]["generation"]
    counts = [status.get(each, 0) for each in ("replicas", "updatedReplicas", "readyReplicas")]
    return seen and counts == [wanted] * 3


def _of_a_missing_image(deployment: Document) -> None:
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    container["image"] = "rehearsal/missing"


@pytest.mark.parametrize("stack", STACKS)
def test_where_new_pods_never_become_ready_the_old_ones_stay(
    stack: str,
    objects: Callable[[str], Objects],
    verdict: Callable[[Objects, str], Verdict],
    judge: Judge,
) -> None:
    namespace = f"{stack}-broken"
    assert not verdict(objects(stack), namespace).faults
    pods = Watched(judge, namespace)
    before = pods.ready()
    broken = objects(stack)
    for name in ("cartservice", "frontend"):
        broken = changed(broken, "Deployment", name, _of_a_missing_image)
    for each in broken.declared:
        if each.is_a("Deployment", "cartservice") or each.is_a("Deployment", "frontend"):
            each.manifest["metadata"]["namespace"] = namespace
            pods.api.apply(each.manifest)

    def waiting() -> list[str]:
        return sorted(
            str(pod["metadata"]["labels"]["app"])
            for pod in pods.pods()
            if "ImagePullBackOff" in _waits_for(pod)
        )

    pods.until(lambda: waiting() == ["cartservice", "frontend"])
    until = time.monotonic() + 10
    while time.monotonic() < until:
        assert pods.ready() == before
        assert waiting() == ["cartservice", "frontend"]
        time.sleep(_POLL_SECONDS)


def _waits_for(pod: Document) -> list[str]:
    """Why its containers do not run."""
    statuses: list[Document] = pod.get("status", {}).get("containerStatuses") or []
    return [
        str(each["state"]["waiting"]["reason"]) for each in statuses if "waiting" in each["state"]
    ]


def test_drained_nodes_leave_every_service_all_pods_but_one(
    watched: Callable[[str, str], Watched],
) -> None:
    pods = watched("prod", "drained")
    wanted = pods.ready()
    # Half of all nodes, one in each zone: pods of one service are on several of them.
    nodes = [f"node-{zone}-0" for zone in "abc"]
    for node in nodes:
        pods.api.merge(f"/api/v1/nodes/{node}", {"spec": {"unschedulable": True}})
    try:
        refused, least = 0, dict(wanted)

        def drained() -> bool:
            nonlocal refused
            left = [pod for pod in pods.pods() if pod["spec"].get("nodeName") in nodes]
            for pod in left:
                if "deletionTimestamp" not in pod["metadata"]:
                    refused += not _evicted(pods, str(pod["metadata"]["name"]))
            for name, count in pods.ready().items():
                least[name] = min(least[name], count)
            return not left

        pods.until(drained)
        pods.until(lambda: pods.ready() == wanted)
    finally:
        for node in nodes:
            pods.api.merge(f"/api/v1/nodes/{node}", {"spec": {"unschedulable": False}})
    # Without a budget, all that are on these nodes would have gone at once.
    assert refused
    assert {
        name: wanted[name] - count for name, count in least.items() if count < wanted[name] - 1
    } == {}


def _evicted(pods: Watched, name: str) -> bool:
    """Whether a pod may go; its disruption budget may say that it may not now."""
    eviction = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": name, "namespace": pods.namespace},
    }
    try:
        pods.api.post(f"{pods.core}/pods/{name}/eviction", eviction)
    except RefusedError as refusal:
        if refusal.status != _TOO_MANY_REQUESTS:
            raise
        return False
    return True


def test_a_shop_that_has_taken_its_quota_leaves_room_for_those_who_watch(
    watched: Callable[[str, str], Watched],
) -> None:
    pods = watched("dev", "full")
    grown = f"{pods.apps}/deployments/loadgenerator"
    pods.api.merge(grown, {"spec": {"replicas": 300}})
    pods.until(lambda: any("exceeded quota" in each for each in pods.refusals()))

    def those_who_watch() -> dict[str, str]:
        """The pods that are ready, by uid."""
        return {
            str(pod["metadata"]["uid"]): str(pod["metadata"]["name"])
            for app in ("collector", "prober")
            for pod in pods.pods(f"app={app}")
            if any(each == ("Ready", "True") for each in _conditions(pod))
        }

    before = those_who_watch()
    for name in before.values():
        pods.api.delete(f"{pods.core}/pods/{name}?gracePeriodSeconds=0")
    pods.until(lambda: len(those_who_watch().keys() - before.keys()) == len(before))
    assert {each.partition("-")[0] for each in pods.refusals()} == {"loadgenerator"}


def _conditions(pod: Document) -> list[tuple[str, str]]:
    conditions: list[Document] = pod.get("status", {}).get("conditions") or []
    return [(str(each["type"]), str(each["status"])) for each in conditions]
