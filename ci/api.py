"""A forge's HTTP API: JSON, lists page by page, and a refusal that says what is missing."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from offline.errors import UserError

# Whatever JSON can hold.
Document = Any
_TIMEOUT_SECONDS = 30
_NEXT = re.compile(r'<([^>]+)>;\s*rel="next"')
_OF_RIGHTS = {401, 403, 404}


@dataclass(frozen=True, kw_only=True)
class Api:
    """`root` is the address that paths are appended to, `rights` what its token must be allowed."""

    root: str
    headers: Mapping[str, str]
    rights: str

    def every(self, path: str) -> Iterator[Document]:
        """Each item of a list, over all its pages."""
        address = f"{self.root}{path}"
        while address:
            items, link = self._answer("GET", address, None)
            yield from items
            following = _NEXT.search(link)
            address = following[1] if following else ""
            # The token goes nowhere else.
            if address and not address.startswith(f"{self.root}/"):
                raise UserError(f"{self.root} says that a list goes on at {address}, elsewhere")

    def send(self, method: str, path: str, body: Document) -> Document:
        """What the forge answers to this. Raises UserError."""
        return self._answer(method, f"{self.root}{path}", body)[0]

    def _answer(self, method: str, address: str, body: Document) -> tuple[Document, str]:
        request = urllib.request.Request(  # noqa: S310 - the forge's own address, from its runner
            address,
            data=None if body is None else json.dumps(body).encode(),
            headers={**self.headers, "Content-Type": "application/json"},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310
                return json.loads(answer.read() or b"null"), answer.headers.get("Link", "")
        except urllib.error.HTTPError as error:
            cure = f"; the job's token needs {self.rights}" if error.code in _OF_RIGHTS else ""
            raise UserError(f"{method} {address}: {error.code} {error.reason}{cure}") from None
        except (OSError, ValueError) as error:
            raise UserError(f"{method} {address}: {error}") from None
