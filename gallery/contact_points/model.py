"""What a kind of contact point is, what a contact point is, and which are the stack's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gallery.contact_points.message import Bound


class Engine(StrEnum):
    """Who evaluates rules and delivers: Grafana, or AMP's ruler and Alertmanager."""

    GRAFANA = "grafana"
    ALERTMANAGER = "alertmanager"


Entry = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Means:
    """What an engine delivers by; each may be a value that only Pulumi's engine knows yet.

    `secret` is the credential itself for Grafana, and for AMP the ARN of a Secrets Manager
    secret that holds it under `SECRET_KEY`. `topic` is the ARN of an SNS topic, `region` the
    stack's.
    """

    secret: object = None
    topic: object = None
    region: str = ""


@dataclass(frozen=True, kw_only=True)
class Integration:
    """How one engine writes a contact point: the list it stands in, and its entry there.

    Whether a resolve is sent is the route's to say, and is not part of the entry.
    """

    field: str
    entry: Callable[[ContactPoint, Means], Entry]


@dataclass(frozen=True, kw_only=True)
class Credential:
    """What a kind's secret looks like: a pattern of the whole of it, and the same in words."""

    pattern: str
    meaning: str


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What a contact point speaks.

    `bound` is how long its messages get. `required` and `optional` are the keys that a stack file
    gives it, and `credential` is what the value of its secret must look like, where it has one.
    `integrations` has the engines that can deliver to it; where `by_request`, a Grafana workspace
    has it only if the stack file says so, and `instead` is what to write otherwise
    (docs/adr/0013-what-grafana-can-deliver.md). `wakes` is whether it makes a telephone ring at
    night without further arrangement. `publishes` is whether it goes through an SNS topic, which
    the stack makes where the stack file names none.
    """

    name: str
    bound: Bound
    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    credential: Credential | None = None
    integrations: Mapping[Engine, Integration]
    by_request: bool = False
    instead: str | None = None
    wakes: bool = False
    publishes: bool = False

    def written_for(self, engine: Engine) -> Integration:
        """How this engine writes it. Raises ValueError where it cannot deliver to it."""
        if engine not in self.integrations:
            raise ValueError(
                f"engine {engine} cannot deliver to kind {self.name}; "
                f"it is delivered by: {', '.join(sorted(self.integrations))}"
            )
        return self.integrations[engine]


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

    @property
    def needs_topic(self) -> bool:
        """Whether the stack makes an SNS topic for it."""
        return self.kind.publishes and self.topic_arn is None

    @property
    def subscribers(self) -> tuple[str, ...]:
        """The e-mail addresses that are subscribed to its topic."""
        return self.addresses if self.needs_topic else ()


# The key in a Secrets Manager secret under which AMP finds a credential.
SECRET_KEY = "routing_key"  # noqa: S105 - the name of a field, not its value

# Where the watchers of the watchers speak: an SNS topic outside Grafana with e-mail
# subscriptions, fed by CloudWatch alarms and by what AMP's Alertmanager must say itself.
INDEPENDENT_PATH = "independent-path"
# Topics on which only a heartbeat is published; its end sets off an alarm.
HEARTBEAT = "heartbeat"
GRAFANA_HEARTBEAT = "grafana-heartbeat"
BUILT_IN: tuple[str, ...] = (INDEPENDENT_PATH, HEARTBEAT, GRAFANA_HEARTBEAT)
