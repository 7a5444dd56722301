"""Lets nobody in but pages of the wall itself: neither other sites nor other names for this one."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_READS = {"GET", "HEAD", "OPTIONS"}
_FOREIGN_SITES = {"cross-site", "same-site"}
# A policy violation, by RFC 6455.
_VIOLATION = 1008
_OURS = {
    # A page that frames this one could have its buttons pressed.
    "Content-Security-Policy": "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class OwnPagesOnly:
    """Refuses requests to another host than `host` (`name:port`), and from other origins.

    A name that is made to lead here (DNS rebinding) is another host. What changes something, and
    every websocket, must come from a page of the wall: browsers say so of their own accord.
    """

    def __init__(self, app: ASGIApp, host: str) -> None:
        self._app = app
        self._host = host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, or refuse."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        why = self._refusal(scope)
        if why is None:
            await self._app(scope, receive, _with_headers(send))
        elif scope["type"] == "http":
            await PlainTextResponse(f"{why}\n", 403)(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": _VIOLATION, "reason": why})

    def _refusal(self, scope: Scope) -> str | None:
        headers = Headers(scope=scope)
        if headers.getlist("host") != [self._host]:
            return f"this is {self._host} and nothing else"
        origins = headers.getlist("origin")
        reads = scope["type"] == "http" and scope["method"] in _READS
        if origins != [f"http://{self._host}"] and (origins or not reads):
            return "only pages of the wall may ask for that"
        if not reads and headers.get("sec-fetch-site") in _FOREIGN_SITES:
            return "only pages of the wall may ask for that"
        return None


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _OURS.items():
                headers[name] = value
        await send(message)

    return sending
