"""Outages of a cluster's pods as they are written, and what their steps must notice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from offline.errors import UserError
from rehearsal.cluster.live import MISSING_IMAGE, Live
from rehearsal.drill.awaited import awaited
from rehearsal.drill.cluster_breakages import grown, nodes_closed, rollout_broken
from rehearsal.drill.play import Play
from rehearsal.drill.runner import target
from rehearsal.drill.running import NotPlayableError, Running
from rehearsal.drill.scenarios import SCENARIOS
from rehearsal.drill.scenarios.cluster import (
    NODE_DRAINED,
    QUOTA_FULL,
    ROLLOUT_BROKEN,
    Lacking,
    lacking,
)
from rehearsal.drill.script import Scenario, Script
from rehearsal.drill.steps import ACTION_SECONDS
from rehearsal.stand_in.documents import Document
from tests.rehearsal.fake_rehearsal import FakeRehearsal, fake, lines, play, running

# Fixtures, which pytest finds here.
__all__ = ["fake", "lines", "play", "running"]

_ON_CLUSTER = [scenario for scenario in SCENARIOS if scenario.on_cluster]
_ZONE = "topology.kubernetes.io/zone"


def _workload(name: str, ready: int) -> Document:
    containers = [{"name": "server", "image": f"{name}:v1"}]
    return {
        "metadata": {"name": name},
        "spec": {"replicas": ready, "template": {"spec": {"containers": containers}}},
        "status": {"readyReplicas": ready},
    }


def _pod(app: str, node: str, image: str = "") -> Document:
    return {
        "metadata": {"name": f"{app}-{node}", "labels": {"app": app}, "uid": f"{app}-{node}"},
        "spec": {"nodeName": node, "containers": [{"image": image or f"{app}:v1"}]},
    }


@dataclass
class _Api:
    """An API with so many ready pods of each Deployment, on nodes in turn; keeps what changes."""

    ready: Mapping[str, int]
    changes: list[tuple[str, Mapping[str, Any]]] = field(
        default_factory=list[tuple[str, Mapping[str, Any]]]
    )
    stuck: list[Document] = field(default_factory=list[Document])
    deleted: list[str] = field(default_factory=list[str])
    zones: Mapping[str, str] = field(
        default_factory=lambda: {f"node-{zone}": zone for zone in "abc"}
    )

    def items(self, path: str) -> list[Document]:
        if path.endswith("/nodes"):
            return [
                {"metadata": {"name": name, "labels": {_ZONE: zone}}}
                for name, zone in self.zones.items()
            ]
        if "/pods" in path:
            app = path.partition("app%3D")[2]
            pods = [_pod(each, f"node-{zone}") for each, count in self.ready.items()
                    for zone in "abc"[:count]]  # fmt: skip
            return [each for each in (*pods, *self.stuck)
                    if app in {"", each["metadata"]["labels"]["app"]}]  # fmt: skip
        if path.endswith("/deployments"):
            return [_workload(name, count) for name, count in self.ready.items()]
        return []

    def get(self, path: str) -> Document:
        name = path.rpartition("/")[2]
        return _workload(name, self.ready[name])

    def merge(self, path: str, change: Mapping[str, Any]) -> None:
        self.changes.append((path, change))

    def delete(self, path: str) -> None:
        self.deleted.append(path)


OnApi = Callable[[Mapping[str, int]], tuple[Running, _Api]]


@pytest.fixture
def on_api(running: Running, monkeypatch: pytest.MonkeyPatch) -> OnApi:
    """What is up, with a cluster that has so many pods."""

    def make(ready: Mapping[str, int]) -> tuple[Running, _Api]:
        api = _Api(ready)
        monkeypatch.setattr(Running, "cluster", api)
        return running, api

    return make


def _live(api: object) -> Live:
    return Live(api=api, namespace="gallery")  # pyright: ignore[reportArgumentType]


def _script(running: Running, scenario: Scenario) -> Script:
    return scenario.write(running, target(running, scenario))


_PODS = {"cartservice": 2, "frontend": 2, "loadgenerator": 2}


@pytest.mark.parametrize("scenario", _ON_CLUSTER, ids=lambda scenario: scenario.name)
def test_without_a_cluster_it_is_refused_with_the_command_that_starts_one(
    running: Running, scenario: Scenario
) -> None:
    running.supervisor.begin("dev", "as it was")
    with pytest.raises(NotPlayableError, match=r"rehearsal up --stack dev --cluster`"):
        _script(running, scenario)


@pytest.mark.parametrize("scenario", _ON_CLUSTER, ids=lambda scenario: scenario.name)
def test_each_says_how_long_it_can_take_and_what_it_waits_for(
    on_api: OnApi, scenario: Scenario
) -> None:
    written = _script(on_api(_PODS)[0], scenario)
    assert 60 <= written.at_most < 3600
    assert not written.may
    for step in written.steps:
        assert step.at_most <= 2 * ACTION_SECONDS or awaited(step) != "acts"


def test_a_broken_rollout_is_tickets_about_its_service_and_no_page(on_api: OnApi) -> None:
    told = _script(on_api(_PODS)[0], ROLLOUT_BROKEN).expectations
    assert [(one.alert, one.labels["service"], one.labels["severity"]) for one in told] == [
        ("TargetsLost", "cartservice", "ticket"),
        ("PodsNotReady", "cartservice", "ticket"),
    ]


@pytest.mark.parametrize("scenario", [NODE_DRAINED, QUOTA_FULL], ids=lambda each: each.name)
def test_of_a_drain_and_of_a_full_quota_nobody_is_told(on_api: OnApi, scenario: Scenario) -> None:
    assert _script(on_api(_PODS)[0], scenario).expectations == ()


def test_a_node_on_which_the_only_pod_of_a_service_is_is_not_drained(on_api: OnApi) -> None:
    _, api = on_api({"frontend": 3, "redis-cart": 1})
    assert _live(api).one_node_of_each_zone(without=["redis-cart"]) == ("node-b", "node-c")


def test_a_node_that_is_empty_is_not_drained_and_the_fullest_of_its_zone_is(
    on_api: OnApi,
) -> None:
    _, api = on_api({"frontend": 2})
    api.zones = {"node-a": "a", "node-b": "a", "node-c": "c"}
    api.stuck = [_pod("cartservice", "node-a")]
    assert _live(api).one_node_of_each_zone(without=[]) == ("node-a",)


def test_a_stack_whose_only_pods_are_everywhere_is_told_which_can_be_drained(
    on_api: OnApi,
) -> None:
    running, api = on_api({"frontend": 3, "redis-cart": 1})
    api.stuck = [_pod("redis-cart", "node-b")]
    with pytest.raises(NotPlayableError, match=r"one pod of redis-cart, .* two of each service"):
        _script(running, NODE_DRAINED)


def test_a_stack_without_load_is_told_what_it_lacks(on_api: OnApi) -> None:
    with pytest.raises(NotPlayableError, match=r"no loadgenerator, .* store\.load_generator"):
        _script(on_api({"frontend": 2})[0], QUOTA_FULL)


def test_a_rollout_is_taken_back_with_its_image_and_without_its_stuck_pods(on_api: OnApi) -> None:
    _, api = on_api(_PODS)
    breakage = rollout_broken(_live(api), "cartservice")
    breakage.do()
    api.stuck = [_pod("cartservice", "stuck", MISSING_IMAGE)]
    breakage.undo()
    images = [
        change["spec"]["template"]["spec"]["containers"][0]["image"] for _, change in api.changes
    ]
    assert images == [MISSING_IMAGE, "cartservice:v1"]
    [deleted] = api.deleted
    assert "/pods/cartservice-stuck?" in deleted


def test_what_was_grown_or_closed_is_as_it_was(on_api: OnApi) -> None:
    _, api = on_api(_PODS)
    for breakage in (grown(_live(api), "loadgenerator", 300), nodes_closed(_live(api), ["node-a"])):
        breakage.do()
        breakage.undo()
    specs = [change["spec"] for _, change in api.changes]
    assert specs == [
        {"replicas": 300},
        {"replicas": 2},
        {"unschedulable": True},
        {"unschedulable": False},
    ]


def test_a_service_with_fewer_pods_than_it_may_have_is_a_finding(
    on_api: OnApi, play: Play, fake: FakeRehearsal
) -> None:
    assert fake
    _, api = on_api({"cartservice": 1, "frontend": 2})
    least = {"cartservice": 2, "frontend": 2}
    Lacking(_live(api), least, lambda _: True, "the old pods are there", 1.0).run(play)
    assert [finding.text() for finding in play.findings] == [
        finding.text() for finding in lacking(least, {"cartservice": 1, "frontend": 2})
    ]
    assert len(play.findings) == 1
    assert not play.verdict().ok


def test_an_api_that_is_gone_is_a_fault_that_a_drill_can_tell(running: Running) -> None:
    """It is mended after all, as after any other program's end."""
    from rehearsal.cluster.api import RefusedError, UnansweredError
    from rehearsal.machine.loopback import answered

    assert running
    for fault in (RefusedError(403, "forbidden"), UnansweredError("GET: refused")):
        with pytest.raises(UserError), answered():
            raise fault
