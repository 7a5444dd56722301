"""The contract names what the programs themselves expose."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from gallery.metrics import labels
from gallery.metrics.collected import COLLECTED, NODE_COLLECTORS, TARGETS
from gallery.metrics.names import PUSH_ERRORS, PUSH_TIMEOUTS, REJECTS
from gallery.render.cloud_init import unit
from rehearsal.machine import loopback, tools
from rehearsal.world.istiod import Istiod
from rehearsal.world.mesh import Mesh
from rehearsal.world.procfs import TEXTFILES, SimulatedHost
from rehearsal.world.topology import Workload
from tests.rules import sandbox
from tests.rules.sandbox import library
from tests.unit.programs import program

_SAMPLE = re.compile(r"^(?P<name>[a-zA-Z_:]\w*)(?:\{(?P<labels>.*)\})? ", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="')
_PATIENCE_SECONDS = 15
# What Prometheus itself adds to every scrape.
_OWN = {"up", "scrape_duration_seconds"}


def _exposed(text: str) -> dict[str, set[str]]:
    """Metric names and the labels that each of them has on some sample."""
    found = dict[str, set[str]]()
    for sample in _SAMPLE.finditer(text):
        found.setdefault(sample["name"], set()).update(_LABEL.findall(sample["labels"] or ""))
    return found


def _lacking(job: str, text: str) -> list[str]:
    """What the contract says of a job that its exposition does not bear out."""
    exposed = _exposed(text)
    promised = {
        metric: jobs[job] - TARGETS[job]
        for metric, jobs in COLLECTED.items()
        if job in jobs and metric not in _OWN
    }
    assert promised
    return [
        f"{metric} {sorted(own - exposed.get(metric, set()))}"
        for metric, own in promised.items()
        if metric not in exposed or not own <= exposed[metric]
    ]


@contextmanager
def _running(command: list[str], address: str, place: Path) -> Generator[None]:
    with (place / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=place)
        try:
            _wait(process, address, place / "log")
            yield
        finally:
            process.terminate()
            process.wait()


def _wait(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            _get(address, "/metrics")
        except (loopback.HttpStatusError, loopback.UnansweredError):
            time.sleep(0.05)
        else:
            return
    pytest.fail(log.read_text())


def _get(address: str, path: str) -> str:
    return loopback.get(f"http://{address}{path}", timeout=2).decode()


def _address() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{free.getsockname()[1]}"


def _exporter(address: str, procfs: Path, chosen: list[str]) -> list[str]:
    """A host's exporter with these collectors, beside a simulated host."""
    SimulatedHost(name="orders-db-1", directory=procfs, now=time.time())
    return [
        program(tools.NODE_EXPORTER),
        *chosen,
        f"--web.listen-address={address}",
        f"--path.procfs={procfs}",
        "--no-collector.netdev.netlink",
    ]


def _collectors() -> list[str]:
    """The very collectors that hosts switch on."""
    [start] = [line for line in unit().splitlines() if line.startswith("ExecStart=")]
    return [flag for flag in start.split() if flag.startswith("--collector.")]


def test_a_hosts_exporter_exposes_what_is_promised_of_hosts(tmp_path: Path) -> None:
    procfs, address = tmp_path / "proc", _address()
    # A machine that runs tests has no systemd to ask: its metrics are those of the stand-in.
    here = [flag for flag in _collectors() if not flag.startswith("--collector.systemd")]
    texts = ["--collector.textfile", f"--collector.textfile.directory={procfs / TEXTFILES}"]
    without_clock = [flag for flag in here if flag != "--collector.timex"]
    command = _exporter(address, procfs, [*without_clock, *texts])
    with _running(command, address, tmp_path):
        exposed = _get(address, "/metrics")
        assert not _lacking(labels.NODE, exposed)
        assert not _failed(exposed) - _UNTRACKED


# Connections are tracked only where the kernel's module is loaded.
_UNTRACKED = {"conntrack"}
_SUCCESS = re.compile(r'^node_scrape_collector_success\{collector="(\w+)"\} 0$', re.MULTILINE)


def _failed(text: str) -> set[str]:
    return set(_SUCCESS.findall(text))


@pytest.mark.parametrize("refused", [(), ("adjtimex",)], ids=["the unit", "without adjtimex"])
def test_a_hosts_exporter_measures_under_the_system_calls_of_its_unit(
    refused: tuple[str, ...], tmp_path: Path
) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None or library() is None:
        pytest.skip("systemd-analyze and libseccomp are not both on this machine")
    procfs, address = tmp_path / "proc", _address()
    confined = tmp_path / "node_exporter.service"
    lines = (line for line in unit().splitlines() if line.split("=")[-1] not in refused)
    confined.write_text("\n".join(lines))
    here = [flag for flag in _collectors() if not flag.startswith("--collector.systemd")]
    start = [sys.executable, sandbox.__file__, str(confined), analyze]
    with _running([*start, *_exporter(address, procfs, here)], address, tmp_path):
        failed = _failed(_get(address, "/metrics")) - _UNTRACKED
        assert failed == ({"timex"} if refused else set())


def test_every_metric_of_a_host_has_a_collector_that_hosts_switch_on() -> None:
    switched_on = {flag.removeprefix("--collector.") for flag in _collectors()}
    named = {metric for metric, jobs in COLLECTED.items() if labels.NODE in jobs} - _OWN
    brought_by = {
        metric: collector
        for metric in named
        for begins, collector in NODE_COLLECTORS.items()
        if metric.startswith(begins)
    }
    assert named - brought_by.keys() == {"node_scrape_collector_success"}
    assert set(brought_by.values()) <= switched_on


def test_the_prober_exposes_what_is_promised_of_probes(tmp_path: Path) -> None:
    address = _address()
    (tmp_path / "blackbox.yml").write_text('{"modules": {"http": {"prober": "http"}}}')
    command = [
        program(tools.BLACKBOX_EXPORTER),
        f"--web.listen-address={address}",
        "--config.file=blackbox.yml",
    ]
    with _running(command, address, tmp_path):
        answer = _get(address, f"/probe?module=http&target=http://{address}/-/healthy")
    assert not _lacking(labels.PROBE, answer)


class _Store(BaseHTTPRequestHandler):
    """Takes whatever is written to it."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(HTTPStatus.NO_CONTENT)
        self.end_headers()

    def log_message(self, *_: object) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        pass


@pytest.fixture
def store() -> Iterator[str]:
    """The address of something to write to."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Store) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/api/v1/write"
        server.shutdown()


def test_the_collector_exposes_what_is_promised_of_its_writing(store: str, tmp_path: Path) -> None:
    prometheus = program(tools.PROMETHEUS)
    agent = "--agent" if tools.major_version(Path(prometheus)) > 2 else "--enable-feature=agent"
    address = _address()
    own = {"job_name": "collector", "static_configs": [{"targets": [address]}]}
    config = {
        "global": {"scrape_interval": "1s"},
        "scrape_configs": [own],
        "remote_write": [{"url": store, "queue_config": {"batch_send_deadline": "100ms"}}],
    }
    (tmp_path / "prometheus.yml").write_text(json.dumps(config))
    command = [
        prometheus,
        agent,
        "--config.file=prometheus.yml",
        "--storage.agent.path=data",
        f"--web.listen-address={address}",
    ]
    with _running(command, address, tmp_path):
        deadline = time.monotonic() + _PATIENCE_SECONDS
        # What was sent last is said only once something was.
        while found := _lacking(labels.COLLECTOR, _get(address, "/metrics")):
            assert time.monotonic() < deadline, found
            time.sleep(0.2)


def test_a_proxy_exposes_what_is_promised_of_the_mesh() -> None:
    frontend, cart = (
        Workload(name=name, protocol=protocol, listens="127.0.0.1:1", metrics="", calls=calls)
        for name, protocol, calls in (
            ("frontend", "http", ("cartservice",)),
            ("cartservice", "grpc", ()),
        )
    )
    mesh = Mesh(namespace="gallery", workloads={"frontend": frontend, "cartservice": cart}, now=0.0)
    assert not _lacking(labels.MESH, mesh.exposition("cartservice", 60.0))


def test_a_control_plane_that_has_failed_exposes_what_is_promised_of_it() -> None:
    """At rest it has no counter of what fails, as with the real one."""
    failures = {(REJECTS, "lds"): 1, (PUSH_TIMEOUTS, ""): 1, (PUSH_ERRORS, ""): 1}
    well, ill = (Istiod(proxies=12, began=0.0, failures=each) for each in ({}, failures))
    assert not _lacking(labels.ISTIOD, ill.exposition(60.0))
    assert len(_lacking(labels.ISTIOD, well.exposition(60.0))) == len(failures)
