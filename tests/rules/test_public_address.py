"""What the prober takes for the shop, asked of the real blackbox exporter."""

from __future__ import annotations

import re
import socket
import ssl
import subprocess
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml

from gallery.alerts.door import DAY
from gallery.plan.resolve import resolve
from gallery.render.blackbox import blackbox_config
from gallery.stack_file.parse import parse
from rehearsal.machine import loopback, tools
from rehearsal.machine.certificate import write_certificate
from tests.unit.programs import program
from tests.unit.stack_files import values, with_value

DOOR = {
    "domain": "shop.example.org",
    "path": "/en/start",
    "contains": "Open (all day) in the *Gallery*",
    "headers": {"User-Agent": "gallery-prober"},
}
SHOP = f"<title>{DOOR['contains']}</title>"
ELSEWHERE = "<title>Under maintenance</title>"


class _Front(BaseHTTPRequestHandler):
    """A front end that lets in one agent, and shows the shop at one path alone."""

    def do_GET(self) -> None:
        let_in = self.headers["User-Agent"] == "gallery-prober"
        self.send_response(HTTPStatus.OK if let_in else HTTPStatus.FORBIDDEN)
        self.end_headers()
        self.wfile.write((SHOP if self.path == DOOR["path"] else ELSEWHERE).encode())

    def log_message(self, *_: object) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        pass


@pytest.fixture(scope="module")
def front() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Front) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@contextmanager
def prober(modules: object, directory: Path) -> Generator[str]:
    """A blackbox exporter with these modules; yields its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    config = directory / "blackbox.yml"
    config.write_text(yaml.safe_dump(modules))
    process = subprocess.Popen(
        [
            program(tools.BLACKBOX_EXPORTER),
            f"--web.listen-address={address}",
            f"--config.file={config}",
        ],
        stderr=subprocess.DEVNULL,
    )
    try:
        yield address
    finally:
        process.terminate()
        process.wait()


def probed(address: str, target: str, module: str = "door") -> str:
    """What the exporter says of a target, once it listens."""
    for _ in range(100):
        try:
            return loopback.get(
                f"http://{address}/probe?module={module}&target={target}", timeout=2
            ).decode()
        except loopback.UnansweredError:
            time.sleep(0.05)
    raise AssertionError("the exporter does not answer")


class _Redirect(_Front):
    """A host that sends whoever asks to another."""

    elsewhere = ""

    def do_GET(self) -> None:
        self.send_response(HTTPStatus.MOVED_PERMANENTLY)
        self.send_header("Location", self.elsewhere)
        self.end_headers()


@contextmanager
def by_tls(handler: type[_Front], certificate: Path, days: int) -> Generator[str]:
    """A server whose certificate is good for so many days; yields its host and port."""
    key = certificate.with_suffix(".key")
    write_certificate(["localhost"], certificate, key, valid=timedelta(days=days))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"localhost:{server.server_port}"
        server.shutdown()


def _days_left(answer: str) -> int:
    [expiry] = re.findall(r"^probe_ssl_earliest_cert_expiry (.+)$", answer, re.MULTILINE)
    return round((float(expiry) - time.time()) / DAY)


def test_both_certificates_are_seen_where_a_host_sends_to_another(tmp_path: Path) -> None:
    plan = resolve(parse(with_value("door.domain", DOOR["domain"])))
    targets = {probe.job: probe.target for probe in plan.probes}
    assert targets["door-certificate"] == f"{DOOR['domain']}:443"
    modules: dict[str, Any] = yaml.safe_load(blackbox_config(plan))
    known = tmp_path / "known.pem"
    for module in ("door", "certificate"):
        asked = modules["modules"][module]
        asked[asked["prober"]]["tls_config"] = {"ca_file": str(known)}
    old, new = tmp_path / "old.pem", tmp_path / "new.pem"
    with by_tls(_Front, new, days=80) as shop, by_tls(_Redirect, old, days=3) as asked:
        _Redirect.elsewhere = f"https://{shop}/"
        known.write_bytes(old.read_bytes() + new.read_bytes())
        with prober(modules, tmp_path) as address:
            page = probed(address, f"https://{asked}/")
            handshake = probed(address, asked, module="certificate")
    assert _days_left(page) == 80
    assert _days_left(handshake) == 3


@pytest.mark.parametrize(
    ("changed", "path", "success"),
    [
        ({}, DOOR["path"], 1),
        ({}, "/another", 0),
        ({"contains": None}, "/another", 1),
        ({"headers": None}, DOOR["path"], 0),
    ],
    ids=["the shop", "another page with a good status", "any page where no text is named", "agent"],
)
def test_the_shop_is_what_says_so_to_the_prober(
    front: str, tmp_path: Path, changed: dict[str, None], path: str, success: int
) -> None:
    asked = {key: value for key, value in (DOOR | changed).items() if value is not None}
    gateway = values()["gallery:door"]["gateway"]
    plan = resolve(parse(with_value("door", {**asked, "gateway": gateway})))
    [target] = [probe.target for probe in plan.probes if probe.job == "door"]
    assert target == "https://shop.example.org/en/start"
    modules: dict[str, Any] = yaml.safe_load(blackbox_config(plan))
    # The certificate is another test's: here the page is asked for in plain HTTP.
    assert modules["modules"]["door"]["http"].pop("fail_if_not_ssl") is True
    with prober(modules, tmp_path) as address:
        answer = probed(address, f"{front}{path}")
    assert f"\nprobe_success {success}\n" in answer
