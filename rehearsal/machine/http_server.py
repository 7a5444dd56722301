"""A small HTTP server for the programs that the rehearsal simulates."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from rehearsal.machine.addresses import Address

_REASONS = {
    200: "OK",
    202: "Accepted",
    400: "Bad Request",
    404: "Not Found",
    413: "Payload Too Large",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


@dataclass(frozen=True, kw_only=True)
class HttpRequest:
    """A request whose body has been read; `path` has no query and no percent signs left."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    @property
    def steps(self) -> tuple[str, ...]:
        """The path's parts: `/faults/frontend` is ("faults", "frontend")."""
        return tuple(part for part in self.path.split("/") if part)


@dataclass(frozen=True, kw_only=True)
class HttpResponse:
    """What is answered; the connection is closed afterwards."""

    status: int = 200
    content_type: str = "text/plain; charset=utf-8"
    body: bytes = b""

    @classmethod
    def json(cls, value: object, status: int = 200) -> HttpResponse:
        """A JSON answer."""
        body = json.dumps(value).encode() + b"\n"
        return cls(status=status, content_type="application/json", body=body)

    @classmethod
    def text(cls, text: str, status: int = 200) -> HttpResponse:
        """A plain answer."""
        return cls(status=status, body=text.encode())


Handler = Callable[[HttpRequest], Awaitable[HttpResponse]]


@dataclass
class HttpServer:
    """Serves `handler` at an address, with TLS where `tls` is given, between open and close."""

    address: Address
    handler: Handler
    tls: ssl.SSLContext | None = None
    _server: asyncio.Server | None = field(default=None, init=False)

    async def open(self) -> None:
        """Begin to listen. Raises OSError where the address is taken."""
        self._server = await asyncio.start_server(
            self._converse, self.address.host, self.address.port, ssl=self.tls
        )

    async def close(self) -> None:
        """Stop to listen; a request that is being answered still gets its answer."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await _read(reader)
            writer.write(_encode(await self.handler(request)))
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, ValueError):
            # The client went away or does not speak HTTP: nobody is there to answer.
            pass
        finally:
            writer.close()


async def _read(reader: asyncio.StreamReader) -> HttpRequest:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.strip().split("\r\n")
    method, target, _version = first.split(" ", 2)
    headers = dict[str, str]()
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    parts = urlsplit(target)
    return HttpRequest(
        method=method, path=unquote(parts.path), query=parts.query, headers=headers, body=body
    )


def _encode(response: HttpResponse) -> bytes:
    head = (
        f"HTTP/1.1 {response.status} {_REASONS[response.status]}\r\n"
        f"Content-Type: {response.content_type}\r\n"
        f"Content-Length: {len(response.body)}\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode("latin-1") + response.body
