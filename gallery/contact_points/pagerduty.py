"""PagerDuty, by the integration key of a service there."""

from __future__ import annotations

from gallery.contact_points.message import SEVERITY, TITLE, Bound, call, text_of
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

_NAME = "pagerduty"
# Both engines add a list of all alerts under these names, and once that makes an event too large
# for PagerDuty they take every detail out of it, the text too.
_DETAILS = {"text": call(text_of(_NAME)), "firing": "see text", "resolved": "see text"}


def _grafana(_point: ContactPoint, means: Means) -> Entry:
    return {
        "integration_key": means.secret,
        "severity": call(SEVERITY),
        "summary": call(TITLE),
        "details": _DETAILS,
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
        "details": _DETAILS,
    }


PAGERDUTY = Kind(
    name=_NAME,
    bound=Bound(
        in_full=10,
        names=20_000,
        text=400_000,
        title=1024,
        source="PagerDuty's Events API v2: an event of 512 KB with all that belongs to it, a "
        "summary of 1024 characters",
    ),
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
