"""How much of the cluster the store's namespace may take: what the plan can grow to, no more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from gallery.plan.model import Plan
from gallery.render.resources import cpu, memory
from gallery.store.companions import COLLECTOR, COLLECTOR_REPLICAS, PROBER, prober_replicas
from gallery.store.ending import UNCALLED, Ending
from gallery.store.services import NAMESPACE, Resources

# A rollout starts a pod before it ends one, and those that are ending count until they are gone:
# without room for all, each step waits for a back-off (kubernetes/kubernetes#98656).
_STARTING = 1


@dataclass(frozen=True, kw_only=True)
class _Share:
    """So many pods with these containers at most."""

    pods: int
    containers: tuple[Resources, ...]


@dataclass(frozen=True, kw_only=True)
class Quota:
    """A ResourceQuota: its name, its `hard` limits, and the pods that it counts.

    `operator` says whether those are the pods of the watchers' PriorityClass (`In`) or all others
    (`NotIn`); without one it counts no pods.
    """

    name: str
    hard: dict[str, str]
    operator: Literal["In", "NotIn"] | None = None


def quotas(plan: Plan) -> tuple[Quota, ...]:
    """What the namespace may have, as Kubernetes writes quantities.

    Who watches has room of its own: pods of the shop, or of whoever debugs it, take none of that.
    """
    volumes = sum(1 for each in plan.services if each.service.data_path)
    objects = {
        "persistentvolumeclaims": str(volumes),
        # The shop's door is no Service of this namespace.
        "services.loadbalancers": "0",
        "services.nodeports": "0",
    }
    return (
        Quota(name=NAMESPACE, hard=objects),
        Quota(name=f"{NAMESPACE}-shop", hard=_hard(tuple(_shop(plan))), operator="NotIn"),
        Quota(name=f"{NAMESPACE}-watchers", hard=_hard(tuple(_watchers(plan))), operator="In"),
    )


def _hard(shares: tuple[_Share, ...]) -> dict[str, str]:
    def total(kind: str, bound: int) -> int:
        return sum(
            share.pods * sum(getattr(each, kind)[bound] for each in share.containers)
            for share in shares
        )

    return {
        "limits.cpu": cpu(total("cpu", 1)),
        "limits.memory": memory(total("memory", 1)),
        "pods": str(sum(share.pods for share in shares)),
        "requests.cpu": cpu(total("cpu", 0)),
        "requests.memory": memory(total("memory", 0)),
    }


def _shop(plan: Plan) -> Iterator[_Share]:
    for each in plan.services:
        service = each.service
        yield _rolling(each.most, service.ending, _with_proxy(service.resources, plan))
    if plan.load_generator:
        yield _rolling(1, UNCALLED, _with_proxy(plan.load_generator.resources, plan))


def _watchers(plan: Plan) -> Iterator[_Share]:
    probers = prober_replicas(production=plan.production)
    yield _rolling(probers, PROBER.ending, _with_proxy(PROBER.resources, plan))
    # Each of these is replaced in its place.
    yield _Share(pods=COLLECTOR_REPLICAS, containers=(COLLECTOR.resources,))


def _with_proxy(resources: Resources, plan: Plan) -> tuple[Resources, ...]:
    return (resources, plan.proxy.resources) if plan.proxy else (resources,)


def _rolling(pods: int, ending: Ending, containers: tuple[Resources, ...]) -> _Share:
    """A Deployment's, in the midst of a rollout."""
    return _Share(pods=pods + _STARTING + ending.at_once, containers=containers)
