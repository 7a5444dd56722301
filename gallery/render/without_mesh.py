"""What a stack goes without that leaves the mesh out."""

from __future__ import annotations

from collections.abc import Iterable

from gallery.alerts.model import Alert
from gallery.plan.model import Plan

_LOST = (
    "mutual TLS: what services say to each other can be read and changed on its way",
    "who asks: a pod is let in by its labels, which anybody has who may make pods there",
    "what is asked for: whoever reaches a service may ask for every method of it",
    "timeouts, second tries, limits of connections, and passing by replicas that do not work",
)


def losses(catalogue: Iterable[Alert]) -> tuple[str, ...]:
    """What nothing stands for without a mesh; `catalogue` are all alerts that there could be."""
    names = ", ".join(alert.name for alert in catalogue if alert.meshed)
    measured = f"what proxies measure: the panels of requests, {names}"
    return (*_LOST, measured)


def warning(plan: Plan) -> str | None:
    """What whoever deploys is told before anything is made, None where there is a mesh."""
    if plan.mesh:
        return None
    return "\n".join(
        (
            "gallery:mesh is none; network policies still hold the call graph, and it goes without",
            *(f"- {each}" for each in losses(plan.catalogue.alerts)),
        )
    )
