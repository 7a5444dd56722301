"""What a proxy's Envoy knows of the replicas of a service that it asks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rehearsal.machine import loopback
from rehearsal.mesh.workloads import Workload
from rehearsal.stand_in.documents import Document


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """What an Envoy counts of one replica of a service, and whether it passes it by."""

    asked: int
    errors: int
    ejected: bool


def endpoints(asker: Workload, host: str) -> dict[str, Endpoint]:
    """What a workload's Envoy knows of a service's endpoints, by their address.

    `host` is the service's, as in its DestinationRule.
    """
    told = loopback.get_json(asker.admin.url("/clusters?format=json"))
    return dict(_endpoints(told, host))


def _endpoints(told: Document, host: str) -> Iterator[tuple[str, Endpoint]]:
    for cluster in told["cluster_statuses"]:
        if cluster["name"].split("|")[-1] == host:
            for each in cluster.get("host_statuses", ()):
                counted = {one["name"]: int(one.get("value", 0)) for one in each["stats"]}
                yield (
                    each["address"]["socket_address"]["address"],
                    Endpoint(
                        asked=counted["rq_total"],
                        errors=counted["rq_error"],
                        ejected=each["health_status"].get("failed_outlier_check", False),
                    ),
                )
