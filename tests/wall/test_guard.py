"""Only pages of the wall may ask the wall for anything that changes something."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.types import Message
from starlette.websockets import WebSocket

from rehearsal.wall.guard import OwnPagesOnly

HOST = "127.20.0.13:23000"
OWN = f"http://{HOST}"


async def _answer(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("done")


async def _talk(socket: WebSocket) -> None:
    await socket.accept()
    await socket.close()


GUARDED = OwnPagesOnly(
    Starlette(
        routes=[Route("/", _answer, methods=["GET", "POST"]), WebSocketRoute("/ws", _talk)],
    ),
    HOST,
)


def _ask(method: str, headers: dict[str, str]) -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=GUARDED)
        async with httpx.AsyncClient(transport=transport, base_url=OWN) as client:
            return await client.request(method, "/", headers=headers)

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", {}),
        ("GET", {"origin": OWN}),
        ("POST", {"origin": OWN}),
        ("POST", {"origin": OWN, "sec-fetch-site": "same-origin"}),
    ],
)
def test_its_own_pages_are_served(method: str, headers: dict[str, str]) -> None:
    answer = _ask(method, headers)
    assert (answer.status_code, answer.text) == (200, "done")
    assert answer.headers["content-security-policy"] == "frame-ancestors 'none'"


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        # A name that is made to lead here.
        ("GET", {"host": "wall.example.org:23000"}),
        ("POST", {"host": "wall.example.org:23000", "origin": "http://wall.example.org:23000"}),
        ("GET", {"host": "localhost:23000"}),
        # A page of another site, of another program here, of none, and one that says nothing.
        ("POST", {"origin": "https://example.org"}),
        ("POST", {"origin": "http://127.20.0.8:28080"}),
        ("POST", {"origin": "null"}),
        ("POST", {}),
        ("GET", {"origin": "https://example.org"}),
        ("POST", {"origin": OWN, "sec-fetch-site": "cross-site"}),
    ],
)
def test_others_are_refused(method: str, headers: dict[str, str]) -> None:
    answer = _ask(method, headers)
    assert answer.status_code == 403
    assert "done" not in answer.text


@pytest.mark.parametrize(
    ("host", "origin", "first"),
    [
        (HOST, OWN, "websocket.accept"),
        (HOST, "https://example.org", "websocket.close"),
        (HOST, None, "websocket.close"),
        ("wall.example.org", "http://wall.example.org", "websocket.close"),
    ],
)
def test_a_websocket_is_only_for_its_own_pages(host: str, origin: str | None, first: str) -> None:
    headers = [(b"host", host.encode())]
    if origin is not None:
        headers.append((b"origin", origin.encode()))
    scope: dict[str, Any] = {
        "type": "websocket",
        "path": "/ws",
        "headers": headers,
        "query_string": b"",
        "subprotocols": [],
    }
    sent = list[Message]()

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(GUARDED(scope, receive, send))
    assert sent[0]["type"] == first
