"""Outages of a cluster's pods, on the API of `up --cluster`: who is told, and who is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from gallery.alerts import pipeline, rollouts
from gallery.metrics import labels
from gallery.metrics.timings import FailureMode as Onset
from gallery.store.services import LOAD_GENERATOR, NAMESPACE
from rehearsal.cluster.live import Live
from rehearsal.drill.cluster_breakages import ended_at_once, grown, nodes_closed, rollout_broken
from rehearsal.drill.expectations import Expectation
from rehearsal.drill.play import Play
from rehearsal.drill.running import NotPlayableError, Running
from rehearsal.drill.scenarios.endpoints import service_of
from rehearsal.drill.script import Scenario, Script, Target
from rehearsal.drill.steps import Await, Break, Mark, Mend, NothingFires, Until
from rehearsal.drill.verdict import Finding
from rehearsal.machine.addresses import AGENTS, DEAD_POD
from rehearsal.machine.queries import PrometheusClient

# kwok's pods are ready within ten seconds, and end when all their time is over.
_PODS_SECONDS = 120.0
_DRAINED_SECONDS = 300.0
# Pods beyond any quota of a stack.
_BEYOND = 300
# Drained in fewer, no budget would have to say no.
_NODES = 2
_WATCHERS = (labels.COLLECTOR_SERVICE, labels.PROBER_WORKLOAD)


@dataclass(frozen=True)
class Lacking:
    """Nobody may have fewer pods that are ready than this, from now on until it is done."""

    live: Live
    least: Mapping[str, int]
    done: Callable[[Play], bool]
    what: str
    at_most: float
    expectations: tuple[Expectation, ...] = ()

    def run(self, play: Play) -> None:
        """Wait, and look at the pods each time."""
        fewest = dict(self.least)

        def done(play: Play) -> bool:
            for name, count in self.live.ready().items():
                fewest[name] = min(fewest.get(name, count), count)
            return self.done(play)

        Until(done, self.what, self.at_most).run(play)
        play.findings += lacking(self.least, fewest)


def lacking(least: Mapping[str, int], fewest: Mapping[str, int]) -> list[Finding]:
    """What had fewer pods than it may have."""
    return [
        Finding(
            alert=name,
            labels={},
            contact_point="the cluster",
            why=f"had {fewest[name]} pods that were ready, and {wanted} must be",
        )
        for name, wanted in least.items()
        if fewest[name] < wanted
    ]


@dataclass
class _Drain:
    """The way of the pods off some nodes."""

    live: Live
    nodes: tuple[str, ...]
    refused: int = field(default=0, init=False)

    def done(self, _play: Play) -> bool:
        """Whether none is left there; asks those that are to go."""
        left = [pod for pod in self.live.pods() if pod["spec"].get("nodeName") in self.nodes]
        for pod in left:
            if "deletionTimestamp" not in pod["metadata"]:
                self.refused += not self.live.evict(str(pod["metadata"]["name"]))
        return not left


def _live(running: Running) -> Live:
    return Live(api=running.cluster, namespace=NAMESPACE)


def _rollout(running: Running, target: Target) -> Script:
    live, service = _live(running), service_of(target)
    before = live.ready()
    promises = running.promises
    told = (
        promises.must(pipeline.TARGETS_LOST, Onset.REFUSED, service=service),
        promises.must(rollouts.PODS_NOT_READY, Onset.CHANGED, service=service),
    )
    return Script(
        steps=(
            Break(rollout_broken(live, service)),
            Until(_dead_pod_found, f"a new pod of {service} that answers nobody", _PODS_SECONDS),
            # What is not found yet cannot be lost.
            Mark(),
            Await(told),
            Lacking(live, before, lambda _: True, "the old pods are there", _PODS_SECONDS),
            Mend(),
        ),
    )


def _dead_pod_found(_play: Play) -> bool:
    """Whether the agent that writes is to scrape a pod in which nothing runs."""
    return any(DEAD_POD in each.address for each in PrometheusClient(AGENTS[0]).targets())


def _drained(running: Running, _target: Target) -> Script:
    live = _live(running)
    before = live.ready()
    alone = sorted(name for name, count in before.items() if count == 1)
    nodes = live.one_node_of_each_zone(without=alone)
    if len(nodes) < _NODES:
        raise NotPlayableError(
            f"stack {running.stack} runs one pod of {', '.join(alone)}, which is away while its "
            "node is drained, and too few nodes have others alone; play this on a stack that runs "
            "two of each service, as prod"
        )
    drain = _Drain(live, nodes)
    one_may_go = {name: count - 1 for name, count in before.items()}
    return Script(
        steps=(
            Break(nodes_closed(live, nodes)),
            Lacking(live, one_may_go, drain.done, "the nodes are empty", _DRAINED_SECONDS),
            # Without a budget all that are on these nodes would have gone at once.
            Until(lambda _: drain.refused > 0, "a disruption budget that said no", 0.0),
            Until(lambda _: live.ready() == before, "all pods on other nodes", _PODS_SECONDS),
            *_all_found(live),
            Mend(),
        ),
    )


def _quota(running: Running, _target: Target) -> Script:
    live = _live(running)
    name = LOAD_GENERATOR.name
    if name not in live.ready():
        raise NotPlayableError(
            f"stack {running.stack} has no {name}, and whatever else it runs an autoscaler keeps "
            "within the quota; play this on a stack with store.load_generator"
        )
    before = live.uids(*_WATCHERS)

    def back(_play: Play) -> bool:
        return len(live.uids(*_WATCHERS) - before) == len(before)

    return Script(
        steps=(
            Break(grown(live, name, _BEYOND)),
            Until(lambda _: _full(live), "a quota that is exceeded", _PODS_SECONDS),
            Break(ended_at_once(live, _WATCHERS)),
            Until(back, "the collector and the prober, beside a full quota", _PODS_SECONDS),
            Until(lambda _: set(_in_vain(live)) == {name}, f"nobody but {name} refused", 0.0),
            *_all_found(live),
            Mend(),
        ),
    )


def _full(live: Live) -> bool:
    return any("exceeded quota" in why for _, why in live.refusals())


def _in_vain(live: Live) -> Iterator[str]:
    """Whose pods were refused: the Deployment's name is that of the ReplicaSet without its hash."""
    for who, _ in live.refusals():
        yield who.rpartition("-")[0]


def _all_found(live: Live) -> tuple[Until, NothingFires]:
    """Nothing is about to be told: whoever watches sees every pod again."""

    def found(play: Play) -> bool:
        pods = {str(pod["metadata"]["name"]) for pod in live.pods()}
        up = {each.labels.get(labels.INSTANCE, "") for each in
              play.running.evaluators[0].query("up == 1")}  # fmt: skip
        pending = {each.name for each in play.observer.active.values()}
        return pods <= up and not pending - play.running.promises.beats.keys()

    return Until(found, "every pod scraped, and no alert pending", _DRAINED_SECONDS), NothingFires()


ROLLOUT_BROKEN = Scenario(
    name="rollout-broken",
    summary="new pods never become ready: a ticket, the old ones stay, and nobody is paged",
    write=_rollout,
    service="cartservice",
    on_cluster=True,
)
NODE_DRAINED = Scenario(
    name="node-drained",
    summary="a node of each zone is drained: budgets hold, and nobody is told",
    write=_drained,
    on_cluster=True,
)
QUOTA_FULL = Scenario(
    name="quota-full",
    summary="the shop is at its quota: there is room for who watches, and nobody is told",
    write=_quota,
    on_cluster=True,
)
