"""How many series a stack keeps active, and what their samples cost in a month: an estimate.

What a target exposes was counted in a rehearsal of `dev`, a few minutes after its start. There are
more of a proxy's series the more different answers it has seen. The price is that of samples
ingested into a workspace up to two thousand million a month (https://aws.amazon.com/prometheus/
pricing), without its free share; what is queried and stored is not in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rehearsal.diff.markdown import listed
from rehearsal.diff.tree import Tree
from rehearsal.stand_in.documents import Document
from rehearsal.stand_in.scrape import scrape_seconds

_COUNTED_ON = "2026-11-27"
# Series of one target of a job.
SERIES_OF_A_TARGET = {
    "node": 205,
    "mesh": 88,
    "collector": 436,
    "probe": 19,
    "canary": 22,
    "door": 26,
    "door-certificate": 15,
    "grafana": 26,
    "istiod": 19,
}
# Recorded for each objective, those that it needs among them, and for each host.
_RECORDED_OF_OBJECTIVE, _RECORDED_OF_HOST, _RECORDED_SECONDS = 26, 4, 60
_MONTH_SECONDS = 730 * 3_600
_DOLLARS_PER_MILLION = 0.09
_AUTOSCALER = ":HorizontalPodAutoscaler"
_WITHOUT_PROXY = {"sidecar.istio.io/inject": "false"}


@dataclass(frozen=True, kw_only=True)
class Volume:
    """What a stack writes: targets by the job that scrapes them, and how often."""

    targets: Mapping[str, int]
    objectives: int
    scrape_seconds: float

    @property
    def scraped(self) -> int:
        """Series that the collector writes."""
        return sum(SERIES_OF_A_TARGET[job] * count for job, count in self.targets.items())

    @property
    def recorded(self) -> int:
        """Series that rules write."""
        hosts = self.targets.get("node", 0)
        return _RECORDED_OF_OBJECTIVE * self.objectives + _RECORDED_OF_HOST * hosts

    @property
    def samples(self) -> float:
        """Millions of samples in a month of 730 hours."""
        a_second = self.scraped / self.scrape_seconds + self.recorded / _RECORDED_SECONDS
        return a_second * _MONTH_SECONDS / 1e6

    def arithmetic(self) -> str:
        """How it was counted."""
        parts = [
            f"{SERIES_OF_A_TARGET[job]} of {job} times {n}"
            for job, n in sorted(self.targets.items())
        ]
        return (
            f"{', '.join(parts)}: {self.scraped:,} every {self.scrape_seconds:g} s; and "
            f"{self.recorded:,} recorded every {_RECORDED_SECONDS} s"
        )


def volume(base: Tree, head: Tree) -> Iterator[str]:
    """The change in both, where there is one."""
    before, now = volume_of(base), volume_of(head)
    if before == now:
        return
    yield listed(
        (
            f"active series, about: {_series(before):,} → {_series(now):,}",
            f"samples a month, about: {before.samples:,.0f} → {now.samples:,.0f} million",
            f"for these, about: ${_dollars(before):,.0f} → ${_dollars(now):,.0f} a month",
        )
    )
    yield (
        f"Now, by the jobs of the collector: {now.arithmetic()}. An estimate: series of a target "
        f"as counted on {_COUNTED_ON}, at ${_DOLLARS_PER_MILLION:g} for a million samples "
        "ingested; hosts, nodes, what is queried and who looks at dashboards are not in it."
    )


def _series(of: Volume) -> int:
    return of.scraped + of.recorded


def _dollars(of: Volume) -> float:
    return of.samples * _DOLLARS_PER_MILLION


def volume_of(tree: Tree) -> Volume:
    """What a tree writes at rest."""
    config = tree.collector
    targets = {job["job_name"]: _targets(job, tree) for job in config["scrape_configs"]}
    return Volume(
        targets={job: count for job, count in targets.items() if count},
        objectives=len(tree.objectives),
        scrape_seconds=scrape_seconds(config),
    )


def _targets(job: Document, tree: Tree) -> int:
    """How many a job finds, by what it names or discovers."""
    match job["job_name"]:
        case "node":
            return sum(one["type"] == "aws:ec2/instance:Instance" for one in _resources(tree))
        case "mesh":
            return sum(_replicas(one, tree) for one in _workloads(tree) if _has_proxy(one))
        case "collector":
            found = (one for one in _workloads(tree) if one["name"] == "collector")
            return sum(_replicas(one, tree) for one in found)
        case "istiod":
            return 1
        case "unready":
            # At rest every pod is ready.
            return 0
        case _:
            return sum(len(group["targets"]) for group in job["static_configs"])


def _resources(tree: Tree) -> Iterator[Document]:
    yield from tree.resources.values()


def _workloads(tree: Tree) -> Iterator[Document]:
    return (one for one in _resources(tree) if one["type"].startswith("kubernetes:apps/"))


def _replicas(workload: Document, tree: Tree) -> int:
    """How many run at rest: an autoscaler's fewest, where one decides."""
    inputs = workload["inputs"]
    for one in _resources(tree):
        spec = one["inputs"].get("spec", {})
        if one["type"].endswith(_AUTOSCALER) and _scales(spec) == inputs["metadata"]["name"]:
            return spec["minReplicas"]
    return inputs["spec"].get("replicas", 1)


def _scales(spec: Document) -> str:
    return spec["scaleTargetRef"]["name"]


def _has_proxy(workload: Document) -> bool:
    labels: Mapping[str, str] = workload["inputs"]["spec"]["template"]["metadata"]["labels"]
    return not _WITHOUT_PROXY.items() <= labels.items()
