"""What is probed, from where the collector stands: every service, the door, the prober itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gallery.metrics import labels
from gallery.store.companions import PROBER
from gallery.store.services import NAMESPACE, Protocol, Service

PROBER_ADDRESS = f"{PROBER.name}.{NAMESPACE}.svc.cluster.local:{PROBER.port}"
# The frontend answers a request with this cookie without touching its backends.
PROBE_COOKIE = "shop_session-id=x-readiness-probe"


class Module(StrEnum):
    """A module of the blackbox exporter."""

    HTTP = "http"
    GRPC = "grpc"
    REDIS = "redis"
    HTTPS = "https"
    DOOR = "door"
    CERTIFICATE = "certificate"


@dataclass(frozen=True, kw_only=True)
class ProbeTarget:
    """One thing to probe. `target` is what the blackbox exporter is asked for."""

    job: str
    service: str
    module: Module
    target: str


@dataclass(frozen=True, kw_only=True)
class PublicAddress:
    """Where customers find the shop, and how it is asked.

    Without `contains`, a text of its page, whatever answers with a good status is the shop.
    `headers` are for what stands before it and would turn the prober away.
    """

    domain: str
    path: str = "/"
    contains: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


_MODULES = {Protocol.HTTP: Module.HTTP, Protocol.GRPC: Module.GRPC, Protocol.TCP: Module.REDIS}


def probe_targets(
    services: Iterable[Service], door: PublicAddress | None
) -> tuple[ProbeTarget, ...]:
    """All static targets of a stack. Grafana's own address is known only when it stands."""
    canary = ProbeTarget(
        job=labels.CANARY,
        service=labels.COLLECTOR_SERVICE,
        module=Module.HTTP,
        # A page of its own: if even that cannot be reached, the prober is to blame.
        target=f"http://{PROBER_ADDRESS}/-/healthy",
    )
    return (*map(_service_probe, services), canary, *(_door_probes(door) if door else ()))


def _door_probes(door: PublicAddress) -> tuple[ProbeTarget, ...]:
    """The page as a browser finds it, and the certificate of the host that is asked for it.

    Whoever follows a redirect to another host sees the certificate of that one alone.
    """
    page = ProbeTarget(
        job=labels.DOOR,
        service=labels.DOOR_SERVICE,
        module=Module.DOOR,
        target=f"https://{door.domain}{door.path}",
    )
    certificate = ProbeTarget(
        job=labels.DOOR_CERTIFICATE,
        service=labels.DOOR_SERVICE,
        module=Module.CERTIFICATE,
        target=f"{door.domain}:443",
    )
    return page, certificate


def _service_probe(service: Service) -> ProbeTarget:
    target = service.address
    if service.protocol is Protocol.HTTP:
        target = f"http://{service.address}{service.probe.path}"
    return ProbeTarget(
        job=labels.PROBE,
        service=service.name,
        module=_MODULES[service.protocol],
        target=target,
    )
