"""What runs in the store's namespace beside the store, pinned: who watches it from there."""

from __future__ import annotations

from dataclasses import dataclass

from gallery.store.ending import CALLED, Ending
from gallery.store.services import Resources


@dataclass(frozen=True, kw_only=True)
class Companion:
    """A workload of the platform's own; `port` is what it serves HTTP on.

    `ending` is how its pods end. `user` is the numeric user of its image, which only names it:
    Kubernetes cannot see that a name is not root.
    """

    name: str
    image: str
    port: int
    resources: Resources
    ending: Ending
    user: int = 65534


COLLECTOR = Companion(
    name="collector",
    # The long-term support line: what runs for months without anybody looking.
    image="quay.io/prometheus/prometheus:v3.13.2",
    port=9090,
    # What could not be sent yet, up to the size of its volume, is on the node.
    resources=Resources(cpu=(100, 500), memory=(256, 1024), storage=(512, 5120)),
    # What is still in memory is sent before the agent ends, which nobody calls.
    ending=Ending(answers=0, finishes=60),
)
# Two agents, of which AMP takes one's samples; the other takes over by itself.
COLLECTOR_REPLICAS = 2

PROBER = Companion(
    name="prober",
    image="quay.io/prometheus/blackbox-exporter:v0.28.0",
    port=9115,
    resources=Resources(cpu=(20, 200), memory=(32, 64)),
    ending=CALLED,
)

COMPANIONS = (COLLECTOR, PROBER)

# What Istio gives each proxy where nobody says otherwise (istio.io, `global.proxy.resources`).
SIDECAR = Resources(cpu=(100, 2000), memory=(128, 1024))


def prober_replicas(*, production: bool) -> int:
    """How many probers stand behind their one name."""
    return 2 if production else 1
