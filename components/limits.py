"""How much of the cluster pods may take: a ResourceQuota for those that it counts."""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as k8s

from gallery.render.quota import Quota


def limit(
    name: str,
    quota: Quota,
    *,
    priority: str,
    namespace: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> None:
    """Declare a quota; `priority` is the PriorityClass by which it chooses its pods."""
    spec: k8s.core.v1.ResourceQuotaSpecArgsDict = {"hard": quota.hard}
    if quota.operator:
        spec["scope_selector"] = {
            "match_expressions": [
                {
                    "scope_name": "PriorityClass",
                    "operator": quota.operator,
                    "values": [priority],
                }
            ]
        }
    k8s.core.v1.ResourceQuota(
        name, metadata={"name": quota.name, "namespace": namespace}, spec=spec, opts=opts
    )
