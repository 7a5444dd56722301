"""The door of the shop: through which gateway customers come, and where TLS ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gallery.plan.mesh import Gateway
from gallery.plan.stack import PRODUCTION
from gallery.stack_file.sections import Settings

if TYPE_CHECKING:
    from gallery.plan.cluster import Cluster
    from gallery.stack_file.door import Certificate as Given

# What the gateway is called that the stack installs: its release and its namespace, as whom it
# runs, and what its pods carry (istio/istio, manifests/charts/gateway, `_helpers.tpl`).
INSTALLED = Gateway(
    namespace="istio-ingress",
    service_account="istio-ingress",
    pods={"istio": "ingress"},
    installed=True,
)


@dataclass(frozen=True, kw_only=True)
class AtLoadBalancer:
    """TLS ends before the gateway, with the certificate of this ARN."""

    arn: str


@dataclass(frozen=True, kw_only=True)
class AtGateway:
    """TLS ends at the gateway, with the certificate in this Secret of its namespace."""

    secret: str


@dataclass(frozen=True, kw_only=True)
class AtRouter:
    """TLS ends at OpenShift's router, which leads to this Service of the gateway."""

    service: str


Certificate = AtLoadBalancer | AtGateway | AtRouter


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What the stack declares of its door. `load_balancer` is the class of the one before it."""

    domain: str
    gateway: Gateway
    certificate: Certificate
    load_balancer: str


def gateway_of(settings: Settings, cluster: Cluster) -> Gateway | None:
    """The mesh's gateway that customers come through: the named one, or the one installed."""
    door, mesh = settings.door, settings.mesh
    if door is None or mesh is None:
        return None
    if door.gateway is None:
        return INSTALLED if mesh.installed and cluster.installs_gateway else None
    return Gateway(
        namespace=door.gateway.namespace,
        # Without one the stack is refused.
        service_account=door.gateway.service_account or "",
        pods=door.gateway.pods,
    )


def entry_of(settings: Settings, gateway: Gateway | None) -> Entry | None:
    """What the stack declares of its door; nothing where others lead it to the store."""
    door = settings.door
    if door is None or gateway is None or door.certificate is None:
        return None
    return Entry(
        domain=door.domain,
        gateway=gateway,
        certificate=_certificate(door.certificate),
        load_balancer=door.load_balancer,
    )


def _certificate(given: Given) -> Certificate:
    if given.arn is not None:
        return AtLoadBalancer(arn=given.arn)
    if given.stored_as is not None:
        return AtGateway(secret=given.stored_as)
    # One of the three is there, or the stack file was refused.
    return AtRouter(service=given.route_to or "")


def closed(settings: Settings) -> Iterator[str]:
    """Why nobody could come in, each with its cure."""
    door = settings.door
    if door is None:
        return
    mesh, on_eks = settings.mesh, settings.cluster.existing.platform == "eks"
    installs = bool(mesh and mesh.installed and on_eks and door.gateway is None)
    if door.gateway is None:
        if not installs:
            yield (
                f"gallery:door.gateway is missing: {door.domain} leads to the shop, and nobody is "
                "let in from elsewhere; name what customers come through, as gateway: {namespace: "
                "istio-ingress, service_account: istio-ingress, pods: {istio: ingress}}"
            )
    elif mesh is None and door.gateway.service_account:
        yield (
            "gallery:door.gateway.service_account is whom a mesh would know the gateway by, and "
            "gallery:mesh is none; remove it"
        )
    elif mesh is not None and door.gateway.service_account is None:
        yield (
            "gallery:door.gateway.service_account is missing: the mesh knows the gateway by it, "
            "and lets nobody in who comes without a certificate of its own; name the account that "
            "the gateway's pods run as"
        )
    if not installs and "load_balancer" in door.model_fields_set:
        yield (
            "gallery:door.load_balancer is of the gateway that the stack installs, and here it "
            "installs none; remove it"
        )
    if door.certificate:
        yield from _misplaced(door.certificate, meshed=mesh is not None, on_eks=on_eks)
    elif mesh and (installs or settings.environment == PRODUCTION):
        before = "{arn: ARN} of ACM's" if on_eks else "{route_to: SERVICE} for OpenShift's router"
        yield (
            f"gallery:door.certificate is missing: customers ask {door.domain} by HTTPS; say where "
            "it ends, as certificate: {stored_as: NAME} for a Secret beside the gateway, "
            f"or {before} before it"
        )


def _misplaced(given: Given, *, meshed: bool, on_eks: bool) -> Iterator[str]:
    """Why TLS cannot end where the stack file says."""
    if not meshed:
        yield (
            "gallery:door.certificate is of a mesh's gateway, and gallery:mesh is none: what leads "
            "customers in has a certificate of its own; remove it"
        )
    elif given.route_to and on_eks:
        yield (
            "gallery:door.certificate.route_to is OpenShift's, and the cluster is EKS'; write "
            "stored_as, or arn"
        )
    elif given.arn and not on_eks:
        yield (
            "gallery:door.certificate.arn is of a load balancer of AWS before the gateway, and on "
            "OpenShift the router stands there; write route_to, or stored_as"
        )
