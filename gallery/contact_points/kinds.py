"""Every kind of contact point, by name, and who can deliver to which."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gallery.contact_points.email import EMAIL
from gallery.contact_points.model import Engine, Kind
from gallery.contact_points.pagerduty import PAGERDUTY
from gallery.contact_points.slack import SLACK
from gallery.contact_points.sns import SNS
from gallery.contact_points.teams import TEAMS
from gallery.contact_points.webhook import WEBHOOK

KINDS: Mapping[str, Kind] = {
    kind.name: kind for kind in (PAGERDUTY, SLACK, EMAIL, SNS, WEBHOOK, TEAMS)
}
# What a Grafana workspace may have beyond what Managed Grafana is documented to have.
BY_REQUEST: tuple[str, ...] = tuple(kind.name for kind in KINDS.values() if kind.by_request)


def deliverable(engine: Engine, requested: Iterable[str]) -> frozenset[str]:
    """The kinds that an engine can deliver to; `requested` are those its workspace has besides."""
    return frozenset(
        kind.name
        for kind in KINDS.values()
        if engine in kind.integrations
        and (engine is not Engine.GRAFANA or not kind.by_request or kind.name in requested)
    )
