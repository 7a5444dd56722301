"""What listens where a service of the store would: healthy, silent, or closed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

import grpc
import grpc.aio
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import request_response

from rehearsal.machine.addresses import Address
from rehearsal.machine.http_server import HttpServer
from rehearsal.world.faults import Fault, delay_seconds, failing

# What is wrong with the next answer of a method, or of a health check (None); None if nothing is.
Wrong = Callable[[str | None], Fault | None]
# Asks whom an answer takes; whether everybody answered that it needs.
Ask = Callable[[], Awaitable[bool]]

# What customers open; all else is asked by whoever wants to know whether it is well.
PAGE = "/"
_HEALTH_CHECK = "/grpc.health.v1.Health/Check"
_STATUS = {code.value[0]: code for code in grpc.StatusCode}
# HealthCheckResponse with status SERVING (1) in its first field.
_SERVING = b"\x08\x01"


class Listener(Protocol):
    """Something that listens between `open` and `close`."""

    async def open(self) -> None:
        """Begin to listen. Raises OSError where the address is taken."""
        ...

    async def close(self) -> None:
        """Close the port."""
        ...


Conversation = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


# A silence, Redis and a relay of bytes are no HTTP, and gRPC ends in trailers, which ASGI has not:
# what plays them is no ASGI application.
@dataclass
class TcpServer:
    """Holds one conversation per connection; `close` ends them all."""

    address: Address
    converse: Conversation
    _server: asyncio.Server | None = field(default=None, init=False)
    _open: set[asyncio.StreamWriter] = field(default_factory=set[asyncio.StreamWriter], init=False)

    async def open(self) -> None:
        """Begin to listen."""
        self._server = await asyncio.start_server(self._serve, self.address.host, self.address.port)

    async def close(self) -> None:
        """Close the port and every connection."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in self._open:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            await self.converse(reader, writer)
        except ConnectionError:
            pass
        finally:
            self._open.discard(writer)
            writer.close()


def silent(address: Address) -> Listener:
    """Accepts every connection and never answers."""

    async def swallow(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        while await reader.read(65536):
            pass

    return TcpServer(address, swallow)


def http(address: Address, wrong: Wrong, ask: Ask) -> Listener:
    """Answers with 200, as a healthy frontend does; a page takes others' answers, or is a 500."""

    async def answer(request: Request) -> Response:
        page = request.url.path == PAGE
        fault = wrong(request.method if page else None)
        await asyncio.sleep(delay_seconds(fault))
        if failing(fault):
            return PlainTextResponse("the page cannot be shown\n", 500)
        if page and not await ask():
            return PlainTextResponse("something that the page needs has failed\n", 500)
        return PlainTextResponse("ok\n")

    return HttpServer(address, request_response(answer))


def redis(address: Address, wrong: Wrong) -> Listener:
    """Answers PING with +PONG, in either form of the protocol, and all else with an error."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            word = line.strip().upper()
            # `*1` and `$4` announce the words of a command in the longer form.
            if not word or word[:1] in {b"*", b"$"}:
                continue
            await asyncio.sleep(delay_seconds(wrong(None)))
            writer.write(b"+PONG\r\n" if word == b"PING" else b"-ERR unknown command\r\n")
            await writer.drain()

    return TcpServer(address, converse)


def relay(address: Address, target: Address) -> Listener:
    """Passes bytes on to the target and back."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(target.host, target.port)
        try:
            ways = (_pump(reader, far_writer), _pump(far_reader, writer))
            tasks = [asyncio.ensure_future(way) for way in ways]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            far_writer.close()

    return TcpServer(address, converse)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


@dataclass
class GrpcHealth:
    """A gRPC server that is serving; what else it is asked for it answers with nothing in it.

    That takes others' answers; where one that it needs fails, or it has a fault that makes errors,
    it `fails_with` this status.
    """

    address: Address
    wrong: Wrong
    ask: Ask
    fails_with: int
    _server: grpc.aio.Server | None = field(default=None, init=False)

    async def open(self) -> None:
        """Begin to listen."""
        server = grpc.aio.server(options=(("grpc.so_reuseport", 0),))
        server.add_generic_rpc_handlers(
            (_HealthService(self.wrong, self.ask, _STATUS[self.fails_with]),)
        )
        server.add_insecure_port(str(self.address))
        await server.start()
        self._server = server

    async def close(self) -> None:
        """Close the port; calls under way are broken off."""
        if self._server is not None:
            await self._server.stop(grace=None)
            self._server = None


@dataclass
class _HealthService(grpc.GenericRpcHandler):
    wrong: Wrong
    ask: Ask
    failed: grpc.StatusCode

    def service(
        self, handler_call_details: grpc.HandlerCallDetails
    ) -> grpc.RpcMethodHandler[bytes, bytes] | None:
        if handler_call_details.method == _HEALTH_CHECK:
            return grpc.unary_unary_rpc_method_handler(self._check)
        method = handler_call_details.method.rpartition("/")[2]
        return grpc.unary_unary_rpc_method_handler(partial(self._answer, method))

    async def _answer(
        self, method: str, _request: bytes, context: grpc.aio.ServicerContext[bytes, bytes]
    ) -> bytes:
        fault = self.wrong(method)
        await asyncio.sleep(delay_seconds(fault))
        if failing(fault):
            await context.abort(self.failed, "an error of its own")
        if not await self.ask():
            await context.abort(self.failed, "something that the answer needs has failed")
        # Whatever the message is, all its fields have their defaults then.
        return b""

    async def _check(
        self, request: bytes, context: grpc.aio.ServicerContext[bytes, bytes]
    ) -> bytes:
        await asyncio.sleep(delay_seconds(self.wrong(None)))
        if request:
            # The store's servers register the overall status alone, whose name is empty.
            await context.abort(grpc.StatusCode.NOT_FOUND, "unknown service")
        return _SERVING
