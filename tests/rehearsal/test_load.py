"""What services and customers ask each other, here without the proxies between them."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from rehearsal.machine import loopback
from rehearsal.machine.addresses import Address
from rehearsal.machine.processes.journal import Child
from rehearsal.machine.processes.supervisor import Supervisor
from rehearsal.machine.tools import ROOT
from rehearsal.world.client import WorldClient
from rehearsal.world.faults import REFUSE, slow
from rehearsal.world.topology import Topology, Upstream, Workload

# Long enough for every method of everybody to be asked for.
_ASKED = 8
# A client connects anew after a second at most.
_MENDED_WITHIN_SECONDS = 10.0


@dataclass(frozen=True)
class _Store:
    world: WorldClient
    load: Address

    def failed(self) -> int:
        """How many of the next requests of customers fail."""
        before = self._answers()
        while (now := self._answers())["asked"] < before["asked"] + _ASKED:
            time.sleep(0.05)
        return int(now["failed"] - before["failed"])

    def longest(self) -> float:
        """How many seconds any customer waited."""
        return self._answers()["longest"]

    def _answers(self) -> dict[str, float]:
        return loopback.get_json(self.load.url("/answers"))


@pytest.fixture
def store(supervisor: Supervisor, free: Callable[[], Address], tmp_path: Path) -> _Store:
    control, load = free(), free()
    where = {name: free() for name in ("frontend", "adservice", "cartservice", "redis-cart")}

    def workload(name: str, protocol: str, *upstreams: Upstream, rate: float = 0) -> Workload:
        return Workload(
            name=name,
            protocol=protocol,
            listens=str(where[name]) if name in where else None,
            metrics=None,
            calls=tuple(each.name for each in upstreams),
            generates=rate,
            upstreams=upstreams,
        )

    def upstream(name: str, protocol: str, *methods: str, needed: bool = True) -> Upstream:
        return Upstream(
            name=name,
            protocol=protocol,
            address=str(where[name]),
            authority=f"{name}.gallery.svc.cluster.local:1",
            methods=methods,
            needed=needed,
        )

    ads = upstream("adservice", "grpc", "/hipstershop.AdService/GetAds", needed=False)
    carts = upstream("cartservice", "grpc", "/hipstershop.CartService/GetCart")
    topology = Topology(
        control=str(control),
        namespace="gallery",
        workloads=(
            workload("loadgenerator", "http", upstream("frontend", "http", "GET", "POST"), rate=20),
            workload("frontend", "http", ads, carts),
            workload("adservice", "grpc"),
            workload("cartservice", "grpc", upstream("redis-cart", "tcp")),
            workload("redis-cart", "tcp"),
        ),
        hosts=(),
        load=str(load),
    )
    file = tmp_path / "world.json"
    topology.write(file)
    for name, module, listens, ready in (
        ("world", ("world", str(file), str(tmp_path)), topology.addresses(), control),
        ("load", ("world.load", str(file)), (load,), load),
    ):
        command = (sys.executable, "-m", f"rehearsal.{module[0]}", *module[1:])
        supervisor.launch(
            [
                Child(
                    name=name,
                    command=command,
                    directory=str(ROOT),
                    listens=listens,
                    ready=ready.url("/healthy"),
                )
            ]
        )
    return _Store(WorldClient(control), load)


def test_customers_get_pages_while_all_are_well(store: _Store) -> None:
    assert store.failed() == 0


def test_without_an_optional_callee_customers_get_pages_all_the_same(store: _Store) -> None:
    store.world.break_service("adservice", REFUSE)
    assert store.failed() == 0


@pytest.mark.parametrize("gone", ["cartservice", "redis-cart"])
def test_without_what_a_page_needs_customers_get_errors(store: _Store, gone: str) -> None:
    store.world.break_service(gone, REFUSE)
    assert store.failed() > 0
    store.world.mend_service(gone)
    deadline = time.monotonic() + _MENDED_WITHIN_SECONDS
    while store.failed():
        assert time.monotonic() < deadline


def test_nobody_but_a_proxy_gives_up_on_a_slow_callee(store: _Store) -> None:
    store.world.break_service("cartservice", slow(1_500))
    assert store.failed() == 0
    time.sleep(2)
    assert store.longest() > 1.5
