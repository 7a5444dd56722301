"""HTTP to the rehearsal's own listeners: never through a proxy, never to another machine."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

from offline.errors import UserError

# Whatever http_proxy says, 127.0.0.0/8 is here.
_OPENER = build_opener(ProxyHandler({}))


class UnansweredError(Exception):
    """Nobody listens at the address, or no answer came in time."""


class HttpStatusError(Exception):
    """An HTTP error status; `status` is its code, the text is the answer's body."""

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
    message = Request(url, data=body, headers=headers or {}, method=method)  # noqa: S310
    try:
        with _OPENER.open(message, timeout=timeout) as answer:
            return bytes(answer.read())
    except HTTPError as error:
        raise HttpStatusError(error.code, error.read().decode(errors="replace").strip()) from error
    except (HTTPException, URLError, OSError) as error:
        # A program that dies amid its answer leaves half of one.
        raise UnansweredError(f"{url}: {getattr(error, 'reason', error)}") from error


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
