"""A channel of Microsoft Teams, by the address of an incoming webhook."""

from __future__ import annotations

from gallery.contact_points.message import TEXT, TITLE, call
from gallery.contact_points.model import (
    ContactPoint,
    Credential,
    Engine,
    Entry,
    Integration,
    Kind,
    Means,
)


def _grafana(_point: ContactPoint, means: Means) -> Entry:
    return {"url": means.secret, "title": call(TITLE), "message": call(TEXT)}


TEAMS = Kind(
    name="teams",
    required=frozenset({"secret"}),
    credential=Credential(
        pattern=(
            r"https://[-.0-9a-z]+\.(webhook\.office\.com|logic\.azure\.(com|us)|api\.powerplatform\.com)"
            r"(:443)?/[^\s\"']+"
        ),
        meaning="the address of an incoming webhook or of a workflow that takes one, https://…",
    ),
    integrations={Engine.GRAFANA: Integration(field="teams", entry=_grafana)},
    by_request=True,
    instead="kind sns with the channel's e-mail address among its addresses",
)
