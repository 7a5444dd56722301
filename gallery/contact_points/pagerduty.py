"""PagerDuty, by the integration key of a service there."""

from __future__ import annotations

from gallery.contact_points.message import SEVERITY, TEXT, TITLE, call
from gallery.contact_points.model import (
    SECRET_KEY,
    ContactPoint,
    Credential,
    Engine,
    Entry,
    Integration,
    Kind,
    Means,
)


def _grafana(_point: ContactPoint, means: Means) -> Entry:
    return {
        "integration_key": means.secret,
        "severity": call(SEVERITY),
        "summary": call(TITLE),
        "details": {"text": call(TEXT)},
    }


def _alertmanager(_point: ContactPoint, means: Means) -> Entry:
    return {
        "routing_key": {
            "aws_secrets_manager": {
                "secret_arn": means.secret,
                "secret_key": SECRET_KEY,
                "refresh_interval": "5m",
            }
        },
        "severity": call(SEVERITY),
        "description": call(TITLE),
        "details": {"text": call(TEXT)},
    }


PAGERDUTY = Kind(
    name="pagerduty",
    required=frozenset({"secret"}),
    credential=Credential(
        pattern=r"[0-9A-Za-z]{32}",
        meaning="the integration key of an Events API v2 integration, 32 letters and digits",
    ),
    integrations={
        Engine.GRAFANA: Integration(field="pagerduties", entry=_grafana),
        Engine.ALERTMANAGER: Integration(field="pagerduty_configs", entry=_alertmanager),
    },
    wakes=True,
)
