"""Real proxies, where a mesh has them: how the prober and the collector come to them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from gallery.metrics import labels
from gallery.metrics.ports import INBOUND_PORT
from rehearsal.machine.addresses import STORE_NETWORK, Address
from rehearsal.stand_in.documents import Document
from rehearsal.stand_in.store import Store

SUBSTITUTED = (
    (
        "what proxies tell a scrape",
        "the agents' and Envoys' own words on certificates and connections; requests are simulated",
        "the simulated services ask nobody, so that no request comes by",
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

    `metrics` has where a workload's agent is scraped, by the workload's name.
    """

    probed: Mapping[str, Address]
    metrics: Mapping[str, Address]

    def told_of(self, store: Store) -> Store:
        """The store whose proxies tell of themselves."""
        told = {name: str(address) for name, address in self.metrics.items()}
        return replace(
            store,
            workloads=tuple(
                replace(each, proxy=told.get(each.name) if each.metrics else None)
                for each in store.workloads
            ),
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
