"""A Prometheus elsewhere, or an AMP workspace, asked by the public API for queries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

import botocore.auth  # pyright: ignore[reportMissingTypeStubs] - it has none
import botocore.awsrequest  # pyright: ignore[reportMissingTypeStubs]
import botocore.exceptions  # pyright: ignore[reportMissingTypeStubs]
import botocore.session  # pyright: ignore[reportMissingTypeStubs]
import httpx

from offline.errors import UserError
from rehearsal.machine.loopback import HttpStatusError, UnansweredError
from rehearsal.machine.queries import Queries

# A day of one rule; AMP gives up sooner.
_ANSWERS_WITHIN_SECONDS = 150.0
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_SERVICE = "aps"

# The headers of a POST to a URL with a body, given those that it has anyway.
Sign = Callable[[str, bytes, Mapping[str, str]], Mapping[str, str]]


def _unsigned(_url: str, _body: bytes, headers: Mapping[str, str]) -> Mapping[str, str]:
    return headers


@dataclass(frozen=True)
class RemoteQueries(Queries):
    """Asks below `url` by POST, whose length nothing on the way bounds, signed where it must be."""

    url: str
    sign: Sign = _unsigned
    _client: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise UserError(
                f"{self.url!r} is no address of a Prometheus; write it as "
                "https://prometheus.example.org, with the path below which it is, if any"
            )
        # What is on this machine no proxy reaches.
        client = httpx.Client(
            trust_env=not _is_here(parts.hostname), timeout=_ANSWERS_WITHIN_SECONDS
        )
        object.__setattr__(self, "_client", client)

    def ask(self, path: str, fields: Mapping[str, str]) -> Any:  # noqa: ANN401 - see below
        """The `data` of an answer, whose shape depends on the path."""
        url, body = self.url.rstrip("/") + path, urlencode(fields).encode()
        headers = self.sign(url, body, _FORM)
        try:
            answer = self._client.post(url, content=body, headers=dict(headers))
        except httpx.RequestError as error:
            raise UnansweredError(f"{url}: {error}") from error
        if not answer.is_success:
            raise HttpStatusError(answer.status_code, answer.text.strip())
        try:
            return answer.json()["data"]
        except (ValueError, KeyError, TypeError):
            raise UserError(
                f"{url} answers, but not as a Prometheus does ({answer.text[:80]!r}); give the "
                "address below which /api/v1/query is"
            ) from None


def workspace(identifier: str, region: str) -> RemoteQueries:
    """An AMP workspace, by the credentials that AWS' own tools would take.

    Raises UserError where they would find none.
    """
    try:
        credentials = cast("Any", botocore.session).get_session().get_credentials()
    except cast("Any", botocore.exceptions).BotoCoreError as fault:
        raise UserError(f"the AWS credentials cannot be read: {fault}") from None
    if credentials is None:
        raise UserError(
            f"there are no AWS credentials to ask {identifier} with; log in (`aws sso login`) or "
            "name a profile (AWS_PROFILE) that may aps:QueryMetrics"
        )
    url = f"https://aps-workspaces.{region}.amazonaws.com/workspaces/{identifier}"
    return RemoteQueries(url, signing(credentials, region))


def signing(credentials: Any, region: str) -> Sign:  # noqa: ANN401 - botocore has no types
    """Signature Version 4 by these credentials of botocore, for AMP."""
    auth = cast("Any", botocore.auth).SigV4Auth
    request = cast("Any", botocore.awsrequest).AWSRequest

    def sign(url: str, body: bytes, headers: Mapping[str, str]) -> Mapping[str, str]:
        asked = request(method="POST", url=url, data=body, headers=dict(headers))
        auth(credentials, _SERVICE, region).add_auth(asked)
        return dict(asked.headers.items())

    return sign


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
