"""One question over the mesh, and what became of it."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import cast

import grpc
import grpc.aio

from gallery.store.services import Protocol
from rehearsal.machine.addresses import Address

# What Envoy says of a request that a policy refuses.
_DENIED = "RBAC: access denied"
_PATIENCE_SECONDS = 5.0
# With which a connection of HTTP/2 begins: whoever takes it answers with his own settings.
_HTTP2 = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
_WHOLE, _FIRST = -1, 65536
_PING = b"PING\r\n"
_PONG = b"+PONG"


class Outcome(StrEnum):
    """The callee answered, a policy refused the request, or the connection ended without a word."""

    ANSWERED = "answered"
    DENIED = "refused by a policy"
    CUT = "cut off"


@dataclass(frozen=True, kw_only=True)
class Tls:
    """A client that believes every server, and what it shows of itself: nothing, or this."""

    certificate: Path | None = None
    key: Path | None = None

    def context(self, protocol: str | None) -> ssl.SSLContext:
        """It, for a protocol that it proposes."""
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        made.check_hostname = False
        # Whoever is refused must be refused by the other side.
        made.verify_mode = ssl.CERT_NONE
        if self.certificate:
            made.load_cert_chain(self.certificate, self.key)
        if protocol:
            made.set_alpn_protocols([protocol])
        return made


async def request(proxy: Address, host: str, verb: str, path: str) -> Outcome | str:
    """A request for a host by its name, over a proxy."""
    lines = (
        f"{verb} {path} HTTP/1.1",
        f"Host: {host}",
        "Content-Length: 0",
        "Connection: close",
        "",
        "",
    )
    answer = await _exchange(proxy, "\r\n".join(lines).encode(), None, _WHOLE)
    if isinstance(answer, str):
        return answer
    if not answer:
        return Outcome.CUT
    head, _, body = answer.decode(errors="replace").partition("\r\n\r\n")
    status = head.split(" ", 2)[1]
    if status == "200":
        return Outcome.ANSWERED
    # An answer to HEAD has no text.
    if status == "403" and (_DENIED in body or verb == "HEAD"):
        return Outcome.DENIED
    return f"HTTP {status} {body}".strip()


async def call(proxy: Address, authority: str, method: str) -> Outcome | str:
    """A call to an authority by its name, over a proxy."""
    async with _channel(proxy, authority) as channel:
        try:
            await channel.unary_unary(method)(b"", timeout=_PATIENCE_SECONDS)
        except grpc.aio.AioRpcError as fault:
            code, text = fault.code(), fault.details() or ""
            if code is grpc.StatusCode.PERMISSION_DENIED and _DENIED in text:
                return Outcome.DENIED
            return f"{code.name} {text}".strip()
    return Outcome.ANSWERED


async def calls(address: Address, authority: str, method: str, times: int) -> list[float]:
    """How many seconds each of so many calls took, one after another on one connection.

    Raises grpc.aio.AioRpcError for one that is not answered.
    """
    took = list[float]()
    async with _channel(address, authority) as channel:
        asked = cast("Callable[..., Awaitable[bytes]]", channel.unary_unary(method))
        # The first one opens the connection.
        await asked(b"", timeout=_PATIENCE_SECONDS)
        for _ in range(times):
            began = time.perf_counter()
            await asked(b"", timeout=_PATIENCE_SECONDS)
            took.append(time.perf_counter() - began)
    return took


def _channel(address: Address, authority: str) -> grpc.aio.Channel:
    """A channel in plain text: to one's own proxy nobody speaks otherwise."""
    options = (
        ("grpc.default_authority", authority),
        # Or one question would be asked over the connection of another.
        ("grpc.use_local_subchannel_pool", 1),
        # Whatever http_proxy says, 127.0.0.0/8 is here.
        ("grpc.enable_http_proxy", 0),
    )
    return grpc.aio.insecure_channel(str(address), options=options)


async def connect(address: Address) -> Outcome | str:
    """A connection to Redis."""
    answer = await _exchange(address, _PING, None, _FIRST)
    if not answer:
        return Outcome.CUT
    if isinstance(answer, str):
        return answer
    return Outcome.ANSWERED if answer.startswith(_PONG) else answer.decode(errors="replace")


async def bare(address: Address, protocol: Protocol, tls: Tls | None) -> Outcome | str:
    """A connection to a callee's proxy itself: any byte that comes back is an answer."""
    alpn = {Protocol.GRPC: "h2", Protocol.HTTP: "http/1.1", Protocol.TCP: None}[protocol]
    words = {
        Protocol.GRPC: _HTTP2,
        Protocol.HTTP: b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        Protocol.TCP: _PING,
    }[protocol]
    answer = await _exchange(address, words, tls.context(alpn) if tls else None, _FIRST)
    if isinstance(answer, str):
        return answer
    return Outcome.ANSWERED if answer else Outcome.CUT


async def _exchange(
    address: Address, words: bytes, tls: ssl.SSLContext | None, size: int
) -> bytes | str:
    """What comes back of words, up to a size in bytes: nothing where the connection ends.

    A text where nobody is there, or nothing comes and the connection stays.
    """
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            reader, writer = await asyncio.open_connection(address.host, address.port, ssl=tls)
            try:
                writer.write(words)
                return await reader.read(size)
            finally:
                writer.close()
    except ConnectionRefusedError:
        return f"nobody listens at {address}"
    except (ConnectionError, ssl.SSLError):
        return b""
    except TimeoutError:
        return f"no answer within {_PATIENCE_SECONDS:.0f} s"
