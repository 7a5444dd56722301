"""E-mail that Grafana itself sends."""

from __future__ import annotations

from gallery.contact_points.message import TEXT, TITLE, call
from gallery.contact_points.model import ContactPoint, Engine, Entry, Integration, Kind, Means


def _grafana(point: ContactPoint, _means: Means) -> Entry:
    return {
        "addresses": list(point.addresses),
        "subject": call(TITLE),
        "message": call(TEXT),
        "single_email": True,
    }


EMAIL = Kind(
    name="email",
    required=frozenset({"addresses"}),
    integrations={Engine.GRAFANA: Integration(field="emails", entry=_grafana)},
    by_request=True,
    instead="kind sns with these addresses",
)
