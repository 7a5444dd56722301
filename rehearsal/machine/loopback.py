"""HTTP to the rehearsal's own listeners: never through a proxy, never to another machine."""

from __future__ import annotations

import json
import ssl
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from offline.errors import UserError

if TYPE_CHECKING:
    import httpx


class UnansweredError(Exception):
    """Nobody listens at the address, or no answer came in time."""


class HttpStatusError(Exception):
    """An HTTP status other than success; `status` is its code, the text is the answer's body."""

    def __init__(self, status: int, body: str) -> None:
        super().__init__(f"HTTP {status}: {body}")
        self.status = status


@contextmanager
def answered() -> Generator[None, None, None]:
    """Raise UserError where a program of the rehearsal does not answer, or refuses."""
    try:
        yield
    except UnansweredError as why:
        raise UserError(f"a program of the rehearsal does not answer: {why}") from None
    except HttpStatusError as why:
        raise UserError(f"a program of the rehearsal refuses: {why}") from None


def request(
    method: str,
    url: str,
    *,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
    timeout: float = 10.0,
) -> bytes:
    """The answer's body. Raises UnansweredError or HttpStatusError; `timeout` in seconds."""
    import httpx  # noqa: PLC0415 - `down` and `status` ask nobody

    try:
        answer = _client().request(method, url, content=body, headers=headers, timeout=timeout)
    except httpx.RequestError as error:
        # A program that dies amid its answer leaves half of one.
        raise UnansweredError(f"{url}: {error}") from error
    if not answer.is_success:
        raise HttpStatusError(answer.status_code, answer.text.strip())
    return answer.content


@cache
def _client() -> httpx.Client:
    import httpx  # noqa: PLC0415

    return httpx.Client(
        # Whatever http_proxy says, 127.0.0.0/8 is here.
        trust_env=False,
        # Nobody here is trusted: reading who is elsewhere would take longer than most answers.
        verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        # A program that was stopped and started between two questions has no connection left.
        limits=httpx.Limits(max_keepalive_connections=0),
    )


def get(url: str, *, timeout: float = 10.0) -> bytes:
    """The body at `url`."""
    return request("GET", url, timeout=timeout)


def get_json(url: str, *, timeout: float = 10.0) -> Any:  # noqa: ANN401 - whatever JSON holds
    """The JSON value at `url`."""
    return json.loads(get(url, timeout=timeout))


def send_json(method: str, url: str, value: object, *, timeout: float = 10.0) -> Any:  # noqa: ANN401
    """Send `value` as JSON; the answer's JSON value, or None where the answer is empty."""
    answer = request(
        method,
        url,
        body=json.dumps(value).encode(),
        headers={"Content-Type": "application/json"},
        timeout=timeout,
    )
    return json.loads(answer) if answer.strip() else None
