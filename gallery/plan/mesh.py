"""Who may call whom through the mesh, and for what: from the call graph and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from gallery.store.companions import PROBER
from gallery.store.services import ENTRANCE, NAMESPACE, LoadGenerator, Protocol, Service

# How the page on the mesh calls what customers come through.
GATEWAY = "gateway"
# The prober asks for it as every client of gRPC's health protocol does.
_HEALTH = "/grpc.health.v1.Health/Check"
# gRPC is HTTP's POST to a path.
_GRPC_VERB = "POST"


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """The mesh's gateway through which customers come; `pods` are labels that its pods carry."""

    namespace: str
    service_account: str
    pods: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Mesh:
    """The cluster's mesh; `namespace` is its control plane's.

    Without a `revision` it injects where a namespace asks for injection.
    """

    trust_domain: str
    namespace: str
    revision: str | None
    gateway: Gateway | None

    def principal(self, service_account: str, namespace: str = NAMESPACE) -> str:
        """Who a proxy is by its certificate, as policies name it: a SPIFFE id without scheme."""
        return f"{self.trust_domain}/ns/{namespace}/sa/{service_account}"


@dataclass(frozen=True, kw_only=True)
class Allowed:
    """One caller may reach a callee's container port, and ask for this.

    `methods` are the catalogue's; `verbs` and `paths` are what a proxy sees of them: no path where
    any will do, and neither of both where the callee speaks neither HTTP nor gRPC.
    """

    caller: str
    principal: str
    callee: str
    port: int
    methods: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()


def allowed(
    services: Iterable[Service], generator: LoadGenerator | None, mesh: Mesh
) -> tuple[Allowed, ...]:
    """Everything that is allowed, by callee in the catalogue's order. The rest is denied."""
    services = tuple(services)
    callers = (*services, *([generator] if generator else ()))
    return tuple(
        each
        for callee in services
        for each in (*_calls(callee, callers, mesh), _probe(callee, mesh))
    )


def _calls(
    callee: Service, callers: Iterable[Service | LoadGenerator], mesh: Mesh
) -> Iterator[Allowed]:
    for caller in callers:
        for call in caller.calls:
            if call.callee == callee.name:
                yield _may_ask(caller.name, mesh.principal(caller.name), callee, call.methods)
    gateway = mesh.gateway
    if gateway and callee.name == ENTRANCE:
        principal = mesh.principal(gateway.service_account, gateway.namespace)
        methods = tuple(method.name for method in callee.methods)
        yield _may_ask(GATEWAY, principal, callee, methods)


def _may_ask(caller: str, principal: str, callee: Service, methods: tuple[str, ...]) -> Allowed:
    verbs, paths = (), ()
    match callee.protocol:
        case Protocol.HTTP:
            verbs = methods
        case Protocol.GRPC:
            verbs, paths = (_GRPC_VERB,), tuple(map(callee.path, methods))
        case Protocol.TCP:
            pass
    return Allowed(
        caller=caller,
        principal=principal,
        callee=callee.name,
        port=callee.container_port,
        methods=methods,
        verbs=verbs,
        paths=paths,
    )


def _probe(callee: Service, mesh: Mesh) -> Allowed:
    """What the prober asks. The kubelet's probes go past the proxy, and need no leave."""
    asked = _may_ask(PROBER.name, mesh.principal(PROBER.name), callee, ())
    match callee.protocol:
        case Protocol.HTTP:
            return replace(asked, verbs=("GET",), paths=(str(callee.probe.path),))
        case Protocol.GRPC:
            return replace(asked, paths=(_HEALTH,))
        case Protocol.TCP:
            return asked
