"""What can be done to a cluster's pods, each with the way back."""

from __future__ import annotations

from collections.abc import Iterable

from rehearsal.cluster.live import MISSING_IMAGE, Live
from rehearsal.drill.play import Breakage


def rollout_broken(live: Live, service: str) -> Breakage:
    """New pods of a service that never become ready."""
    before = live.containers(service)

    def take_back() -> None:
        live.roll_out(service, before)
        # What never ran has nothing to finish.
        live.delete(live.stuck(service))

    return Breakage(
        what=f"{service} is rolled out with an image that nobody has",
        do=lambda: live.roll_out(service, [{**each, "image": MISSING_IMAGE} for each in before]),
        mended=f"the rollout of {service} is taken back",
        undo=take_back,
    )


def nodes_closed(live: Live, nodes: Iterable[str]) -> Breakage:
    """Nodes that take no new pod, as before they are drained."""
    names = tuple(nodes)
    return Breakage(
        what=f"{', '.join(names)} take no new pods",
        do=lambda: live.cordon(names, closed=True),
        mended=f"all {len(names)} nodes take pods again",
        undo=lambda: live.cordon(names, closed=False),
    )


def grown(live: Live, deployment: str, replicas: int) -> Breakage:
    """A Deployment that wants more pods than the namespace's quota has room for."""
    before = live.replicas(deployment)
    return Breakage(
        what=f"{deployment} wants {replicas} pods",
        do=lambda: live.scale(deployment, replicas),
        mended=f"{deployment} wants {before} again",
        undo=lambda: live.scale(deployment, before),
    )


def ended_at_once(live: Live, apps: Iterable[str]) -> Breakage:
    """Every pod of these workloads is gone; who makes them makes new ones."""
    names = tuple(apps)
    return Breakage(
        what=f"every pod of {' and '.join(names)} ends at once",
        do=lambda: live.delete(pod for name in names for pod in live.pods(name)),
        mended=f"the pods of {' and '.join(names)} are new ones",
        undo=lambda: None,
    )
