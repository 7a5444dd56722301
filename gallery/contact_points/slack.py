"""A Slack channel, by the address of an incoming webhook."""

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


def _grafana(point: ContactPoint, means: Means) -> Entry:
    return {
        "url": means.secret,
        "recipient": point.channel,
        "title": call(TITLE),
        "text": call(TEXT),
    }


SLACK = Kind(
    name="slack",
    required=frozenset({"secret", "channel"}),
    credential=Credential(
        pattern=r"https://hooks\.slack(-gov)?\.com/services/[0-9A-Za-z]+/[0-9A-Za-z]+/[0-9A-Za-z]+",
        meaning="the address of an incoming webhook, https://hooks.slack.com/services/…",
    ),
    integrations={Engine.GRAFANA: Integration(field="slacks", entry=_grafana)},
)
