"""As much of an SMTP server as a notifier needs to hand in an e-mail."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from rehearsal.addresses import Address


@dataclass
class MailServer:
    """Hands each e-mail to `receive`, which says whether it is taken."""

    address: Address
    receive: Callable[[bytes], bool]

    async def open(self) -> None:
        """Begin to listen. Raises OSError where the address is taken."""
        await asyncio.start_server(self._converse, self.address.host, self.address.port)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            _say(writer, "220 rehearsal ESMTP")
            while line := await reader.readline():
                command = line.strip().upper()
                if command == b"DATA":
                    _say(writer, "354 end with a dot on a line of its own")
                    taken = self.receive(await _read_mail(reader))
                    _say(writer, "250 taken" if taken else "451 not now")
                elif command == b"QUIT":
                    _say(writer, "221 bye")
                    break
                elif command.startswith((b"EHLO", b"HELO", b"MAIL", b"RCPT", b"RSET", b"NOOP")):
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
