"""A channel of Microsoft Teams, by the address of an incoming webhook."""

from __future__ import annotations

from gallery.contact_points.message import TITLE, Bound, call, text_of
from gallery.contact_points.model import (
    ContactPoint,
    Credential,
    Engine,
    Entry,
    Integration,
    Kind,
    Means,
)

_NAME = "teams"


def _grafana(_point: ContactPoint, means: Means) -> Entry:
    return {"url": means.secret, "title": call(TITLE), "message": call(text_of(_NAME))}


TEAMS = Kind(
    name=_NAME,
    bound=Bound(
        in_full=5,
        names=10_000,
        # 28 KB are documented (Microsoft Teams, "Create an Incoming Webhook"); two programs that
        # measured it were refused from 21,000 bytes on.
        text=20_800,
        source="atc0005/go-teams-notify#59: 20,811 characters with a title",
    ),
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
