"""What every part of the stack file is made of."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

# How Kubernetes names what belongs to no namespace, and namespaces and their like, without dots.
LABEL = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
SUBDOMAIN = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"


class Section(BaseModel):
    """A part of the stack file. What it does not know is a error, never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
