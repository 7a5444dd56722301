"""What becomes of a stack's pods when all of them are rolled at once."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from rehearsal.cluster.declared import Objects
from rehearsal.cluster.judge import Judge
from rehearsal.cluster.live import Live
from rehearsal.cluster.verdict import Verdict
from rehearsal.stand_in.documents import Document
from tests.rehearsal.clusters import judge, objects, thorough, verdict
from tests.unit.stack_files import STACKS

# Fixtures, which pytest finds here.
__all__ = ["judge", "objects", "thorough", "verdict"]

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.usefixtures("thorough"),
]

_WITHIN_SECONDS = 300.0
_POLL_SECONDS = 0.5
_RESTARTED: Document = {
    "spec": {
        "template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "now"}}}
    }
}


@pytest.mark.parametrize("stack", STACKS)
def test_all_that_a_stack_runs_can_be_rolled_at_once_within_the_quota(
    stack: str,
    judge: Judge,
    objects: Callable[[str], Objects],
    verdict: Callable[[Objects, str], Verdict],
) -> None:
    namespace = f"{stack}-rolled"
    assert not verdict(objects(stack), namespace).faults
    api, deployments = judge.api(), f"/apis/apps/v1/namespaces/{namespace}/deployments"
    rolled = [str(each["metadata"]["name"]) for each in api.items(deployments)]
    for name in rolled:
        api.merge(f"{deployments}/{name}", _RESTARTED)
    deadline = time.monotonic() + _WITHIN_SECONDS
    while not all(map(_rolled, api.items(deployments))):
        judge.supervisor.refuse_dead()
        assert time.monotonic() < deadline
        time.sleep(_POLL_SECONDS)
    assert len(rolled) >= 12
    assert not list(Live(api=api, namespace=namespace).refusals())


def _rolled(deployment: Document) -> bool:
    """Whether all of its pods are of the newest kind, and none of another is left."""
    status, wanted = deployment["status"], deployment["spec"]["replicas"]
    seen = status["observedGeneration"] >= deployment["metadata"]["generation"]
    counts = [status.get(each, 0) for each in ("replicas", "updatedReplicas", "readyReplicas")]
    return seen and counts == [wanted] * 3
