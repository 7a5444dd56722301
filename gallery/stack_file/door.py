"""The part of the stack file about the shop's door: where customers come in, and through whom."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from gallery.stack_file.quantities import Domain, HeaderName
from gallery.stack_file.section import LABEL, SUBDOMAIN, Section

# How Kubernetes names the classes of load balancers: as labels.
_CLASS = r"^([-a-z0-9.]+/)?[A-Za-z0-9]([-\w.]*[A-Za-z0-9])?$"
_LabelName = Annotated[str, Field(pattern=_CLASS)]


class Gateway(Section):
    """What customers come through: whom its pods run as in the mesh, and what they carry."""

    namespace: Annotated[str, Field(max_length=63, pattern=LABEL)]
    service_account: Annotated[str, Field(max_length=253, pattern=SUBDOMAIN)] | None = None
    pods: Annotated[
        dict[_LabelName, Annotated[str, Field(max_length=63, pattern=r"^\S*$")]],
        Field(min_length=1),
    ]


class Certificate(Section):
    """Where TLS ends: at a load balancer, at the gateway, or at OpenShift's router."""

    arn: (
        Annotated[str, Field(pattern=r"^arn:aws[-a-z]*:acm:[^:]+:\d{12}:certificate/\S+$")] | None
    ) = None
    stored_as: Annotated[str, Field(max_length=253, pattern=SUBDOMAIN)] | None = None
    route_to: Annotated[str, Field(max_length=63, pattern=LABEL)] | None = None

    @model_validator(mode="after")
    def _one(self) -> Certificate:
        if len(self.model_fields_set) != 1:
            raise ValueError("TLS ends in one place; write one of arn, stored_as, route_to")
        return self


class Door(Section):
    """The shop's public address, and who leads customers in from there.

    `contains` is a text of its page, `headers` are what the prober says of itself. `load_balancer`
    is the class of the one before a gateway that the stack installs.
    """

    domain: Domain
    gateway: Gateway | None = None
    certificate: Certificate | None = None
    load_balancer: Annotated[str, Field(max_length=253, pattern=_CLASS)] = "service.k8s.aws/nlb"
    path: Annotated[str, Field(pattern=r"^/[^\s?#]*$")] = "/"
    contains: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    headers: dict[HeaderName, Annotated[str, Field(pattern=r"^[^\r\n]+$")]] = {}
