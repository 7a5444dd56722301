"""An SNS topic: one that exists, or the stack's own with e-mail subscriptions."""

from __future__ import annotations

from gallery.contact_points.message import SUBJECT, Bound, call, text_of
from gallery.contact_points.model import (
    BUILT_IN,
    ContactPoint,
    Engine,
    Entry,
    Integration,
    Kind,
    Means,
)

_NAME = "sns"


def _grafana(_point: ContactPoint, means: Means) -> Entry:
    return {
        "topic": means.topic,
        "subject": call(SUBJECT),
        "body": call(text_of(_NAME)),
        "message_format": "text",
        "auth_provider": "default",
        # The same in the words of Grafana's own integration: which of the two a workspace has
        # depends on its version (docs/adr/0013-what-grafana-can-deliver.md).
        "settings": {"topic_arn": means.topic, "message": call(text_of(_NAME))},
    }


def _alertmanager(_point: ContactPoint, means: Means) -> Entry:
    return {
        "topic_arn": means.topic,
        "sigv4": {"region": means.region},
        "subject": call(SUBJECT),
        "message": call(text_of(_NAME)),
    }


SNS = Kind(
    name=_NAME,
    bound=Bound(
        in_full=10,
        names=20_000,
        text=262_144,
        title=100,
        source="Amazon SNS API reference, Publish",
    ),
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
