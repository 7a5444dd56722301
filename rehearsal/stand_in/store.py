"""The store's services, their call graph and their addresses, from the Kubernetes objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gallery.metrics import labels
from offline.errors import UserError
from rehearsal.machine.addresses import PROXY_PORT, Address, local_port
from rehearsal.stand_in.documents import Document
from rehearsal.stand_in.pods import APP, Cluster, Pod
from rehearsal.world.topology import Workload

# Requests per second of the load generator.
_LOAD = 20.0
_DNS = "{name}.{namespace}.svc.cluster.local"


@dataclass(frozen=True)
class Store:
    """The workloads of the store's namespace and the names by which they are reached.

    `names` maps `host:port` of a Service, as the cluster's DNS has it, to an address here.
    """

    namespace: str
    workloads: tuple[Workload, ...]
    names: Mapping[str, Address]


def read_store(cluster: Cluster, scrape_seconds: float) -> Store:
    """The store; `scrape_seconds` is how often each of the two agents probes it."""
    pods = cluster.pods()
    namespace = cluster.namespace_of(labels.PROBER_WORKLOAD)
    members = [pod for pod in pods if pod.namespace == namespace]
    services = {
        service["metadata"]["name"]: service for service in cluster.of("service", namespace)
    }
    callers = _callers(cluster, namespace)
    probing = 2 / scrape_seconds
    workloads = [
        _workload(pod, services.get(pod.app), callers, probing)
        for pod in members
        if pod.app != labels.COLLECTOR_SERVICE
    ]
    return Store(namespace, tuple(workloads), dict(_names(services.values(), members)))


def _workload(
    pod: Pod, service: Document | None, callers: Mapping[str, set[str]], probing: float
) -> Workload:
    calls = tuple(
        sorted(callee for callee, known in callers.items() if pod.app in known - {callee})
    )
    metrics = str(Address(pod.ip, local_port(PROXY_PORT))) if pod.injected else None
    if pod.app == labels.PROBER_WORKLOAD:
        return Workload(
            name=pod.app,
            protocol="http",
            # The blackbox exporter itself listens there.
            listens=None,
            metrics=metrics,
            calls=calls,
            generates=probing,
            probes=True,
        )
    if service is None:
        return Workload(
            name=pod.app,
            protocol="http",
            listens=None,
            metrics=metrics,
            calls=calls,
            generates=_LOAD,
        )
    port = service["spec"]["ports"][0]
    return Workload(
        name=pod.app,
        protocol=port["appProtocol"],
        listens=str(Address(pod.ip, local_port(_target_port(port, pod)))),
        metrics=metrics,
        calls=calls,
    )


def _callers(cluster: Cluster, namespace: str) -> dict[str, set[str]]:
    """Callee to callers, as the NetworkPolicies admit them."""
    found = dict[str, set[str]]()
    for policy in cluster.of("networkpolicy", namespace):
        callee = policy["spec"].get("podSelector", {}).get("matchLabels", {}).get(APP)
        if callee is None:
            continue
        admitted = found.setdefault(callee, set())
        for rule in policy["spec"].get("ingress", ()):
            for peer in rule.get("from", ()):
                # Customers come from another namespace, and are no workload.
                if "namespaceSelector" in peer:
                    continue
                caller = peer.get("podSelector", {}).get("matchLabels", {}).get(APP)
                # The collector scrapes proxies, which is no call.
                if caller not in {None, labels.COLLECTOR_SERVICE}:
                    admitted.add(caller)
    return found


def _names(services: Iterable[Document], pods: Iterable[Pod]) -> Iterable[tuple[str, Address]]:
    pods = tuple(pods)
    for service in services:
        metadata, spec = service["metadata"], service["spec"]
        selector = spec["selector"]
        chosen = [pod for pod in pods if selector.items() <= pod.labels.items()]
        if not chosen:
            raise UserError(f"the Service {metadata['name']} selects no pod: {selector}")
        host = _DNS.format(name=metadata["name"], namespace=metadata["namespace"])
        for port in spec["ports"]:
            number = _target_port(port, chosen[0])
            yield f"{host}:{port['port']}", Address(chosen[0].ip, local_port(number))


def _target_port(port: Document, pod: Pod) -> int:
    target = port.get("targetPort", port["port"])
    if isinstance(target, int):
        return target
    for known in pod.ports:
        if known.name == target:
            return known.number
    raise UserError(f"no container of {pod.app} has a port called {target!r}")
