"""A Slack channel, by the address of an incoming webhook."""

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

_NAME = "slack"


def _grafana(point: ContactPoint, means: Means) -> Entry:
    return {
        "url": means.secret,
        "recipient": point.channel,
        "title": call(TITLE),
        "text": call(text_of(_NAME)),
    }


SLACK = Kind(
    name=_NAME,
    bound=Bound(
        in_full=3,
        names=3500,
        text=8000,
        title=1024,
        # Beyond it the text is cut; as a whole, messages about 20 alerts and more were answered
        # with 400 (prometheus/alertmanager#2769).
        source="Slack's engineers at integrations/slack#812: the text of an attachment is cut at "
        "8000 characters; Alertmanager cuts the title at 1024",
    ),
    required=frozenset({"secret", "channel"}),
    credential=Credential(
        pattern=r"https://hooks\.slack(-gov)?\.com/services/[0-9A-Za-z]+/[0-9A-Za-z]+/[0-9A-Za-z]+",
        meaning="the address of an incoming webhook, https://hooks.slack.com/services/…",
    ),
    integrations={Engine.GRAFANA: Integration(field="slacks", entry=_grafana)},
)
