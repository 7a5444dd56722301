"""Who has a proxy in the rehearsed mesh: the stack's workloads, and some who come from outside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from gallery.plan.mesh import GATEWAY
from gallery.plan.model import Plan
from gallery.store.companions import PROBER
from gallery.store.services import APP, ENTRANCE, Protocol, Service
from offline.errors import UserError
from rehearsal.machine.addresses import Address, local_port, proxy_host
from rehearsal.stand_in.pods import Cluster

# A workload of another namespace, whose account has the name of one that may ask for much.
STRANGER = "stranger"
_OUTSIDE = "elsewhere"

# By its value a proxy's own objects find it: the replicas of a service have their labels in common.
PROXY = "rehearsed/proxy"
# Below it, ports are root's.
_PRIVILEGED = 1024
# In the place of such a port.
PROXIED = local_port(15001)
# The first port at which the prober's proxy takes what it asks.
_PROBED = local_port(16000)
# Ports of a proxy, all of them at its own host.
_ADMIN, _METRICS, _ENVOY_METRICS, _HEALTH = 15000, 15020, 15090, 15021


@dataclass(frozen=True, kw_only=True)
class Workload:
    """A workload with a proxy. `caller` is what the plan calls it.

    One stands for all replicas of a service; for a while a second one may, which has the `replica`
    number 2.

    Its proxy takes calls to others at `proxy`, a host of its own; `ip` is the workload's address
    in the mesh, and `service` what it is asked as, where it is asked.
    """

    caller: str
    namespace: str
    account: str
    ip: str
    proxy: str
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    service: Service | None = None
    replica: int = 1

    @property
    def name(self) -> str:
        """What its objects and files are called."""
        again = f"-{self.replica}" if self.replica > 1 else ""
        return f"proxy-{self.caller}{again}"

    @property
    def known_by(self) -> Mapping[str, str]:
        """The labels by which the mesh knows it: its pod's own, and one that no other has."""
        return {**self.labels, PROXY: self.name}

    def outward(self, callee: Service) -> Address:
        """Where it asks a service, by the service's name."""
        return Address(self.proxy, outward_port(callee))

    @property
    def admin(self) -> Address:
        """Where its Envoy tells of itself."""
        return Address(self.proxy, local_port(_ADMIN))

    @property
    def metrics(self) -> Address:
        """Where it is scraped."""
        return Address(self.proxy, local_port(_METRICS))

    @property
    def envoy_metrics(self) -> Address:
        """Where its Envoy alone would be scraped."""
        return Address(self.proxy, local_port(_ENVOY_METRICS))

    @property
    def health(self) -> Address:
        """Where the kubelet would ask it."""
        return Address(self.proxy, local_port(_HEALTH))

    @property
    def inward(self) -> Address | None:
        """Where its proxy takes what others ask. Policies name this port, so it is no other."""
        return Address(self.ip, self.service.container_port) if self.service else None

    @property
    def listens(self) -> tuple[Address, ...]:
        """Everything that must be free for its proxy."""
        own = (self.admin, self.metrics, self.envoy_metrics, self.health)
        return (*own, self.inward) if self.inward else own


def outward_port(callee: Service) -> int:
    """The port at which proxies take calls to a service."""
    # By the service's own port its route is found.
    return callee.service_port if callee.service_port >= _PRIVILEGED else PROXIED


def workloads(plan: Plan, cluster: Cluster) -> tuple[Workload, ...]:
    """Every workload with a proxy. Raises UserError for a service without pods."""
    services = {planned.service.name: planned.service for planned in plan.services}
    found = list[Workload]()
    for pod in cluster.pods():
        if pod.injected:
            found.append(
                Workload(
                    caller=pod.app,
                    namespace=pod.namespace,
                    account=pod.app,
                    ip=pod.ip,
                    proxy=proxy_host(len(found)),
                    labels=pod.labels,
                    service=services.get(pod.app),
                )
            )
    absent = sorted(set(services) - {each.caller for each in found})
    if absent:
        raise UserError(f"no pod with a proxy stands for {', '.join(absent)}")
    for caller, namespace, account in _outsiders(plan):
        host = proxy_host(len(found))
        found.append(
            Workload(
                caller=caller,
                namespace=namespace,
                account=account,
                ip=host,
                proxy=host,
                labels={APP: caller},
            )
        )
    return tuple(found)


def probed(workloads: Iterable[Workload]) -> dict[str, Address]:
    """Where the prober asks each service through its own proxy, by the service's address.

    It asks addresses, and cannot say for whom: so each service has a port of its own there, but
    for those that speak neither HTTP nor gRPC, which have one already.
    """
    workloads = tuple(workloads)
    (prober,) = [each for each in workloads if each.caller == PROBER.name]
    services = [each.service for each in workloads if each.service]
    return {
        each.address: prober.outward(each)
        if each.protocol is Protocol.TCP
        else Address(prober.proxy, _PROBED + number)
        for number, each in enumerate(services)
    }


def _outsiders(plan: Plan) -> Iterator[tuple[str, str, str]]:
    """Who has a certificate of the mesh and is no workload of the stack."""
    gateway = plan.mesh.gateway if plan.mesh else None
    if gateway:
        yield GATEWAY, gateway.namespace, gateway.service_account
    yield STRANGER, _OUTSIDE, ENTRANCE
