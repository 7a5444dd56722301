"""E-mail that Grafana itself sends."""

from __future__ import annotations

from gallery.contact_points.message import TITLE, Bound, call, text_of
from gallery.contact_points.model import ContactPoint, Engine, Entry, Integration, Kind, Means

_NAME = "email"


def _grafana(point: ContactPoint, _means: Means) -> Entry:
    return {
        "addresses": list(point.addresses),
        "subject": call(TITLE),
        "message": call(text_of(_NAME)),
        "single_email": True,
    }


EMAIL = Kind(
    name=_NAME,
    bound=Bound(
        in_full=10, names=20_000, source="RFC 5321 has no limit, servers begin to refuse at 10 MB"
    ),
    required=frozenset({"addresses"}),
    integrations={Engine.GRAFANA: Integration(field="emails", entry=_grafana)},
    by_request=True,
    instead="kind sns with these addresses",
)
