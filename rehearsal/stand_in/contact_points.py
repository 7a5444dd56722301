"""Contact points as integrations of a local Alertmanager that all lead to the pager."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from offline.errors import UserError
from rehearsal.machine.addresses import PAGER, PAGER_MAIL
from rehearsal.pager.contact_points.email import sender_of
from rehearsal.pager.contact_points.kinds import KINDS
from rehearsal.pager.contact_points.model import Played, Way
from rehearsal.pager.inbox import Recipient
from rehearsal.stand_in.documents import Document
from rehearsal.stand_in.scrape import INVENTED_KEY
from rehearsal.stand_in.substitutions import Substitutions

# What every entry of a Grafana contact point has beside what its kind writes.
ANY = frozenset({"uid", "disableResolveMessage"})


@dataclass
class Switchboard:
    """Who is behind which integration; fills up while receivers are translated.

    `names` is the stack's own map: a receiver's name to the contact points in it, in order.
    """

    names: Mapping[str, list[Document]]
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


def from_grafana(
    document: Document, switchboard: Switchboard, substitutions: Substitutions
) -> Document:
    """The local receiver for a rendered Grafana contact point. Raises UserError."""
    receiver: Document = {"name": document["name"]}
    for kind, entry, way in integrations(document, switchboard, substitutions):
        integration = kind.local(entry, way)
        integration["send_resolved"] = not entry.get("disableResolveMessage", False)
        receiver.setdefault(kind.section, []).append(integration)
    return receiver


def integrations(
    document: Document,
    switchboard: Switchboard,
    substitutions: Substitutions,
    protocol: str | None = None,
) -> Iterator[tuple[Played, Document, Way]]:
    """Each entry of a rendered Grafana contact point, and its way to the pager.

    `protocol` is what is spoken there, where it is not what the kind says. Raises UserError for
    what nothing here knows how to play.
    """
    name = document["name"]
    known = {kind.grafana for kind in KINDS.values()} | {"name", "disableProvenance"}
    _refuse_unknown(f"contact point {name!r}", set(document) - known)
    for kind in KINDS.values():
        for entry, recipient in _matched(name, kind, document.get(kind.grafana) or [], switchboard):
            where = f"the {kind.name} contact point {recipient.name!r}"
            _refuse_unknown(where, set(entry) - kind.fields - ANY)
            _note(kind, entry, recipient, switchboard, substitutions, protocol=protocol)
            yield kind, entry, _way(recipient, name)


def from_amp(
    document: Document, switchboard: Switchboard, substitutions: Substitutions
) -> Document:
    """The local receiver for a rendered receiver of AMP's Alertmanager. Raises UserError."""
    name = document["name"]
    receiver: Document = {"name": name}
    # AMP's Alertmanager calls its lists as the local one does.
    playable = {kind.section for kind in KINDS.values() if kind.amp is not None}
    _refuse_unknown(f"the receiver {name!r}", set(document) - playable - {"name"})
    for kind in KINDS.values():
        if kind.amp is None:
            continue
        for entry, recipient in _matched(name, kind, document.get(kind.section) or [], switchboard):
            _note(kind, entry, recipient, switchboard, substitutions)
            receiver.setdefault(kind.section, []).append(
                entry | kind.amp(entry, _way(recipient, name))
            )
    return receiver


def _matched(
    name: str, kind: Played, entries: list[Document], switchboard: Switchboard
) -> Iterator[tuple[Document, Recipient]]:
    recipients = switchboard.recipients_of(name, kind.name)
    if len(recipients) != len(entries):
        raise UserError(
            f"{name!r} has {len(entries)} integrations of kind {kind.name}, but the stack's list "
            f"of contact points names {len(recipients)} there"
        )
    return zip(entries, recipients, strict=True)


def _refuse_unknown(where: str, unknown: set[str]) -> None:
    if unknown:
        raise UserError(
            f"{where} has {', '.join(sorted(unknown))}, "
            "which the rehearsal does not know how to play"
        )


def _way(recipient: Recipient, receiver: str) -> Way:
    path = f"/{recipient.kind}/{quote(recipient.name, safe='')}/{quote(receiver, safe='')}"
    return Way(
        url=PAGER.url(path), sender=sender_of(recipient.name), receiver=receiver, key=INVENTED_KEY
    )


def _note(
    kind: Played,
    entry: Document,
    recipient: Recipient,
    switchboard: Switchboard,
    substitutions: Substitutions,
    *,
    protocol: str | None = None,
) -> None:
    if kind.topic is not None:
        switchboard.topics[kind.topic(entry)] = recipient.name
    substitutions.add(
        kind.service,
        f"the pager at {PAGER_MAIL if kind.by_mail else PAGER}: {protocol or kind.protocol}",
        "nobody is woken, and what would have been delivered is written down",
    )
