"""An address that takes Grafana's own JSON."""

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

_NAME = "webhook"


def _grafana(_point: ContactPoint, means: Means) -> Entry:
    return {"url": means.secret, "title": call(TITLE), "message": call(text_of(_NAME))}


WEBHOOK = Kind(
    name=_NAME,
    bound=Bound(in_full=10, names=20_000, source="Whoever listens decides"),
    required=frozenset({"secret"}),
    credential=Credential(
        pattern=r"https?://[^\s\"']+",
        meaning="an address, https://…",
    ),
    integrations={Engine.GRAFANA: Integration(field="webhooks", entry=_grafana)},
    by_request=True,
    instead="kind sns, and subscribe the address to its topic",
)
