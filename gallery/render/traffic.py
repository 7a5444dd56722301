"""How the mesh carries calls: for how long, how often, how many at once, and past whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gallery.metrics.durations import Duration
from gallery.plan.model import PlannedService
from gallery.plan.patience import ANSWER, tried_again
from gallery.render.mesh import NETWORKING, MeshObject
from gallery.store.call_graph import Method
from gallery.store.services import Protocol, Service

# From each proxy to all pods of one service: more than a pod's CPU can answer at once.
_MOST_AT_ONCE = 100
# No answer was begun, or the pod said that it is not there. A server's other errors are its answer.
_RETRIED = "connect-failure,refused-stream,reset,unavailable"
NEVER: dict[str, object] = {"attempts": 0}
_FAULTS_IN_A_ROW = 5
_EJECTED_FOR = "30s"
_LOOKED_AT_EVERY = "10s"


def traffic_objects(
    services: Iterable[PlannedService], waits: Mapping[str, Duration]
) -> tuple[MeshObject, ...]:
    """A DestinationRule for each service, and a VirtualService where there are requests."""
    services = tuple(services)
    return (
        *(_destination(each) for each in services),
        *(
            _requests(each.service, waits)
            for each in services
            if each.service.protocol is not Protocol.TCP
        ),
    )


def most_ejected_percent(replicas: int) -> int:
    """How many pods may be passed by, at most half of them, as Envoy counts: 0 for a single one.

    Envoy ejects one more as long as the share of those that are ejected is below this, and one in
    any case: a single pod must not be looked at.
    """
    return 100 * (replicas // 2) // replicas


def _destination(planned: PlannedService) -> MeshObject:
    service = planned.service
    policy: dict[str, object] = {
        "connectionPool": {
            "http": {
                "http1MaxPendingRequests": _MOST_AT_ONCE,
                "http2MaxRequests": _MOST_AT_ONCE,
            },
            "tcp": {"connectTimeout": seconds(ANSWER.halved), "maxConnections": _MOST_AT_ONCE},
        },
        "tls": {"mode": "ISTIO_MUTUAL"},
    }
    if share := most_ejected_percent(planned.replicas):
        policy["outlierDetection"] = {
            "baseEjectionTime": _EJECTED_FOR,
            # Who says 500 has looked and found; it may well be a callee's fault, and then every
            # pod says so. 502 to 504, and gRPC's likes, come from a pod that does not work.
            "consecutive5xxErrors": 0,
            "consecutiveGatewayErrors": _FAULTS_IN_A_ROW,
            "interval": _LOOKED_AT_EVERY,
            "maxEjectionPercent": share,
        }
    return MeshObject(
        api_version=NETWORKING,
        kind="DestinationRule",
        name=service.name,
        app=service.name,
        spec={"host": service.host, "trafficPolicy": policy},
    )


def _requests(service: Service, waits: Mapping[str, Duration]) -> MeshObject:
    wait = waits[service.name]
    again = [method for method in service.methods if tried_again(method, service)]
    once = [method for method in service.methods if method not in again]
    routes = [
        {
            "match": [_matching(service, method) for method in methods],
            "retries": retries,
            "route": towards(service),
            "timeout": seconds(wait),
        }
        for methods, retries in ((again, _second_try(wait)), (once, NEVER))
        if methods
    ]
    return MeshObject(
        api_version=NETWORKING,
        kind="VirtualService",
        name=service.name,
        app=service.name,
        spec={
            "exportTo": ["."],
            "hosts": [service.host],
            # Last what nobody asks but the prober, which gives up by itself. What fails must be
            # seen to fail, and the mesh's own default would ask again.
            "http": [*routes, {"retries": NEVER, "route": towards(service)}],
        },
    )


def _second_try(wait: Duration) -> dict[str, object]:
    return {"attempts": 1, "perTryTimeout": seconds(wait.halved), "retryOn": _RETRIED}


def towards(service: Service) -> list[dict[str, object]]:
    """The route to a service."""
    port = {"number": service.service_port}
    return [{"destination": {"host": service.host, "port": port}}]


def _matching(service: Service, method: Method) -> dict[str, object]:
    if service.protocol is Protocol.GRPC:
        return {"uri": {"exact": service.path(method.name)}}
    return {"method": {"exact": method.name}}


def seconds(length: Duration) -> str:
    """As protobuf's JSON has it: in seconds, with a fraction."""
    return f"{length.seconds:g}s"
