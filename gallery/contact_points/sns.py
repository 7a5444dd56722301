"""An SNS topic: one that exists, or the stack's own with e-mail subscriptions."""

from __future__ import annotations

from gallery.contact_points.message import SUBJECT, TEXT, call
from gallery.contact_points.model import (
    BUILT_IN,
    ContactPoint,
    Engine,
    Entry,
    Integration,
    Kind,
    Means,
)


def _grafana(_point: ContactPoint, means: Means) -> Entry:
    return {
        "topic": means.topic,
        "subject": call(SUBJECT),
        "body": call(TEXT),
        "message_format": "text",
        "auth_provider": "default",
        # The same in the words of Grafana's own integration: which of the two a workspace has
        # depends on its version (docs/adr/0013-what-grafana-can-deliver.md).
        "settings": {"topic_arn": means.topic, "message": call(TEXT)},
    }


def _alertmanager(_point: ContactPoint, means: Means) -> Entry:
    return {
        "topic_arn": means.topic,
        "sigv4": {"region": means.region},
        "subject": call(SUBJECT),
        "message": call(TEXT),
    }


SNS = Kind(
    name="sns",
    optional=frozenset({"addresses", "topic_arn"}),
    integrations={
        Engine.GRAFANA: Integration(field="sns", entry=_grafana),
        Engine.ALERTMANAGER: Integration(field="sns_configs", entry=_alertmanager),
    },
    publishes=True,
)

# The contact points that every stack has besides those of its file.
OWN_TOPICS: tuple[ContactPoint, ...] = tuple(
    ContactPoint(name=name, kind=SNS, wakes=False) for name in BUILT_IN
)
