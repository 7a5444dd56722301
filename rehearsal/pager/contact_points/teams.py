"""Microsoft Teams, in Slack's protocol (docs/adr/0011-teams-played-as-slack.md).

Grafana itself sends it a card instead.
"""

from __future__ import annotations

import json

from rehearsal.pager.contact_points import slack
from rehearsal.pager.contact_points.model import Answer, Entry, Played, Way
from rehearsal.pager.notifications import Message


def _local(entry: Entry, way: Way) -> Entry:
    return {"api_url": way.url, "title": entry["title"], "text": entry["message"]}


def _read(body: bytes) -> Message:
    """An adaptive card: a block with the title, one with the text, and what can be pressed."""
    attachment = json.loads(body)["attachments"][0]
    if "content" not in attachment:
        return slack.read(body)
    title, text = [
        block["text"] for block in attachment["content"]["body"] if block["type"] == "TextBlock"
    ]
    return Message(title=title, text=text)


TEAMS = Played(
    name="teams",
    grafana="teams",
    fields=frozenset({"url", "title", "message"}),
    section="slack_configs",
    local=_local,
    provisioned=slack.provisioned,
    read=_read,
    too_long=Answer(status=413, body="RequestEntityTooLarge"),
    service="Microsoft Teams",
    protocol="title and text as Slack gets them, for this Alertmanager cannot speak to Teams",
)
