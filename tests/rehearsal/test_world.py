"""The simulated world, seen by the real programs that watch it."""

from __future__ import annotations

import re
import socket
import ssl
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import grpc
import pytest

from rehearsal.machine import loopback
from rehearsal.machine import tools as rehearsal_tools
from rehearsal.machine.addresses import Address
from rehearsal.machine.certificate import write_certificate
from rehearsal.machine.processes.journal import Child
from rehearsal.machine.processes.supervisor import Supervisor
from rehearsal.machine.tools import ROOT, Tool
from rehearsal.world.client import WorldClient
from rehearsal.world.faults import HANG, REFUSE, Fault, errors, slow
from rehearsal.world.procfs import REST_BYTES_PER_SECOND, host_scale
from rehearsal.world.topology import Door, Relay, Topology, Workload

_MODULES = """
modules:
  http: {prober: http, timeout: 5s, http: {preferred_ip_protocol: ip4}}
  grpc: {prober: grpc, timeout: 5s, grpc: {preferred_ip_protocol: ip4}}
  tcp:
    prober: tcp
    timeout: 5s
    tcp:
      preferred_ip_protocol: ip4
      query_response: [{send: PING}, {expect: '^\\+PONG'}]
"""
# What refuses does so sooner, and what hangs no sooner: the modules' timeout, or nearly.
_AT_ONCE_SECONDS = 4.5
_PATIENCE_SECONDS = 15
_SHOP = "shop.example.org"


@dataclass(frozen=True)
class _Chain:
    world: WorldClient
    topology: Topology
    prober: Address
    host: Address

    def probe(self, name: str) -> tuple[bool, float]:
        """Whether a workload answers its probe, and after how many seconds it was known."""
        workload = next(each for each in self.topology.workloads if each.name == name)
        scheme = "http://" if workload.protocol == "http" else ""
        path = f"/probe?module={workload.protocol}&target={scheme}{workload.listens}"
        try:
            text = loopback.get(self.prober.url(path), timeout=6).decode()
        except loopback.UnansweredError:
            # The exporter's gRPC prober keeps no timeout: it says nothing while a server hangs.
            return False, 6.0
        values = dict(
            re.findall(r"^(probe_success|probe_duration_seconds) (.+)$", text, re.MULTILINE)
        )
        return values["probe_success"] == "1", float(values["probe_duration_seconds"])

    def answers(self, name: str) -> float:
        """After how many seconds a workload answers; on a busy machine not every probe succeeds."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            up, seconds = self.probe(name)
            if up:
                return seconds
        raise AssertionError(f"{name} does not answer")

    def calls(self, proxy: str, *fragments: str) -> int:
        """Requests that a workload's proxy has counted under labels with these fragments."""
        workload = next(each for each in self.topology.workloads if each.name == proxy)
        text = loopback.get(f"http://{workload.metrics}/stats/prometheus").decode()
        return sum(
            int(line.rsplit(" ", 1)[1])
            for line in text.splitlines()
            if line.startswith("istio_requests_total")
            and all(fragment in line for fragment in fragments)
        )

    def node(self, metric: str) -> float:
        """A metric of the host's only physical interface, or without labels."""
        return _value(loopback.get(self.host.url("/metrics")).decode(), metric)

    def traffic(self) -> tuple[float, float]:
        """Bytes that the host has received and transmitted until one moment."""
        text = loopback.get(self.host.url("/metrics")).decode()
        received, transmitted = (
            _value(text, f"node_network_{way}_bytes_total") for way in ("receive", "transmit")
        )
        return received, transmitted

    def next_traffic(self) -> tuple[float, tuple[float, float]]:
        """When the counters change next (monotonic), and to what."""
        before = self.traffic()
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while (changed := self.traffic()) == before:
            assert time.monotonic() < deadline, "the counters stand still"
            time.sleep(0.02)
        return time.monotonic(), changed


def _value(text: str, metric: str) -> float:
    found = re.search(rf'^{metric}(?:{{device="ens5"}})? (.+)$', text, re.MULTILINE)
    assert found is not None, metric
    return float(found.group(1))


@pytest.fixture
def chain(
    tools: Mapping[Tool, Path],
    supervisor: Supervisor,
    free: Callable[[], Address],
    tmp_path: Path,
) -> _Chain:
    def workload(name: str, protocol: str, *calls: str, generates: float = 0) -> Workload:
        return Workload(
            name=name,
            protocol=protocol,
            listens=None if generates else str(free()),
            metrics=str(free()),
            calls=calls,
            generates=generates,
        )

    prober, node, target, control = free(), free(), free(), free()
    topology = Topology(
        control=str(control),
        namespace="gallery",
        workloads=(
            workload("load", "http", "front", generates=20),
            workload("front", "http", "cart"),
            workload("cart", "grpc", "redis"),
            workload("redis", "tcp"),
        ),
        hosts=("db-1",),
        relays=(Relay(name="way", listens=str(free()), forwards=str(target)),),
    )
    topology.write(tmp_path / "world.json")
    (tmp_path / "blackbox.yml").write_text(_MODULES)
    (tmp_path / "hosts" / "db-1").mkdir(parents=True)
    supervisor.launch(
        [
            Child(
                name="world",
                command=(sys.executable, "-m", "rehearsal.world", str(tmp_path / "world.json"),
                         str(tmp_path / "hosts")),
                directory=str(ROOT),
                listens=topology.addresses(),
                ready=control.url("/healthy"),
            ),
            Child(
                name="prober",
                command=(str(tools[rehearsal_tools.BLACKBOX_EXPORTER]),
                         f"--config.file={tmp_path / 'blackbox.yml'}",
                         f"--web.listen-address={prober}"),
                directory=str(tmp_path),
                listens=(prober,),
                ready=prober.url("/"),
            ),
            Child(
                name="node",
                command=(str(tools[rehearsal_tools.NODE_EXPORTER]),
                         f"--web.listen-address={node}",
                         f"--path.procfs={tmp_path / 'hosts' / 'db-1'}",
                         "--no-collector.netdev.netlink"),
                directory=str(tmp_path),
                listens=(node,),
                ready=node.url("/"),
            ),
        ]
    )  # fmt: skip
    return _Chain(WorldClient(control), topology, prober, node)


def test_each_protocol_answers_its_probe_refuses_hangs_and_mends(chain: _Chain) -> None:
    for name in ("front", "cart", "redis"):
        chain.answers(name)
        chain.world.break_service(name, REFUSE)
        up, seconds = chain.probe(name)
        assert not up, name
        assert seconds < _AT_ONCE_SECONDS, f"{name} should refuse at once"
        chain.world.break_service(name, HANG)
        up, seconds = chain.probe(name)
        assert not up, name
        assert seconds >= _AT_ONCE_SECONDS, f"{name} should accept and say nothing"
        chain.world.mend_service(name)
        chain.answers(name)


def test_a_slow_service_is_slow_to_its_probe(chain: _Chain) -> None:
    for name in ("front", "cart", "redis"):
        chain.world.break_service(name, slow(400))
        assert chain.answers(name) >= 0.4
        chain.world.mend_service(name)


def test_behind_a_healthy_cart_a_dead_redis_fails_requests_but_no_probe(chain: _Chain) -> None:
    chain.world.break_service("redis", REFUSE)
    time.sleep(1.5)
    chain.answers("cart")
    failed = 'grpc_response_status="13"', 'source_workload="front"', 'reporter="destination"'
    assert chain.calls("cart", *failed) > 0
    assert chain.calls("front", 'response_code="500"', 'source_workload="load"') > 0


def test_callers_count_what_a_dead_server_cannot(chain: _Chain) -> None:
    chain.world.break_service("cart", REFUSE)
    time.sleep(1.2)
    unreachable = 'response_flags="UF"', 'grpc_response_status="14"', 'reporter="source"'
    assert chain.calls("front", *unreachable) > 0
    answered = chain.calls("cart", 'reporter="destination"')
    time.sleep(1.2)
    assert chain.calls("cart", 'reporter="destination"') == answered
    chain.world.mend_service("cart")
    time.sleep(1.2)
    assert chain.calls("cart", 'reporter="destination"') > answered


def test_a_hosts_counters_run_at_rest_and_at_the_speed_they_are_told(chain: _Chain) -> None:
    def rates() -> tuple[float, float]:
        # The files are written once a second: between two changes it is known how much time passed.
        began, before = chain.next_traffic()
        time.sleep(3)
        ended, after = chain.next_traffic()
        passed = ended - began
        return (after[0] - before[0]) / passed, (after[1] - before[1]) / passed

    rest = REST_BYTES_PER_SECOND * host_scale("db-1")
    assert rates() == pytest.approx((rest, rest), rel=0.1)
    chain.world.set_traffic("db-1", receive=10_000_000, transmit=0)
    received, transmitted = rates()
    assert received == pytest.approx(10_000_000 * host_scale("db-1"), rel=0.1)
    assert transmitted == 0
    chain.world.rest("db-1")
    assert chain.world.hosts()["db-1"] == {"receive": 20_000, "transmit": 20_000}


def test_a_host_shows_memory_processors_and_load_of_its_own(chain: _Chain) -> None:
    assert chain.node("node_memory_MemTotal_bytes") == 2_000_000 * 1024
    assert 0.4 < chain.node("node_memory_MemAvailable_bytes") / (2_000_000 * 1024) < 0.8
    assert chain.node("node_load1") < 0.2
    assert chain.node("node_boot_time_seconds") < time.time() - 800_000


def test_a_closed_way_refuses_and_an_open_one_passes_on(
    chain: _Chain, supervisor: Supervisor, tmp_path: Path
) -> None:
    way = chain.topology.relays[0]
    target = Address.parse(way.forwards)
    supervisor.launch(
        [
            Child(
                name="target",
                command=(sys.executable, "-m", "http.server", str(target.port),
                         "--bind", target.host),
                directory=str(tmp_path),
                listens=(target,),
                ready=target.url("/world.json"),
            )
        ]
    )  # fmt: skip
    url = f"http://{way.listens}/world.json"
    assert loopback.get(url) == (tmp_path / "world.json").read_bytes()
    chain.world.break_service("way", REFUSE)
    with pytest.raises(loopback.UnansweredError):
        loopback.get(url)
    chain.world.mend_service("way")
    assert loopback.get(url)


@dataclass(frozen=True)
class _Shop:
    world: WorldClient
    door: Address
    certificate: Path

    def knock(self, seconds: float = 10.0) -> int:
        """The HTTP status at the door. Raises TimeoutError where none comes in time."""
        trusted = ssl.create_default_context(cafile=str(self.certificate))
        plain = socket.create_connection((self.door.host, self.door.port), seconds)
        with plain, trusted.wrap_socket(plain, server_hostname=_SHOP) as secured:
            secured.sendall(f"GET / HTTP/1.1\r\nHost: {_SHOP}\r\n\r\n".encode())
            return int(secured.recv(4096).split()[1])


@pytest.fixture
def shop(supervisor: Supervisor, free: Callable[[], Address], tmp_path: Path) -> _Shop:
    door, control = free(), free()
    front = Workload(
        name="front", protocol="http", listens=str(free()), metrics=str(free()), calls=()
    )
    topology = Topology(
        control=str(control),
        namespace="gallery",
        workloads=(front,),
        hosts=(),
        door=Door(listens=str(door), host=_SHOP, behind="front", says="ok"),
    )
    files = [tmp_path / name for name in ("world.json", "hosts", "certificate.pem", "key.pem")]
    topology.write(files[0])
    write_certificate(topology.secured_hosts(), files[2], files[3])
    world = Child(
        name="world",
        command=(sys.executable, "-m", "rehearsal.world", *map(str, files)),
        directory=str(ROOT),
        listens=topology.addresses(),
        ready=control.url("/healthy"),
    )
    supervisor.launch([world])
    return _Shop(WorldClient(control), door, files[2])


def test_the_shops_door_is_as_the_service_behind_it(shop: _Shop) -> None:
    assert shop.knock() == 200
    shop.world.break_service("front", REFUSE)
    assert shop.knock() == 503
    shop.world.break_service("front", HANG)
    with pytest.raises(TimeoutError):
        shop.knock(seconds=2)
    shop.world.break_service("front", slow(400))
    began = time.monotonic()
    assert shop.knock() == 200
    assert time.monotonic() - began >= 0.4
    shop.world.mend_service("front")
    assert shop.knock() == 200


@pytest.mark.parametrize(
    ("path", "document", "status", "reason"),
    [
        ("/faults/nobody", {"kind": "refuse"}, 404, "one of: cart, front, redis, way"),
        ("/faults/cart", {"kind": "melt"}, 400, "refuse"),
        ("/faults/cart", {"kind": "slow"}, 400, "milliseconds above 0"),
        ("/faults/cart", {"kind": "error", "share": 2}, 400, "share is 2, and must be above 0"),
        ("/faults/cart", {"kind": "hang", "share": 0.5}, 400, "hang concerns every answer"),
        ("/faults/cart", {"kind": "error", "method": "Pay"}, 400, "cart has no method 'Pay'"),
        ("/faults/redis", {"kind": "error"}, 400, "redis has no requests"),
        ("/faults/way", {"kind": "error"}, 400, "way has no requests"),
        ("/hosts/nobody/traffic", {"receive": 1, "transmit": 1}, 404, "one of: db-1"),
    ],
)
def test_a_wrong_order_to_the_world_is_explained(
    chain: _Chain, path: str, document: dict[str, object], status: int, reason: str
) -> None:
    with pytest.raises(loopback.HttpStatusError, match=reason) as fault:
        loopback.send_json("PUT", chain.world.address.url(path), document)
    assert fault.value.status == status
    assert all(fault is None for fault in chain.world.faults().values())


def test_the_slow_fault_alone_has_a_delay() -> None:
    with pytest.raises(ValueError, match="nothing else has them"):
        Fault(REFUSE.kind, 5)


def test_a_service_answers_a_share_of_one_method_with_errors_and_its_probe_with_none(
    chain: _Chain,
) -> None:
    target = next(each for each in chain.topology.workloads if each.protocol == "grpc").listens
    chain.world.break_service("cart", errors(0.5))
    options = (("grpc.enable_http_proxy", 0),)
    with grpc.insecure_channel(str(target), options=options) as channel:
        call = cast("Callable[..., bytes]", channel.unary_unary("/hipstershop.CartService/GetCart"))

        def answered() -> bool:
            try:
                call(b"", timeout=5)
            except grpc.RpcError:
                return False
            return True

        assert [answered() for _ in range(4)] == [True, False, True, False]
        chain.answers("cart")
        chain.world.mend_service("cart")
        assert answered()


def test_a_page_of_the_shop_is_an_error_where_the_service_behind_it_answers_so(shop: _Shop) -> None:
    shop.world.break_service("front", errors(0.5))
    assert [shop.knock() for _ in range(4)] == [200, 500, 200, 500]


def test_a_grpc_service_answers_whatever_it_is_asked_for(chain: _Chain) -> None:
    target = next(each for each in chain.topology.workloads if each.protocol == "grpc").listens
    options = (("grpc.enable_http_proxy", 0),)
    with grpc.insecure_channel(str(target), options=options) as channel:
        call = cast("Callable[..., bytes]", channel.unary_unary("/hipstershop.CartService/GetCart"))
        assert call(b"", timeout=5) == b""
