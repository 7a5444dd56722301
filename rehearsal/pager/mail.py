"""The pager's SMTP, by which a notifier hands in an e-mail."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from aiosmtpd.smtp import SMTP, Envelope, Session

from rehearsal.machine.addresses import Address


@dataclass(frozen=True)
class MailServer:
    """Asks `takes` about each sender, and hands what it takes to `receive`.

    A refusal comes before the e-mail itself: Alertmanager 0.25 does not read the answer to it.
    """

    address: Address
    takes: Callable[[str], bool]
    receive: Callable[[str, bytes], None]

    async def open(self) -> None:
        """Begin to listen. Raises OSError where the address is taken."""
        loop = asyncio.get_running_loop()

        def converse() -> SMTP:
            return SMTP(self, hostname="rehearsal", loop=loop)

        await loop.create_server(converse, self.address.host, self.address.port)

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's hooks are named for SMTP's commands
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        sender: str,
        _options: list[str],
    ) -> str:
        """Take a sender, or refuse it for now."""
        if not self.takes(sender):
            return "451 not now"
        envelope.mail_from = sender
        return "250 go on"

    async def handle_DATA(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Take an e-mail of a sender that was taken."""
        self.receive(envelope.mail_from or "", envelope.original_content or b"")
        return "250 taken"
