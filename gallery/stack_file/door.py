"""The part of the stack file about the shop's door: where customers come in, and through whom."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from gallery.stack_file.quantities import Domain, HeaderName
from gallery.stack_file.section import LABEL, SUBDOMAIN, Section

# How Kubernetes names labels.
_LabelName = Annotated[str, Field(pattern=r"^([-a-z0-9.]+/)?[A-Za-z0-9]([-\w.]*[A-Za-z0-9])?$")]


class Gateway(Section):
    """What customers come through: whom its pods run as in the mesh, and what they carry."""

    namespace: Annotated[str, Field(max_length=63, pattern=LABEL)]
    service_account: Annotated[str, Field(max_length=253, pattern=SUBDOMAIN)] | None = None
    pods: Annotated[
        dict[_LabelName, Annotated[str, Field(max_length=63, pattern=r"^\S*$")]],
        Field(min_length=1),
    ]


class Door(Section):
    """The shop's public address, and who leads customers in from there.

    `contains` is a text of its page, `headers` are what the prober says of itself.
    """

    domain: Domain
    gateway: Gateway | None = None
    path: Annotated[str, Field(pattern=r"^/[^\s?#]*$")] = "/"
    contains: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    headers: dict[HeaderName, Annotated[str, Field(pattern=r"^[^\r\n]+$")]] = {}
