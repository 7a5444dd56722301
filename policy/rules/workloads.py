"""What runs in the cluster."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .model import Deployment, Resource, Rule, Violation

_WORKLOADS = (
    "kubernetes:apps/v1:DaemonSet",
    "kubernetes:apps/v1:Deployment",
    "kubernetes:apps/v1:StatefulSet",
)
_POD = "spec.template.spec"


def _containers(resource: Resource, kind: str = "containers") -> Iterator[dict[str, Any]]:
    yield from resource.at(f"{_POD}.{kind}[]")


def _unprobed(deployment: Deployment) -> Iterator[Violation]:
    for resource in deployment.of(*_WORKLOADS):
        for container in _containers(resource):
            missing = [one for one in ("readinessProbe", "livenessProbe") if one not in container]
            # What nobody asks anything has no port, and answers no probe.
            if container.get("ports") and missing:
                why = f"container {container['name']} lacks {' and '.join(missing)}"
                yield Violation(resource=resource, why=f"{why}; say how its health is asked")


def _unlimited(deployment: Deployment) -> Iterator[Violation]:
    for resource in deployment.of(*_WORKLOADS):
        for kind in ("containers", "initContainers"):
            for container in _containers(resource, kind):
                if not _is_limited(container):
                    yield Violation(
                        resource=resource,
                        why=f"container {container['name']} may take what others need; "
                        "set its requests and a limit of memory",
                    )


def _is_limited(container: dict[str, Any]) -> bool:
    given: dict[str, dict[str, Any]] = container.get("resources", {})
    return "memory" in given.get("limits", {}) and bool(given.get("requests"))


PROBED = Rule(
    name="workloads-probed",
    reason="Without probes a pod that hangs is sent requests until a person sees it.",
    judge=_unprobed,
)
LIMITED = Rule(
    name="workloads-limited",
    reason="One service that leaks memory must not take others of its node with it.",
    judge=_unlimited,
)
