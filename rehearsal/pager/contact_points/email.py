"""E-mail, by SMTP."""

from __future__ import annotations

from email import message_from_bytes, policy
from urllib.parse import quote, unquote

from rehearsal.machine.addresses import PAGER_MAIL
from rehearsal.pager.contact_points.model import Entry, Played, Way
from rehearsal.pager.notifications import Message

RECEIVER = "X-Receiver"
_DOMAIN = "rehearsal.invalid"


def sender_of(name: str) -> str:
    """The sender's address by which the pager knows the contact point."""
    return f"{quote(name, safe='')}@{_DOMAIN}"


def name_of(sender: str) -> str:
    """The contact point that a sender's address names."""
    return unquote(sender.removesuffix(f"@{_DOMAIN}"))


def _local(entry: Entry, way: Way) -> Entry:
    return {
        "to": ", ".join(entry["addresses"]),
        "from": way.sender,
        "smarthost": str(PAGER_MAIL),
        "require_tls": False,
        "headers": {"Subject": entry["subject"], RECEIVER: way.receiver},
        "text": entry["message"],
        "html": "",
    }


def _read(message: bytes) -> Message:
    mail = message_from_bytes(message, policy=policy.default)
    part = mail.get_body(("plain", "html"))
    text = "" if part is None else str(part.get_content())
    return Message(title=str(mail["Subject"]), text=text)


def receiver_of(message: bytes) -> str | None:
    """The receiver that an e-mail names."""
    receiver = message_from_bytes(message, policy=policy.default)[RECEIVER]
    return receiver and str(receiver)


EMAIL = Played(
    name="email",
    grafana="emails",
    fields=frozenset({"addresses", "subject", "message", "singleEmail"}),
    section="email_configs",
    local=_local,
    read=_read,
    service="e-mail",
    protocol="SMTP",
    by_mail=True,
)
