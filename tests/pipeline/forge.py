"""A stand-in for both forges on loopback: pages of two, one account, and refusals on demand."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

TOKEN = "token-of-the-job"
PAGE = 2
COMMIT = "a" * 40
_LISTS = re.compile(r"(/comments|/notes|/issues|/pulls|/deployments|/statuses)$")


@dataclass
class Forge:
    """What the forge holds, by the path of its list; `refused` methods are answered 403."""

    lists: dict[str, list[dict[str, Any]]] = field(default_factory=dict[str, list[dict[str, Any]]])
    refused: set[str] = field(default_factory=set[str])
    asked: list[str] = field(default_factory=list[str])
    root: str = ""

    def bodies(self, path: str) -> list[str]:
        return [each["body"] for each in self.lists.get(path, [])]

    def pull_request(self, number: int, branch: str, commit: str = COMMIT) -> None:
        self.lists.setdefault("/repos/shop/gallery/pulls", []).append(
            {"number": number, "head": {"sha": commit, "label": branch}}
        )


def _matching(path: str, query: dict[str, list[str]], each: dict[str, Any]) -> bool:
    if path.endswith("/pulls"):
        return each["head"]["label"] in query["head"]
    if path.endswith("/deployments"):
        return each["environment"] in query["environment"]
    if path.endswith("/issues"):
        return each["state"] in query["state"] and each["user"]["login"] in query["creator"]
    return True


class _Handler(BaseHTTPRequestHandler):
    forge: ClassVar[Forge]

    def _answer(self, code: int, document: object, link: str = "") -> None:
        text = json.dumps(document).encode()
        self.send_response(code)
        if link:
            self.send_header("Link", link)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def _handle(self) -> None:
        parts = urlsplit(self.path)
        path, query = parts.path, parse_qs(parts.query)
        self.forge.asked.append(f"{self.command} {path}")
        length = int(self.headers.get("Content-Length") or 0)
        given = json.loads(self.rfile.read(length) or b"null")
        held = {self.headers.get("PRIVATE-TOKEN"), self.headers.get("Authorization")}
        if not held & {TOKEN, f"Bearer {TOKEN}"} or self.command in self.forge.refused:
            self._answer(403, {"message": "Resource not accessible by integration"})
        elif path == "/user":
            self._answer(200, {"id": 7})
        elif self.command == "GET" and _LISTS.search(path):
            self._page(path, query)
        elif self.command == "POST":
            own = {"id": 7, "login": "github-actions[bot]"}
            made = {"user": own, "author": own, "system": False, "state": "open", **given}
            every = self.forge.lists.setdefault(path, [])
            every.append(made | {"id": 100 + len(every), "number": 100 + len(every)})
            self._answer(201, every[-1])
        else:
            self._change(path, given)

    def _page(self, path: str, query: dict[str, list[str]]) -> None:
        found = [each for each in self.forge.lists.get(path, []) if _matching(path, query, each)]
        page = int(query.get("page", ["1"])[0])
        rest = found[page * PAGE :]
        others = "&".join(f"{key}={each[0]}" for key, each in query.items() if key != "page")
        link = f'<{self.forge.root}{path}?{others}&page={page + 1}>; rel="next"' if rest else ""
        self._answer(200, found[(page - 1) * PAGE : page * PAGE], link)

    def _change(self, path: str, given: dict[str, Any]) -> None:
        number = int(path.rpartition("/")[2])
        for every in self.forge.lists.values():
            for each in every:
                if number in {each.get("id"), each.get("number")} and "body" in each:
                    each.update(given)
                    return self._answer(200, each)
        return self._answer(404, {"message": "Not Found"})

    do_GET = do_POST = do_PUT = do_PATCH = _handle  # noqa: N815 - as http.server calls them

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its own name
        """Say nothing."""


@contextmanager
def running() -> Generator[Forge]:
    """The forge, until the end of the context."""
    forge = Forge()
    handler = type("Handler", (_Handler,), {"forge": forge})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    forge.root = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield forge
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
