"""Who may open a connection to whom, both ways: what the namespace's NetworkPolicies say.

Ports are those of pods, since a connection to a Service is one to a pod by the time that it is
judged. The kubelet's probes are judged by nobody: a pod's own node always reaches it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from gallery.metrics.labels import ISTIOD_SERVICE
from gallery.metrics.ports import ISTIOD_METRICS_PORT, MESH_METRICS_PORT, NODE_EXPORTER_PORT
from gallery.plan.cluster import Cluster
from gallery.plan.mesh import GATEWAY, Edge, Mesh
from gallery.store.companions import COLLECTOR, PROBER
from gallery.store.services import APP

_TLS = 443
# Where istiod hands out configuration and certificates, and what its pods carry.
_ISTIOD_PORT = 15012
_ISTIOD = {APP: ISTIOD_SERVICE}
# Where EKS Pod Identity's agent is found on each node (EKS user guide, "Set up the agent").
_POD_IDENTITY_AGENT = "169.254.170.23/32"
_POD_IDENTITY_PORT = 80


@dataclass(frozen=True, kw_only=True)
class Pods:
    """Pods with these labels; of the store's own namespace where none is named."""

    labels: Mapping[str, str]
    namespace: str | None = None


@dataclass(frozen=True, kw_only=True)
class Opening:
    """Connections with these peers to these ports; `cidr` is an address beside the pods.

    Without peers, with anybody: `why` says why nobody can be named.
    """

    ports: tuple[int, ...]
    pods: tuple[Pods, ...] = ()
    cidr: str | None = None
    protocols: tuple[Literal["TCP", "UDP"], ...] = ("TCP",)
    why: str | None = None


@dataclass(frozen=True, kw_only=True)
class Reach:
    """All connections that pods of one `app` may take part in. Any other is refused."""

    app: str
    ways_in: tuple[Opening, ...] = ()
    ways_out: tuple[Opening, ...] = ()


def reaches(
    edges: Iterable[Edge],
    mesh: Mesh | None,
    cluster: Cluster,
    *,
    customers: Pods | None,
    hosts: bool,
    generator: str | None,
) -> tuple[Reach, ...]:
    """What every workload of the namespace may do, by its name.

    `customers` are the pods that customers come through, `hosts` says whether there are any.
    """
    edges = tuple(edges)
    callees = tuple(dict.fromkeys(each.callee for each in edges))
    common = (_resolver(cluster), *([_control_plane(mesh)] if mesh else ()))
    return (
        *(
            Reach(
                app=app,
                ways_in=tuple(_from_callers(app, edges, customers)),
                ways_out=(*_to_callees(app, edges), *common),
            )
            for app in (*callees, *([generator] if generator else ()))
        ),
        Reach(
            app=PROBER.name,
            ways_in=(_of_apps(PROBER.port, COLLECTOR.name, PROBER.name),),
            ways_out=(
                *_to_callees(PROBER.name, edges),
                _of_apps(PROBER.port, PROBER.name),
                Opening(
                    ports=(_TLS,), why="the shop's public address and Grafana have no known ones"
                ),
                *common,
            ),
        ),
        Reach(
            app=COLLECTOR.name,
            ways_in=(_of_apps(COLLECTOR.port, COLLECTOR.name),),
            ways_out=(*_out_of_collector(mesh, cluster, hosts=hosts), _resolver(cluster)),
        ),
    )


def metrics_of_proxies() -> Opening:
    """The way in to the proxy of any pod, known or not: the collector asks for its metrics."""
    return _of_apps(MESH_METRICS_PORT, COLLECTOR.name)


def _from_callers(app: str, edges: Iterable[Edge], customers: Pods | None) -> Iterator[Opening]:
    mine = [each for each in edges if each.callee == app]
    if inside := [each.caller for each in mine if each.caller != GATEWAY]:
        yield _of_apps(mine[0].port, *inside)
    if customers and len(inside) < len(mine):
        yield Opening(ports=(mine[0].port,), pods=(customers,))


def _to_callees(app: str, edges: Iterable[Edge]) -> Iterator[Opening]:
    for each in edges:
        if each.caller == app:
            yield _of_apps(each.port, each.callee)


def _out_of_collector(mesh: Mesh | None, cluster: Cluster, *, hosts: bool) -> Iterator[Opening]:
    yield _of_apps(PROBER.port, PROBER.name)
    yield _of_apps(COLLECTOR.port, COLLECTOR.name)
    if mesh:
        # Whoever has a proxy here, known or not.
        yield Opening(ports=(MESH_METRICS_PORT,), pods=(Pods(labels={}),))
        yield _of_istiod(ISTIOD_METRICS_PORT, mesh)
    yield Opening(
        ports=tuple(sorted({_TLS, cluster.api_port})),
        why="the cluster's API server and AWS' endpoints have no known addresses",
    )
    if cluster.oidc_provider is None:
        yield Opening(ports=(_POD_IDENTITY_PORT,), cidr=_POD_IDENTITY_AGENT)
    if hosts:
        yield Opening(
            ports=(NODE_EXPORTER_PORT,),
            why="hosts get their addresses when they are made, and are let in by their own group",
        )


def _of_apps(port: int, *apps: str) -> Opening:
    return Opening(ports=(port,), pods=tuple(Pods(labels={APP: app}) for app in apps))


def _resolver(cluster: Cluster) -> Opening:
    return Opening(
        ports=cluster.dns_ports,
        protocols=("UDP", "TCP"),
        why="resolvers are pods, services of the node or an address of the VPC",
    )


def _control_plane(mesh: Mesh) -> Opening:
    return _of_istiod(_ISTIOD_PORT, mesh)


def _of_istiod(port: int, mesh: Mesh) -> Opening:
    return Opening(ports=(port,), pods=(Pods(labels=_ISTIOD, namespace=mesh.namespace),))
