"""The ways a person can be told, and which alerting engine can use which."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Engine(StrEnum):
    """Who evaluates rules and delivers: Grafana, or AMP's ruler and Alertmanager."""

    GRAFANA = "grafana"
    ALERTMANAGER = "alertmanager"


class Kind(StrEnum):
    """What a contact point speaks."""

    PAGERDUTY = "pagerduty"
    SLACK = "slack"
    EMAIL = "email"
    SNS = "sns"
    WEBHOOK = "webhook"
    TEAMS = "teams"


# AMP's Alertmanager accepts sns_configs and pagerduty_configs alone (AMP user guide,
# "Alert receiver"). Amazon Managed Grafana is documented to have these of Grafana's many
# integrations, and the rest where a workspace says so (docs/adr/0013-what-grafana-can-deliver.md).
DELIVERABLE: dict[Engine, frozenset[Kind]] = {
    Engine.GRAFANA: frozenset({Kind.SNS, Kind.PAGERDUTY, Kind.SLACK}),
    Engine.ALERTMANAGER: frozenset({Kind.SNS, Kind.PAGERDUTY}),
}

# What makes a telephone ring at night without further arrangement.
WAKING: frozenset[Kind] = frozenset({Kind.PAGERDUTY})


@dataclass(frozen=True, kw_only=True)
class ContactPoint:
    """One way to tell somebody.

    `secret` names the Pulumi secret that holds the credential: PagerDuty's integration key, or
    the incoming webhook's address of Slack, Teams and a plain webhook. `addresses` are those of
    an e-mail contact point, or the e-mail subscriptions of an SNS topic. `topic_arn` is an
    existing SNS topic; without it the stack makes one.
    """

    name: str
    kind: Kind
    wakes: bool
    secret: str | None = None
    channel: str | None = None
    addresses: tuple[str, ...] = ()
    topic_arn: str | None = None


# Where the watchers of the watchers speak: an SNS topic outside Grafana with e-mail
# subscriptions, fed by CloudWatch alarms and by what AMP's Alertmanager must say itself.
INDEPENDENT_PATH = "independent-path"
# Topics on which only a beat is published; their silence is what is heard.
HEARTBEAT = "heartbeat"
GRAFANA_HEARTBEAT = "grafana-heartbeat"
BUILT_IN: tuple[str, ...] = (INDEPENDENT_PATH, HEARTBEAT, GRAFANA_HEARTBEAT)
