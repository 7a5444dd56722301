"""A served address opens and closes at once: what a drill breaks is met by the next request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import request_response

from rehearsal.machine.addresses import Address
from rehearsal.machine.http_server import HttpServer

_ASKED = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"


async def _ok(_request: Request) -> Response:
    return PlainTextResponse("ok")


async def _ask(address: Address) -> bytes:
    """All that is answered until the connection is closed by the other side."""
    reader, writer = await asyncio.open_connection(address.host, address.port)
    writer.write(_ASKED)
    answer = await reader.read()
    writer.close()
    return answer


def test_an_answer_ends_its_connection(free: Callable[[], Address]) -> None:
    async def play() -> bytes:
        address = free()
        await HttpServer(address, request_response(_ok)).open()
        return await asyncio.wait_for(_ask(address), 3)

    answer = asyncio.run(play())
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\r\n\r\nok")


def test_a_closed_address_refuses_at_once_and_opens_at_once(free: Callable[[], Address]) -> None:
    async def play() -> None:
        address = free()
        server = HttpServer(address, request_response(_ok))
        for _ in range(3):
            await server.open()
            assert await _ask(address)
            await server.close()
            with pytest.raises(ConnectionRefusedError):
                await _ask(address)

    asyncio.run(play())


def test_a_request_that_is_being_answered_when_the_address_closes_gets_its_answer(
    free: Callable[[], Address],
) -> None:
    async def play() -> bytes:
        address, asked, go_on = free(), asyncio.Event(), asyncio.Event()

        async def slow(_request: Request) -> Response:
            asked.set()
            await go_on.wait()
            return PlainTextResponse("late")

        server = HttpServer(address, request_response(slow))
        await server.open()
        answer = asyncio.create_task(_ask(address))
        await asked.wait()
        await server.close()
        # Longer than what was idle is kept.
        await asyncio.sleep(0.5)
        go_on.set()
        return await answer

    assert asyncio.run(play()).endswith(b"late")


def test_a_taken_address_is_no_servers(free: Callable[[], Address]) -> None:
    async def play() -> None:
        address = free()
        await HttpServer(address, request_response(_ok)).open()
        with pytest.raises(OSError, match="Address already in use"):
            await HttpServer(address, request_response(_ok)).open()

    asyncio.run(play())
