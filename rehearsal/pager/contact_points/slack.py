"""Slack's incoming webhooks."""

from __future__ import annotations

import json

from rehearsal.pager.contact_points.model import Answer, Entry, Played, Way
from rehearsal.pager.notifications import Message


def _local(entry: Entry, way: Way) -> Entry:
    return {
        "api_url": way.url,
        "channel": entry["recipient"],
        "title": entry["title"],
        "text": entry["text"],
    }


def provisioned(entry: Entry, way: Way) -> Entry:
    """The entry with the pager's address in the place of a secret one."""
    return {**entry, "url": way.url}


def read(body: bytes) -> Message:
    """A message in attachments, as Alertmanager sends it."""
    attachments = json.loads(body)["attachments"]
    return Message(
        title="\n".join(attachment.get("title", "") for attachment in attachments),
        text="\n".join(attachment.get("text", "") for attachment in attachments),
    )


SLACK = Played(
    name="slack",
    grafana="slacks",
    fields=frozenset({"url", "recipient", "title", "text"}),
    section="slack_configs",
    local=_local,
    provisioned=provisioned,
    read=read,
    too_long=Answer(status=400, body="invalid_attachments"),
    service="Slack's incoming webhook",
    protocol="the same protocol",
)
