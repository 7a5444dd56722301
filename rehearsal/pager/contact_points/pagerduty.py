"""PagerDuty's Events API v2."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from rehearsal.pager.contact_points.model import Answer, Entry, Played, Way
from rehearsal.pager.notifications import Message


def _local(entry: Entry, way: Way) -> Entry:
    return {
        "routing_key": entry["integrationKey"],
        "url": way.url,
        "severity": entry["severity"],
        "description": entry["summary"],
        "details": entry["details"],
    }


def _amp(_entry: Entry, way: Way) -> Entry:
    return {"routing_key": "rehearsal", "url": way.url}


def _provisioned(entry: Entry, way: Way) -> Entry:
    # Without this address Grafana calls PagerDuty itself.
    return {**entry, "integrationKey": way.key, "url": way.url}


def _read(body: bytes) -> Message:
    event = json.loads(body)
    if event["event_action"] not in {"trigger", "resolve"} or not event["routing_key"]:
        raise ValueError("an event needs a routing_key, and trigger or resolve as its action")
    payload = event["payload"]
    details: Mapping[str, Any] = payload.get("custom_details") or {}
    return Message(
        title=payload["summary"],
        # Alertmanager adds details of its own to the text that the stack wrote.
        text=str(details.get("text", json.dumps(details))),
        status="firing" if event["event_action"] == "trigger" else "resolved",
        incident=event["dedup_key"],
    )


def _says(code: int, status: str, message: str) -> Answer:
    body = json.dumps({"status": status, "message": message})
    return Answer(status=code, content_type="application/json", body=body)


def _answer(_count: int) -> Answer:
    return _says(202, "success", "Event processed")


PAGERDUTY = Played(
    name="pagerduty",
    grafana="pagerduties",
    fields=frozenset({"integrationKey", "severity", "summary", "details"}),
    section="pagerduty_configs",
    local=_local,
    amp=_amp,
    provisioned=_provisioned,
    read=_read,
    answer=_answer,
    too_long=_says(400, "invalid event", "Event is too long"),
    service="PagerDuty's Events API v2",
    protocol="the same protocol",
)
