"""Real proxies, where a mesh has them: how the prober and the collector come to them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from gallery.metrics import labels
from gallery.metrics.ports import INBOUND_PORT
from gallery.plan.mesh import GATEWAY
from rehearsal.machine.addresses import STORE_NETWORK, Address
from rehearsal.stand_in.documents import Document
from rehearsal.stand_in.store import Store
from rehearsal.world.topology import Upstream, Workload

# Requests per second of the load generator and of customers through a gateway together: each leads
# to six or seven more. With fewer, some service has less than alerts on requests ask for.
_REQUESTS = 4.0

SUBSTITUTED = (
    (
        "Istio's telemetry of requests (`istio.stats`)",
        "Envoy's access log, by an EnvoyFilter; at the scrape its counts get Istio's labels",
        "upstream's Envoy has no such filter",
    ),
    (
        "the listener that takes what is captured, by which plain text is counted",
        "the one at the container's port, whose address is written as the other's at the scrape",
        "nothing is captured",
    ),
)


@dataclass(frozen=True, kw_only=True)
class Proxies:
    """Where the prober asks each service, by its address in the cluster, and scrapes lead.

    `metrics` has where a workload's agent is scraped, `upstreams` whom a workload asks through its
    own, both by the workload's name.
    """

    probed: Mapping[str, Address]
    metrics: Mapping[str, Address]
    upstreams: Mapping[str, tuple[Upstream, ...]]

    def told_of(self, store: Store) -> Store:
        """The store whose services and customers ask through proxies that tell of it."""
        asking = [self._asking(each) for each in store.workloads]
        if customers := self.upstreams.get(GATEWAY):
            asking.append(_gateway(customers))
        generators = sum(bool(each.generates and each.upstreams) for each in asking)
        return replace(
            store,
            workloads=tuple(
                replace(each, generates=_REQUESTS / generators)
                if each.generates and each.upstreams
                else each
                for each in asking
            ),
        )

    def _asking(self, workload: Workload) -> Workload:
        address = self.metrics.get(workload.name)
        return replace(
            workload,
            proxy=str(address) if workload.metrics and address else None,
            upstreams=self.upstreams.get(workload.name, ()),
        )

    def listeners(self, config: Document) -> None:
        """Let an agent call listeners as they are called where connections are captured."""
        inside = re.escape(str(STORE_NETWORK.network_address).removesuffix("0.0"))
        for job in config["scrape_configs"]:
            if job["job_name"] == labels.MESH:
                job["metric_relabel_configs"].append(
                    {
                        "source_labels": ["listener_address"],
                        "regex": f"{inside}.+",
                        "target_label": "listener_address",
                        "replacement": f"0.0.0.0_{INBOUND_PORT}",
                    }
                )


def _gateway(customers: tuple[Upstream, ...]) -> Workload:
    """What customers come through; it is in another namespace, where nobody scrapes it."""
    return Workload(
        name=GATEWAY,
        protocol="http",
        listens=None,
        metrics=None,
        calls=tuple(each.name for each in customers),
        generates=_REQUESTS,
        upstreams=customers,
    )
