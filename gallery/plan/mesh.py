"""Who may call whom through the mesh, and for what: from the call graph and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from gallery.plan.installed_mesh import InstalledMesh
from gallery.store.companions import PROBER
from gallery.store.services import ENTRANCE, NAMESPACE, LoadGenerator, Protocol, Resources, Service

# How the page on the mesh calls what customers come through.
GATEWAY = "gateway"
# The prober asks for it as every client of gRPC's health protocol does.
HEALTH = "/grpc.health.v1.Health/Check"
# gRPC is HTTP's POST to a path.
_GRPC_VERB = "POST"


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """The mesh's gateway through which customers come; `pods` are labels that its pods carry.

    `installed`: whether the stack installs it.
    """

    namespace: str
    service_account: str
    pods: Mapping[str, str]
    installed: bool = False


@dataclass(frozen=True, kw_only=True)
class Mesh:
    """The cluster's mesh; `namespace` is its control plane's.

    Without a `revision` it injects where a namespace asks for injection. `istio` is the version of
    Istio that it is, or its minor alone, None where nobody has said. `installed` is what the stack
    installs, None where the mesh is others'.
    """

    trust_domain: str
    namespace: str
    revision: str | None
    gateway: Gateway | None
    istio: str | None = None
    installed: InstalledMesh | None = None

    def principal(self, service_account: str, namespace: str = NAMESPACE) -> str:
        """Who a proxy is by its certificate, as policies name it: a SPIFFE id without scheme."""
        return f"{self.trust_domain}/ns/{namespace}/sa/{service_account}"

    def principal_of(self, caller: str) -> str:
        """Who a caller of the call graph is, the gateway among them."""
        if caller == GATEWAY and self.gateway:
            return self.principal(self.gateway.service_account, self.gateway.namespace)
        return self.principal(caller)

    @property
    def namespace_labels(self) -> dict[str, str]:
        """By which the mesh gives the pods of a namespace their proxies."""
        if self.revision is None:
            return {"istio-injection": "enabled"}
        return {"istio.io/rev": self.revision}


@dataclass(frozen=True, kw_only=True)
class Proxy:
    """The mesh's proxy in a pod: what it is given, and the version that the stack installs.

    Pods say the version, so that another one rolls them: a proxy is as new as its pod.
    """

    resources: Resources
    version: str | None


@dataclass(frozen=True, kw_only=True)
class Edge:
    """One caller reaches a callee's container port: what the network sees of the call graph."""

    caller: str
    callee: str
    port: int


@dataclass(frozen=True, kw_only=True)
class Allowed(Edge):
    """One caller may reach a callee's container port, and ask for this.

    `methods` are the catalogue's; `verbs` and `paths` are what a proxy sees of them: no path where
    any will do, and neither of both where the callee speaks neither HTTP nor gRPC.
    """

    principal: str
    methods: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()


def edges(
    services: Iterable[Service], generator: LoadGenerator | None, *, door: bool
) -> tuple[Edge, ...]:
    """Every connection of the call graph, by callee in the catalogue's order.

    `door`: whether customers come in from outside, through what is called the gateway.
    """
    return tuple(
        Edge(caller=each.caller, callee=each.callee.name, port=each.callee.container_port)
        for each in _asked(tuple(services), generator, door=door)
    )


def allowed(
    services: Iterable[Service], generator: LoadGenerator | None, mesh: Mesh
) -> tuple[Allowed, ...]:
    """Everything that is allowed, by callee in the catalogue's order. The rest is denied."""
    return tuple(
        _may_ask(each, mesh)
        for each in _asked(tuple(services), generator, door=mesh.gateway is not None)
    )


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """One caller asks one callee for these methods."""

    caller: str
    callee: Service
    methods: tuple[str, ...]


def _asked(
    services: tuple[Service, ...], generator: LoadGenerator | None, *, door: bool
) -> Iterator[_Asked]:
    callers = (*services, *([generator] if generator else ()))
    for callee in services:
        for caller in callers:
            for call in caller.calls:
                if call.callee == callee.name:
                    yield _Asked(caller=caller.name, callee=callee, methods=call.methods)
        if door and callee.name == ENTRANCE:
            methods = tuple(method.name for method in callee.methods)
            yield _Asked(caller=GATEWAY, callee=callee, methods=methods)
        yield _Asked(caller=PROBER.name, callee=callee, methods=())


def _may_ask(asked: _Asked, mesh: Mesh) -> Allowed:
    callee = asked.callee
    verbs, paths = (), ()
    match callee.protocol:
        case Protocol.HTTP:
            verbs = asked.methods
        case Protocol.GRPC:
            verbs, paths = (_GRPC_VERB,), tuple(map(callee.path, asked.methods))
        case Protocol.TCP:
            pass
    found = Allowed(
        caller=asked.caller,
        principal=mesh.principal_of(asked.caller),
        callee=callee.name,
        port=callee.container_port,
        methods=asked.methods,
        verbs=verbs,
        paths=paths,
    )
    return _probe(found, callee) if asked.caller == PROBER.name else found


def _probe(found: Allowed, callee: Service) -> Allowed:
    """What the prober asks. The kubelet's probes go past the proxy, and need no leave."""
    match callee.protocol:
        case Protocol.HTTP:
            return replace(found, verbs=("GET",), paths=(str(callee.probe.path),))
        case Protocol.GRPC:
            return replace(found, paths=(HEALTH,))
        case Protocol.TCP:
            return found
