"""Contact points as integrations of a local Alertmanager that all lead to the pager."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from offline.errors import UserError
from rehearsal.machine.addresses import PAGER, PAGER_MAIL
from rehearsal.pager.inbox import Recipient
from rehearsal.pager.mail import sender_of
from rehearsal.stand_in.documents import Document
from rehearsal.stand_in.scrape import INVENTED_KEY
from rehearsal.stand_in.substitutions import Substitutions

# Grafana's field of a contact point for each kind, in wire names.
GRAFANA_FIELDS = {
    "pagerduties": "pagerduty",
    "slacks": "slack",
    "emails": "email",
    "sns": "sns",
    "webhooks": "webhook",
    "teams": "teams",
}
# AMP's fields of a receiver.
AMP_FIELDS = {"pagerduty_configs": "pagerduty", "sns_configs": "sns"}

_ANY = frozenset({"uid", "disableResolveMessage"})
# What the translation carries over, or knows to be about the address alone.
_KNOWN = {
    "pagerduty": _ANY | {"integrationKey", "severity", "summary", "details"},
    "slack": _ANY | {"url", "recipient", "title", "text"},
    "email": _ANY | {"addresses", "subject", "message", "singleEmail"},
    "sns": _ANY | {"topic", "subject", "body", "messageFormat", "authProvider", "settings"},
    "webhook": _ANY | {"url", "title", "message"},
    "teams": _ANY | {"url", "title", "message"},
}


@dataclass
class Switchboard:
    """Who is behind which integration; fills up while receivers are translated.

    `names` is the stack's own map: a receiver's name to the contact points in it, in order.
    """

    names: Mapping[str, list[dict[str, str]]]
    recipients: set[Recipient] = field(default_factory=set[Recipient], init=False)
    # The contact point behind each SNS topic, by ARN.
    topics: dict[str, str] = field(default_factory=dict[str, str], init=False)

    def recipients_of(self, receiver: str, kind: str) -> list[Recipient]:
        """The contact points of one kind in a receiver, in the order of their integrations."""
        members = self.names.get(receiver, [])
        found = [
            Recipient(name=member["contact_point"], kind=kind)
            for member in members
            if member["kind"] == kind
        ]
        self.recipients.update(found)
        return found


def pager_url(recipient: Recipient, receiver: str) -> str:
    """Where the pager hears for this contact point."""
    return PAGER.url(
        f"/{recipient.kind}/{quote(recipient.name, safe='')}/{quote(receiver, safe='')}"
    )


def from_grafana(
    document: Document, switchboard: Switchboard, substitutions: Substitutions
) -> Document:
    """The local receiver for a rendered Grafana contact point. Raises UserError."""
    name = document["name"]
    receiver: Document = {"name": name}
    unknown = set(document) - set(GRAFANA_FIELDS) - {"name", "disableProvenance"}
    if unknown:
        raise UserError(
            f"contact point {name!r} has {', '.join(sorted(unknown))}, "
            "which the rehearsal does not know how to play"
        )
    for wire, kind in GRAFANA_FIELDS.items():
        entries: list[Document] = document.get(wire) or []
        recipients = _matched(name, kind, entries, switchboard)
        for entry, recipient in zip(entries, recipients, strict=True):
            _refuse_unknown(recipient, entry)
            if kind == "sns":
                switchboard.topics[entry["topic"]] = recipient.name
            section, integration = _TRANSLATIONS[kind](entry, recipient, name)
            integration["send_resolved"] = not entry.get("disableResolveMessage", False)
            receiver.setdefault(section, []).append(integration)
            _note(kind, substitutions)
    return receiver


def from_amp(
    document: Document, switchboard: Switchboard, substitutions: Substitutions
) -> Document:
    """The local receiver for a rendered receiver of AMP's Alertmanager. Raises UserError."""
    name = document["name"]
    receiver = dict(document)
    for section, kind in AMP_FIELDS.items():
        entries: list[Document] = document.get(section) or []
        recipients = _matched(name, kind, entries, switchboard)
        changed = list[Document]()
        for entry, recipient in zip(entries, recipients, strict=True):
            if kind == "sns":
                switchboard.topics[entry["topic_arn"]] = recipient.name
                changed.append({**entry, **_sns_way(recipient, name, entry["sigv4"]["region"])})
            else:
                way = {"routing_key": "rehearsal", "url": pager_url(recipient, name)}
                changed.append({**entry, **way})
            _note(kind, substitutions)
        if changed:
            receiver[section] = changed
    return receiver


def _matched(
    name: str, kind: str, entries: list[Document], switchboard: Switchboard
) -> list[Recipient]:
    recipients = switchboard.recipients_of(name, kind)
    if len(recipients) != len(entries):
        raise UserError(
            f"{name!r} has {len(entries)} integrations of kind {kind}, but the stack's list of "
            f"contact points names {len(recipients)} there"
        )
    return recipients


def _refuse_unknown(recipient: Recipient, entry: Document) -> None:
    unknown = set(entry) - _KNOWN[recipient.kind]
    if unknown:
        raise UserError(
            f"the {recipient.kind} contact point {recipient.name!r} has "
            f"{', '.join(sorted(unknown))}, "
            "which the rehearsal does not know how to play"
        )


def _pagerduty(entry: Document, recipient: Recipient, receiver: str) -> tuple[str, Document]:
    return "pagerduty_configs", {
        "routing_key": entry["integrationKey"],
        "url": pager_url(recipient, receiver),
        "severity": entry["severity"],
        "description": entry["summary"],
        "details": entry["details"],
    }


def _slack(entry: Document, recipient: Recipient, receiver: str) -> tuple[str, Document]:
    return "slack_configs", {
        "api_url": pager_url(recipient, receiver),
        "channel": entry["recipient"],
        "title": entry["title"],
        "text": entry["text"],
    }


def _teams(entry: Document, recipient: Recipient, receiver: str) -> tuple[str, Document]:
    return "slack_configs", {
        "api_url": pager_url(recipient, receiver),
        "title": entry["title"],
        "text": entry["message"],
    }


def _email(entry: Document, recipient: Recipient, receiver: str) -> tuple[str, Document]:
    return "email_configs", {
        "to": ", ".join(entry["addresses"]),
        "from": sender_of(recipient.name),
        "smarthost": str(PAGER_MAIL),
        "require_tls": False,
        "headers": {"Subject": entry["subject"], "X-Receiver": receiver},
        "text": entry["message"],
        "html": "",
    }


def _sns(entry: Document, recipient: Recipient, receiver: str) -> tuple[str, Document]:
    # An ARN's fourth part is the region.
    region = entry["topic"].split(":")[3]
    return "sns_configs", {
        "topic_arn": entry["topic"],
        "subject": entry["subject"],
        "message": entry["body"],
        **_sns_way(recipient, receiver, region),
    }


def _sns_way(recipient: Recipient, receiver: str, region: str) -> Document:
    literal = {"region": region, "access_key": INVENTED_KEY, "secret_key": INVENTED_KEY}
    return {"api_url": pager_url(recipient, receiver), "sigv4": literal}


def _webhook(_entry: Document, recipient: Recipient, receiver: str) -> tuple[str, Document]:
    return "webhook_configs", {"url": pager_url(recipient, receiver)}


_TRANSLATIONS: Mapping[str, Callable[[Document, Recipient, str], tuple[str, dict[str, Any]]]] = {
    "pagerduty": _pagerduty,
    "slack": _slack,
    "teams": _teams,
    "email": _email,
    "sns": _sns,
    "webhook": _webhook,
}

_NOTES = {
    "pagerduty": ("PagerDuty's Events API v2", "the same protocol"),
    "slack": ("Slack's incoming webhook", "the same protocol"),
    "email": ("e-mail", "SMTP"),
    "sns": ("Amazon SNS", "the same protocol, signed with invented keys"),
    "webhook": ("a webhook", "the same protocol; its body is Alertmanager's"),
    "teams": (
        "Microsoft Teams",
        "title and text as Slack gets them, for this Alertmanager cannot speak to Teams",
    ),
}


def _note(kind: str, substitutions: Substitutions) -> None:
    service, protocol = _NOTES[kind]
    substitutions.add(
        service,
        f"the pager at {PAGER_MAIL if kind == 'email' else PAGER}: {protocol}",
        "nobody is woken, and what would have been delivered is written down",
    )
