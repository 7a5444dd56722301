"""A webhook in Alertmanager's own form, which Grafana's resembles."""

from __future__ import annotations

import json

from rehearsal.pager.contact_points import slack
from rehearsal.pager.contact_points.model import Entry, Played, Way
from rehearsal.pager.notifications import Message, NotifiedAlert


def _local(_entry: Entry, way: Way) -> Entry:
    return {"url": way.url}


def _read(body: bytes) -> Message:
    """Labels stand apart there, and need not be read out of a text."""
    document = json.loads(body)
    alerts = tuple(
        NotifiedAlert(status=alert["status"], labels=alert["labels"])
        for alert in document["alerts"]
    )
    return Message(
        title=document.get("title") or f"{document['status']}: {document['groupLabels']}",
        text=body.decode(),
        status=document["status"],
        alerts=alerts,
    )


WEBHOOK = Played(
    name="webhook",
    grafana="webhooks",
    fields=frozenset({"url", "title", "message"}),
    section="webhook_configs",
    local=_local,
    provisioned=slack.provisioned,
    read=_read,
    service="a webhook",
    protocol="the same protocol; its body is Alertmanager's",
)
