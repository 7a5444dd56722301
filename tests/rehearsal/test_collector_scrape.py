"""What becomes of a proxy's metrics on their way through a real Prometheus."""

from __future__ import annotations

import subprocess
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from gallery.render.collector import collector_config
from rehearsal.machine import loopback
from rehearsal.machine.addresses import Address
from rehearsal.machine.tools import PROMETHEUS, Tool
from tests.unit.stack_files import planned

PATIENCE_SECONDS = 20
PRINCIPALS = tuple(
    f"spiffe://cluster.local/ns/gallery/sa/{account}" for account in ("cartservice", "default")
)
REVISIONS = 'source_canonical_revision="v1",destination_canonical_revision="v1"'
PLACE = 'cluster="Kubernetes",environment="theirs"'
EXPOSED = f"""
istio_requests_total{{reporter="source",source_workload="frontend",\
destination_service_name="cartservice",destination_principal="{PRINCIPALS[0]}",\
{REVISIONS},{PLACE}}} 5
istio_requests_total{{reporter="source",source_workload="frontend",\
destination_service_name="cartservice",destination_principal="{PRINCIPALS[1]}",\
{REVISIONS},{PLACE}}} 7
istio_requests_total{{reporter="destination",source_workload="unknown"}} 1
istio_request_duration_milliseconds_bucket{{destination_service_name="cartservice",le="1"}} 5
istio_request_bytes_bucket{{destination_service_name="cartservice",le="1"}} 5
envoy_server_live 1
"""


@pytest.fixture
def proxy(free: Callable[[], Address]) -> Iterator[Address]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = self.path == "/stats/prometheus"
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(EXPOSED.encode() if found else b"")

        def log_message(self, *_: object) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
            pass

    address = free()
    server = ThreadingHTTPServer((address.host, address.port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield address
    server.shutdown()
    server.server_close()


def mesh_alone(proxy: Address) -> dict[str, Any]:
    """The rendered mesh job, pointed at one proxy as discovery and relabelling would."""
    text = collector_config(planned(), remote_write_url="https://amp", grafana_url=None)
    document = yaml.safe_load(text)
    (job,) = (each for each in document["scrape_configs"] if each["job_name"] == "mesh")
    del job["kubernetes_sd_configs"], job["relabel_configs"]
    job["static_configs"] = [
        {
            "targets": [f"{proxy.host}:{proxy.port}"],
            "labels": {"service": "frontend", "instance": "frontend-abc"},
        }
    ]
    return {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
        "scrape_configs": [job],
    }


def ask(address: Address, path: str) -> Any:  # noqa: ANN401
    return loopback.get_json(address.url(path), timeout=2)["data"]


def series_of(address: Address) -> list[dict[str, str]]:
    """The mesh's series, once there are any."""
    query = urllib.parse.urlencode({"match[]": '{__name__=~"istio.*|envoy.*"}'})
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            if found := ask(address, f"/api/v1/series?{query}"):
                return found
        except (loopback.HttpStatusError, loopback.UnansweredError):
            pass
        time.sleep(0.1)
    raise AssertionError(f"no series within {PATIENCE_SECONDS} s")


@pytest.fixture
def mesh_series(
    tools: Mapping[Tool, Path], proxy: Address, free: Callable[[], Address], tmp_path: Path
) -> Iterator[list[dict[str, str]]]:
    address = free()
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(mesh_alone(proxy)))
    process = subprocess.Popen(
        [
            str(tools[PROMETHEUS]),
            f"--config.file={tmp_path / 'prometheus.yml'}",
            f"--storage.tsdb.path={tmp_path / 'data'}",
            f"--web.listen-address={address.host}:{address.port}",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield series_of(address)
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE_SECONDS)


def test_series_belong_to_the_service_that_was_called(mesh_series: list[dict[str, str]]) -> None:
    own = {"job": "mesh", "instance": "frontend-abc"}
    assert sorted(mesh_series, key=str) == sorted(
        [
            *(
                own
                | {
                    "__name__": "istio_requests_total",
                    "service": "cartservice",
                    "reporter": "source",
                    "source_workload": "frontend",
                    "destination_service_name": "cartservice",
                    # While its account changes a service counts under both: neither is lost.
                    "destination_principal": principal,
                    "source_canonical_revision": "v1",
                    "destination_canonical_revision": "v1",
                    "exported_cluster": "Kubernetes",
                    "exported_environment": "theirs",
                }
                for principal in PRINCIPALS
            ),
            # A request that names no callee stays with the pod that counted it.
            own
            | {
                "__name__": "istio_requests_total",
                "service": "frontend",
                "reporter": "destination",
                "source_workload": "unknown",
            },
            own
            | {
                "__name__": "istio_request_duration_milliseconds_bucket",
                "service": "cartservice",
                "destination_service_name": "cartservice",
                "le": "1",
            },
        ],
        key=str,
    )
