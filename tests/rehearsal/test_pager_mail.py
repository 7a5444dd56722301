"""E-mail to the pager: whose it is, the sender says, and a refusal comes before the message."""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import Callable

import pytest

from rehearsal.machine.addresses import Address
from rehearsal.pager.contact_points.email import name_of, sender_of
from rehearsal.pager.mail import MailServer

_MAIL = b"Subject: FIRING\r\n\r\nWhat: it is down.\r\n.and a line with a dot\r\n"
_Send = Callable[[str], tuple[list[tuple[str, bytes]], int]]


@pytest.fixture
def send(free: Callable[[], Address]) -> _Send:
    """Hand in an e-mail of this sender: what was received, and the answer's code."""

    def handed(sender: str) -> tuple[list[tuple[str, bytes]], int]:
        address, received = free(), list[tuple[str, bytes]]()

        def hand_in() -> int:
            with smtplib.SMTP(address.host, address.port, timeout=10) as client:
                try:
                    client.sendmail(sender, ["on-call@example.org"], _MAIL)
                except smtplib.SMTPSenderRefused as refusal:
                    return refusal.smtp_code
            return 250

        async def play() -> int:
            server = MailServer(
                address,
                takes=lambda known: name_of(known) != "nobody",
                receive=lambda known, mail: received.append((known, mail)),
            )
            await server.open()
            return await asyncio.to_thread(hand_in)

        return received, asyncio.run(play())

    return handed


@pytest.mark.parametrize("name", ["on-call", "Ops & co. <1>", "bereitschaft-süd", "a/b@c"])
def test_an_email_is_received_for_the_contact_point_that_its_sender_names(
    name: str, send: _Send
) -> None:
    [(sender, mail)], code = send(sender_of(name))
    assert (name_of(sender), mail, code) == (name, _MAIL, 250)


def test_a_sender_that_is_not_taken_is_refused_for_now_and_nothing_is_received(
    send: _Send,
) -> None:
    assert send(sender_of("nobody")) == ([], 451)
