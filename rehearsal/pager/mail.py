"""As much of an SMTP server as a notifier needs to hand in an e-mail."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, unquote

from rehearsal.machine.addresses import Address

_SENDER = re.compile(rb"MAIL FROM:\s*<([^>]*)>", re.IGNORECASE)
_DOMAIN = "rehearsal.invalid"


def sender_of(name: str) -> str:
    """The sender's address by which the pager knows the contact point."""
    return f"{quote(name, safe='')}@{_DOMAIN}"


def name_of(sender: str) -> str:
    """The contact point that a sender's address names."""
    return unquote(sender.removesuffix(f"@{_DOMAIN}"))


@dataclass
class MailServer:
    """Asks `takes` about each sender, and hands what it takes to `receive`.

    A refusal comes before the e-mail itself: Alertmanager 0.25 does not read the answer to it.
    """

    address: Address
    takes: Callable[[str], bool]
    receive: Callable[[str, bytes], None]

    async def open(self) -> None:
        """Begin to listen. Raises OSError where the address is taken."""
        await asyncio.start_server(self._converse, self.address.host, self.address.port)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sender = ""
        try:
            _say(writer, "220 rehearsal ESMTP")
            while line := await reader.readline():
                command = line.strip().upper()
                if match := _SENDER.match(line):
                    sender = match.group(1).decode()
                    _say(writer, "250 go on" if self.takes(sender) else "451 not now")
                elif command == b"DATA":
                    _say(writer, "354 end with a dot on a line of its own")
                    self.receive(sender, await _read_mail(reader))
                    _say(writer, "250 taken")
                elif command == b"QUIT":
                    _say(writer, "221 bye")
                    break
                elif command.startswith((b"EHLO", b"HELO", b"RCPT", b"RSET", b"NOOP")):
                    _say(writer, "250 rehearsal")
                else:
                    _say(writer, "502 not known here")
                await writer.drain()
            await writer.drain()
        except ConnectionError:
            # The client went away in the middle; nothing was taken.
            pass
        finally:
            writer.close()


def _say(writer: asyncio.StreamWriter, line: str) -> None:
    writer.write(f"{line}\r\n".encode())


async def _read_mail(reader: asyncio.StreamReader) -> bytes:
    lines = list[bytes]()
    while (line := await reader.readline()) not in {b".\r\n", b""}:
        # A line that begins with a dot was given a second one.
        lines.append(line[1:] if line.startswith(b"..") else line)
    return b"".join(lines)
