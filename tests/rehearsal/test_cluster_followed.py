"""What the API says of pods decides what the collector finds, and who answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import pytest

from offline.deployed import documents
from rehearsal.cluster.api import Api
from rehearsal.cluster.follow import Follower
from rehearsal.cluster.followed import followed, unserved
from rehearsal.machine.addresses import AGENTS, DEAD_POD, SIMULATED_ISTIOD
from rehearsal.stand_in.documents import Document, read_yaml
from rehearsal.stand_in.pods import Cluster, Pod
from rehearsal.stand_in.scrape import agent_configs, discovered
from rehearsal.stand_in.store import read_store
from rehearsal.stand_in.substitutions import Substitutions
from rehearsal.world.client import WorldClient
from tests.unit.recordings import recorded


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `deployed/` tree of `openshift`."""
    root = tmp_path_factory.mktemp("deployed")
    for path, text in documents(recorded("openshift")).items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


@pytest.fixture
def simulated(tree: Path) -> tuple[Pod, ...]:
    return Cluster.read(tree).pods()


def live(app: str, name: str = "", *, ready: bool = True, ip: str = "10.112.0.7") -> Document:
    """A pod as the API has it."""
    return {
        "metadata": {"name": name or f"{app}-5d8f-x2", "labels": {"app": app}},
        "spec": {"nodeName": "node-a-0"},
        "status": {
            "phase": "Running" if ready else "Pending",
            "podIP": ip,
            "conditions": [{"type": "Ready", "status": str(ready)}],
        },
    }


def test_a_pod_is_found_where_it_answers_or_nobody_does_and_without_an_address_not_at_all(
    simulated: tuple[Pod, ...],
) -> None:
    [cart] = [pod for pod in simulated if pod.app == "cartservice"]
    well, dead = followed(
        [
            live("cartservice", "well"),
            live("cartservice", "dead", ready=False),
            live("cartservice", "waits", ready=False, ip=""),
            live("stranger"),
        ],
        simulated,
    )
    assert well == replace(cart, name="well", node="node-a-0")
    assert (dead.name, dead.ip, dead.ready, dead.phase) == ("dead", DEAD_POD, False, "Pending")


def test_each_replica_of_the_collector_is_the_one_of_its_name(simulated: tuple[Pod, ...]) -> None:
    names = ("collector-0", "collector-1")
    found = followed([live("collector", name) for name in names], simulated)
    assert [pod.ip for pod in found] == [address.host for address in AGENTS]


def test_a_service_of_which_no_pod_is_ready_is_served_by_nobody() -> None:
    pods = [live("cartservice", ready=False), live("cartservice"), live("frontend", ready=False)]
    assert unserved(pods, ("cartservice", "frontend")) == {"frontend"}


def test_the_same_pods_make_the_files_that_are_there_without_a_cluster(
    tree: Path, simulated: tuple[Pod, ...]
) -> None:
    cluster = Cluster.read(tree)
    rendered: Document = read_yaml(tree / "collector" / "prometheus.yml")
    names = read_store(cluster, 5.0).names
    _, files = agent_configs(rendered, names, simulated, "gallery", Substitutions())
    assert discovered(rendered, simulated, "gallery") == files != {}


@dataclass
class _Pods:
    """An API that has these pods and nothing else; `elsewhere` are those of the mesh."""

    pods: list[Document]
    elsewhere: list[Document] = field(default_factory=list[Document])

    def items(self, path: str) -> list[Document]:
        found = {"gallery": self.pods, "istio-system": self.elsewhere}
        return found[path.removeprefix("/api/v1/namespaces/").removesuffix("/pods")]


@dataclass
class _World:
    """A world in which `broken` refuse, and what it was told."""

    told: list[str] = field(default_factory=list[str])

    def faults(self) -> dict[str, object]:
        return {"cartservice": None, "frontend": None, "remote-write": None}

    def break_service(self, name: str) -> None:
        self.told.append(f"breaks {name}")

    def mend_service(self, name: str) -> None:
        self.told.append(f"mends {name}")


@pytest.fixture
def follower(tree: Path, tmp_path: Path) -> Callable[..., tuple[Follower, _Pods, _World]]:
    def make(*pods: Document) -> tuple[Follower, _Pods, _World]:
        api, world = _Pods(list(pods)), _World()
        made = Follower(
            api=cast("Api", api),
            rendered=read_yaml(tree / "collector" / "prometheus.yml"),
            cluster=Cluster.read(tree),
            collector=tmp_path,
            control_plane=SIMULATED_ISTIOD,
            world=cast("WorldClient", world),
        )
        return made, api, world

    return make


def _found(place: Path) -> set[str]:
    """The pods in the agents' discovery files."""
    return {
        target["labels"]["__meta_kubernetes_pod_name"]
        for path in place.glob("pods-*.json")
        for target in json.loads(path.read_text())
    }


def test_the_meshs_control_plane_is_found_where_it_is(
    follower: Callable[..., tuple[Follower, _Pods, _World]], tmp_path: Path
) -> None:
    made, api, _ = follower(live("frontend", "front"))
    api.elsewhere = [live("istiod", "istiod-7c")]
    made.follow()
    assert _found(tmp_path) == {"front", "istiod-7c"}


def test_the_agents_files_follow_the_api(
    follower: Callable[..., tuple[Follower, _Pods, _World]], tmp_path: Path
) -> None:
    made, api, _ = follower(live("cartservice", "old"), live("frontend", "front"))
    made.follow()
    assert _found(tmp_path) == {"old", "front"}
    api.pods[0] = live("cartservice", "new")
    made.follow()
    assert _found(tmp_path) == {"new", "front"}
    # An agent reads whatever has such a name.
    assert not [path.name for path in tmp_path.iterdir() if not path.name.startswith("pods-")]


def test_what_has_no_pod_that_is_ready_refuses_until_it_has_one_again(
    follower: Callable[..., tuple[Follower, _Pods, _World]],
) -> None:
    made, api, world = follower(live("cartservice"), live("frontend"))
    made.follow()
    assert world.told == []
    api.pods[0] = live("cartservice", ready=False)
    made.follow()
    made.follow()
    assert world.told == ["breaks cartservice"]
    api.pods[0] = live("cartservice")
    made.follow()
    made.follow()
    # What a drill breaks by itself is none of its business.
    assert world.told == ["breaks cartservice", "mends cartservice"]
