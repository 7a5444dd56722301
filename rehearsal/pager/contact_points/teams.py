"""Microsoft Teams, in Slack's protocol (docs/adr/0011-teams-played-as-slack.md)."""

from __future__ import annotations

from rehearsal.pager.contact_points import slack
from rehearsal.pager.contact_points.model import Answer, Entry, Played, Way


def _local(entry: Entry, way: Way) -> Entry:
    return {"api_url": way.url, "title": entry["title"], "text": entry["message"]}


TEAMS = Played(
    name="teams",
    grafana="teams",
    fields=frozenset({"url", "title", "message"}),
    section="slack_configs",
    local=_local,
    read=slack.read,
    too_long=Answer(status=413, body="RequestEntityTooLarge"),
    service="Microsoft Teams",
    protocol="title and text as Slack gets them, for this Alertmanager cannot speak to Teams",
)
