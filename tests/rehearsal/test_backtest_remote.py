"""A Prometheus elsewhere, and an AMP workspace, are asked as they want to be."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest
from botocore.credentials import Credentials  # pyright: ignore[reportMissingTypeStubs]

from offline.errors import UserError
from rehearsal.backtest.remote import RemoteQueries, signing, workspace
from rehearsal.machine.addresses import Address
from rehearsal.machine.loopback import HttpStatusError, UnansweredError

_SECRET = "not-a-real-key"
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/(?P<scope>\d{8}/eu-west-1/aps/aws4_request), "
    r"SignedHeaders=(?P<signed>[a-z;0-9-]+), Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass
class Stub:
    """A Prometheus' API that answers the same to everything, and keeps what it was asked."""

    address: Address
    answer: tuple[int, str] = (200, "{}")
    asked: list[tuple[str, dict[str, str], str]] = field(
        default_factory=list[tuple[str, dict[str, str], str]]
    )


@pytest.fixture
def stub(free: Callable[[], Address]) -> Iterator[Stub]:
    made = Stub(free())

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            made.asked.append((self.path, headers, body))
            status, text = made.answer
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Nobody reads it."""

    server = ThreadingHTTPServer((made.address.host, made.address.port), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


def _found(*values: tuple[float, str]) -> str:
    return json.dumps({"data": {"result": [{"metric": {"a": "b"}, "values": values}]}})


def test_a_range_is_asked_for_by_post(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    # Nothing of this machine goes through a proxy.
    monkeypatch.setenv("http_proxy", "http://127.60.0.9:1")
    stub.answer = (200, _found((10.0, "1"), (20.0, "NaN")))
    [series] = RemoteQueries(stub.address.url("/below/")).query_range("x > 0", 10, 20, 10)
    assert (series.labels, [at for at, _ in series.samples]) == ({"a": "b"}, [10.0, 20.0])
    [(path, headers, body)] = stub.asked
    assert path == "/below/api/v1/query_range"
    assert "authorization" not in headers
    assert parse_qs(body) == {"query": ["x > 0"], "start": ["10"], "end": ["20"], "step": ["10"]}


def _signature(stub: Stub) -> tuple[str, str]:
    """What was sent, and what it must be (AWS, "Create a signed AWS API request")."""
    path, headers, body = stub.asked[-1]
    said = _AUTHORIZATION.fullmatch(headers["authorization"])
    assert said is not None, headers["authorization"]
    names = said["signed"].split(";")
    lines = [f"{name}:{headers[name].strip()}\n" for name in names]
    digest = hashlib.sha256(body.encode()).hexdigest()
    request = "\n".join(["POST", path, "", "".join(lines), said["signed"], digest])
    hashed = hashlib.sha256(request.encode()).hexdigest()
    text = "\n".join(["AWS4-HMAC-SHA256", headers["x-amz-date"], said["scope"], hashed])
    key = f"AWS4{_SECRET}".encode()
    for part in said["scope"].split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return said["signature"], hmac.new(key, text.encode(), "sha256").hexdigest()


def _signed(stub: Stub, secret: str) -> RemoteQueries:
    sign = signing(Credentials("AKIDEXAMPLE", secret, "token"), "eu-west-1")
    return RemoteQueries(stub.address.url("/workspaces/ws-1"), sign)


def test_a_workspace_is_asked_with_a_signature(stub: Stub) -> None:
    stub.answer = (200, _found())
    _signed(stub, _SECRET).query_range('x{a="ä b"} > 0', 10, 20, 10)
    sent, due = _signature(stub)
    assert sent == due
    _, headers, _ = stub.asked[-1]
    assert headers["x-amz-security-token"] == "token"
    _signed(stub, "another").query_range("x", 10, 20, 10)
    sent, due = _signature(stub)
    assert sent != due


def test_the_address_of_a_workspace_is_that_of_its_region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", _SECRET)
    found = workspace("ws-1", "eu-west-1")
    assert found.url == "https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1"
    headers = found.sign(f"{found.url}/api/v1/query", b"query=1", {})
    assert _AUTHORIZATION.fullmatch(headers["Authorization"])


def test_without_credentials_it_is_said_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    nothing = {"AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_CONFIG_FILE": "/dev/null"}
    for name, value in {**nothing, "AWS_EC2_METADATA_DISABLED": "true"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(UserError, match=r"no AWS credentials to ask ws-1 with; log in"):
        workspace("ws-1", "eu-west-1")
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(UserError, match=r"cannot be read: .*nobody"):
        workspace("ws-1", "eu-west-1")


def test_what_is_refused_has_the_answer_in_it(stub: Stub) -> None:
    stub.answer = (403, '{"message": "not authorized to perform: aps:QueryMetrics"}')
    with pytest.raises(HttpStatusError, match=r"HTTP 403: .*aps:QueryMetrics"):
        RemoteQueries(stub.address.url()).query("x")


@pytest.mark.parametrize("text", ["<html>", "[]", '{"status": "success"}'])
def test_what_is_no_prometheus_is_named(stub: Stub, text: str) -> None:
    stub.answer = (200, text)
    with pytest.raises(UserError, match="answers, but not as a Prometheus does"):
        RemoteQueries(stub.address.url()).query("x")


def test_nobody_there_is_no_answer(free: Callable[[], Address]) -> None:
    with pytest.raises(UnansweredError):
        RemoteQueries(free().url()).query("x")
