"""The pods that the API has, as those here that stand for them.

A pod that is ready is found where the simulated workload of its name or label lives; one that has
an address and is not ready is found where nothing answers. One without an address is no target,
as in Prometheus' own discovery.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from rehearsal.machine.addresses import DEAD_POD
from rehearsal.stand_in.documents import Document
from rehearsal.stand_in.pods import APP, Pod


def followed(live: Iterable[Document], simulated: Iterable[Pod]) -> Iterator[Pod]:
    """The live pods that a simulated one stands for, by their own names."""
    simulated = tuple(simulated)
    by_name = {pod.name: pod for pod in simulated}
    by_app = {pod.app: pod for pod in reversed(simulated)}
    for each in live:
        metadata, status = each["metadata"], each.get("status", {})
        name, app = str(metadata["name"]), metadata.get("labels", {}).get(APP)
        stands = by_name.get(name) or by_app.get(app)
        if stands is None or not status.get("podIP"):
            continue
        well = is_ready(each)
        yield replace(
            stands,
            name=name,
            ip=stands.ip if well else DEAD_POD,
            ready=well,
            phase=str(status.get("phase", "Pending")),
            node=str(each["spec"].get("nodeName", "")),
        )


def is_ready(pod: Document) -> bool:
    """Whether a live pod says that it is ready."""
    conditions: list[Document] = pod.get("status", {}).get("conditions") or []
    return any((each["type"], each["status"]) == ("Ready", "True") for each in conditions)


def unserved(live: Iterable[Document], services: Iterable[str]) -> frozenset[str]:
    """The services that have no pod that is ready."""
    ready = {pod["metadata"].get("labels", {}).get(APP) for pod in live if is_ready(pod)}
    return frozenset(services) - ready
