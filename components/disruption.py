"""How much of a workload a drained node may take away at once."""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as k8s

from components.pods import APP, labels_of


def disruption_budget(
    name: str, app: str, namespace: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> k8s.policy.v1.PodDisruptionBudget:
    """One pod at a time, and those that are broken anyway without asking."""
    return k8s.policy.v1.PodDisruptionBudget(
        name,
        metadata={"name": app, "namespace": namespace, "labels": labels_of(app)},
        spec={
            "max_unavailable": 1,
            "selector": {"match_labels": {APP: app}},
            "unhealthy_pod_eviction_policy": "AlwaysAllow",
        },
        opts=opts,
    )
