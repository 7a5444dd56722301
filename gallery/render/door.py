"""The shop's door: what the gateway listens to, and where it leads."""

from __future__ import annotations

from dataclasses import dataclass

from gallery.metrics.durations import Duration
from gallery.plan.door import AtGateway, AtLoadBalancer, AtRouter, Entry
from gallery.render.mesh import NETWORKING, MeshObject
from gallery.render.traffic import NEVER, seconds, towards
from gallery.store.services import Service

_NAME = "door"
_Servers = list[dict[str, object]]


@dataclass(frozen=True, kw_only=True)
class Route:
    """OpenShift's Route from its router to the gateway."""

    name: str
    namespace: str
    spec: dict[str, object]


def door_objects(entry: Entry, entrance: Service, wait: Duration) -> tuple[MeshObject, ...]:
    """What the gateway listens to for the shop's name alone, and its one way to the entrance."""
    return (
        MeshObject(
            api_version=NETWORKING,
            kind="Gateway",
            name=_NAME,
            app=None,
            spec={"selector": dict(entry.gateway.pods), "servers": _servers(entry)},
        ),
        MeshObject(
            api_version=NETWORKING,
            kind="VirtualService",
            name=_NAME,
            app=entrance.name,
            spec={
                "exportTo": [entry.gateway.namespace],
                "gateways": [_NAME],
                "hosts": [entry.domain],
                # As callers within the mesh: a page is asked for once, and waited for so long.
                "http": [{"retries": NEVER, "route": towards(entrance), "timeout": seconds(wait)}],
            },
        ),
    )


def route(entry: Entry) -> Route | None:
    """The way from the platform's router, where TLS ends there."""
    if not isinstance(entry.certificate, AtRouter):
        return None
    return Route(
        name=_NAME,
        namespace=entry.gateway.namespace,
        spec={
            "host": entry.domain,
            "port": {"targetPort": "http2"},
            "tls": {"insecureEdgeTerminationPolicy": "Redirect", "termination": "edge"},
            "to": {"kind": "Service", "name": entry.certificate.service},
        },
    )


def _servers(entry: Entry) -> _Servers:
    # Routes of this namespace alone, so that nobody else's takes the shop's name.
    hosts = [f"./{entry.domain}"]
    plain: dict[str, object] = {"name": "http", "number": 80, "protocol": "HTTP"}
    redirected: dict[str, object] = {
        "hosts": hosts,
        "port": plain,
        "tls": {"httpsRedirect": True},
    }
    match entry.certificate:
        case AtRouter():
            # The router has sent whoever came without TLS away.
            return [{"hosts": hosts, "port": plain}]
        case AtLoadBalancer():
            ended: dict[str, object] = {"name": "http-ended", "number": 443, "protocol": "HTTP"}
            return [redirected, {"hosts": hosts, "port": ended}]
        case AtGateway():
            return [
                redirected,
                {
                    "hosts": hosts,
                    "port": {"name": "https", "number": 443, "protocol": "HTTPS"},
                    "tls": {
                        "credentialName": entry.certificate.secret,
                        "minProtocolVersion": "TLSV1_2",
                        "mode": "SIMPLE",
                    },
                },
            ]
