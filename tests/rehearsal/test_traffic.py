"""What callers notice of a service that is broken, and what its health checks do not."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from rehearsal.world.faults import HANG, REFUSE, Fault, errors, slow
from rehearsal.world.mesh import Mesh
from rehearsal.world.topology import Workload
from rehearsal.world.traffic import Flow, flows

_GIVES_UP_AFTER_MILLISECONDS = 10_000
# The cart's own word for a Redis that fails it is no other server's.
_FINE, _FAILED = "0", "9"


def _workload(
    name: str, protocol: str, *calls: str, generates: float = 0, probes: bool = False
) -> Workload:
    return Workload(
        name=name,
        protocol=protocol,
        listens=None if generates else "127.0.0.1:1",
        metrics=None,
        calls=calls,
        generates=generates,
        probes=probes,
    )


_WORKLOADS = {
    workload.name: workload
    for workload in (
        _workload("load", "http", "frontend", generates=20),
        _workload("prober", "http", "cartservice", generates=1, probes=True),
        _workload("frontend", "http", "cartservice"),
        _workload("cartservice", "grpc", "redis-cart"),
        _workload("redis-cart", "tcp"),
    )
}


def _between(caller: str, callee: str, faults: Mapping[str, Fault]) -> dict[str, list[Flow]]:
    """The flows from caller to callee, by the side that reports them."""
    found = {"source": list[Flow](), "destination": list[Flow]()}
    for flow in flows(_WORKLOADS, faults):
        if (flow.caller.name, flow.callee.name) == (caller, callee):
            found[flow.reporter].append(flow)
    return found


def _milliseconds(caller: str, callee: str, faults: Mapping[str, Fault]) -> float:
    """The mean duration that both sides report."""
    sides = _between(caller, callee, faults).values()
    means = {
        round(
            sum(flow.rate * flow.milliseconds for flow in side) / sum(flow.rate for flow in side), 6
        )
        for side in sides
        if side
    }
    [mean] = means
    return mean


def test_a_slow_service_is_slow_to_its_callers_and_to_theirs() -> None:
    def added(caller: str, callee: str) -> float:
        slowed = _milliseconds(caller, callee, {"cartservice": slow(400)})
        return slowed - _milliseconds(caller, callee, {})

    assert added("frontend", "cartservice") == pytest.approx(400)
    # Every other request to the front asks the cart.
    assert added("load", "frontend") == pytest.approx(200)
    assert added("cartservice", "redis-cart") == 0


def _failing(caller: str, callee: str, faults: Mapping[str, Fault]) -> set[float]:
    """The share that fails, as each side that tells of it has it."""
    return {
        round(
            sum(flow.rate for flow in side if flow.outcome.grpc_status == _FAILED)
            / sum(flow.rate for flow in side),
            6,
        )
        for side in _between(caller, callee, faults).values()
        if side
    }


def test_a_share_of_errors_is_that_share_to_callers_and_half_of_it_to_theirs() -> None:
    faults = {"cartservice": errors(0.5)}
    assert _failing("frontend", "cartservice", faults) == {0.5}
    pages = _between("load", "frontend", faults)["destination"]
    assert {flow.outcome.response_code: flow.rate for flow in pages} == {"200": 15, "500": 5}
    # It asks as it did, and nothing is wrong with what it asks.
    assert _failing("cartservice", "redis-cart", faults) == {0}


def test_errors_of_one_method_are_those_of_who_asks_for_it() -> None:
    # The frontend asks for three methods of the cart, in turn.
    added = {"cartservice": errors(method="AddItem")}
    assert _failing("frontend", "cartservice", added) == {round(1 / 3, 6)}
    assert _failing("frontend", "cartservice", {"cartservice": errors(method="Nothing")}) == {0}


def test_a_health_check_meets_no_error_and_the_delay_of_every_answer_alone() -> None:
    usual = _milliseconds("prober", "cartservice", {})
    assert _failing("prober", "cartservice", {"cartservice": errors()}) == {0}
    for fault in (slow(400, share=0.5), slow(400, method="GetCart")):
        assert _milliseconds("prober", "cartservice", {"cartservice": fault}) == usual
    late = _milliseconds("prober", "cartservice", {"cartservice": slow(400)})
    assert late - usual == pytest.approx(400)


def test_a_share_of_late_answers_is_late_by_all_of_it_and_the_others_by_nothing() -> None:
    mesh = Mesh(namespace="gallery", workloads=_WORKLOADS, now=0.0)
    mesh.change({"cartservice": slow(4_000, share=0.1)}, 0.0)
    within = _within(mesh.exposition("cartservice", 1_000.0), "frontend", "1000")
    # Ten a second, of which one is late; and half of those make the caller's customers wait.
    assert within == pytest.approx(9_000, abs=2)
    assert _within(mesh.exposition("frontend", 1_000.0), "load", "1000", "frontend") == (
        pytest.approx(19_000, abs=2)
    )


def test_who_can_do_without_an_answer_does() -> None:
    store = {
        each.name: each
        for each in (
            _workload("loadgenerator", "http", "frontend", generates=20),
            _workload("frontend", "http", "adservice"),
            _workload("adservice", "grpc"),
        )
    }
    for fault in (errors(), REFUSE):
        found = flows(store, {"adservice": fault})
        assert any(each.outcome.grpc_status not in {"", "0"} for each in found)
        pages = [each for each in found if each.callee.name == "frontend"]
        assert {each.outcome.response_code for each in pages} == {"200"}


def test_counters_of_errors_advance_by_their_share_alone() -> None:
    mesh = Mesh(namespace="gallery", workloads=_WORKLOADS, now=0.0)
    mesh.change({"cartservice": errors(0.3)}, 0.0)
    failed = [
        line.rpartition(" ")[2]
        for line in mesh.exposition("cartservice", 100.0).splitlines()
        if line.startswith("istio_requests_total{")
        and f'grpc_response_status="{_FAILED}"' in line
        and 'source_workload="frontend"' in line
    ]
    assert failed == ["300"]


def _within(exposed: str, caller: str, edge: str, callee: str = "cartservice") -> int:
    """How many of a caller's requests took no longer, as a proxy's histogram has it."""
    name = "istio_request_duration_milliseconds_bucket"
    labels = rf'destination_workload="{callee}",.*source_workload="{caller}",.*le="{edge}"'
    return sum(int(count) for count in re.findall(rf"{name}{{.*{labels}}} (\d+)", exposed))


def test_a_health_check_stays_well_behind_a_dead_callee_where_customers_fail() -> None:
    dead = {"redis-cart": REFUSE}
    for side in _between("prober", "cartservice", dead).values():
        assert [(flow.outcome.grpc_status, flow.rate) for flow in side] == [(_FINE, 1)]
    for side in _between("frontend", "cartservice", dead).values():
        assert {flow.outcome.grpc_status: flow.rate for flow in side} == {_FINE: 5, _FAILED: 5}


def test_a_health_check_leads_to_no_further_calls() -> None:
    # A quarter of the customers' requests, and none of the prober's.
    for side in _between("cartservice", "redis-cart", {}).values():
        assert sum(flow.rate for flow in side) == 5


def test_a_health_check_of_a_dead_service_fails() -> None:
    [seen] = _between("prober", "cartservice", {"cartservice": REFUSE})["source"]
    assert seen.outcome.response_flags == "UF"


def test_a_caller_gives_up_on_a_server_that_hangs_after_its_timeout() -> None:
    hangs = {"cartservice": HANG}
    assert _milliseconds("frontend", "cartservice", hangs) == _GIVES_UP_AFTER_MILLISECONDS
    sides = _between("frontend", "cartservice", hangs)
    assert [flow.outcome.response_flags for flow in sides["source"]] == ["UT"]
    assert [flow.outcome.response_flags for flow in sides["destination"]] == ["DC"]
    usual = _milliseconds("frontend", "cartservice", {}) / 2
    assert _milliseconds("load", "frontend", hangs) - _milliseconds("load", "frontend", {}) == (
        pytest.approx(_GIVES_UP_AFTER_MILLISECONDS / 2 - usual)
    )


def _mean_milliseconds(exposed: str, caller: str) -> float:
    """The mean duration of a caller's requests to the cart, as a proxy's histogram has it."""

    def total(suffix: str) -> int:
        name = f"istio_request_duration_milliseconds_{suffix}"
        labels = rf'destination_workload="cartservice",.*source_workload="{caller}",'
        return sum(int(count) for count in re.findall(rf"{name}{{.*{labels}.*}} (\d+)", exposed))

    return total("sum") / total("count")


@pytest.mark.parametrize("proxy", ["frontend", "cartservice"])
def test_the_proxies_of_both_sides_expose_how_long_calls_take(proxy: str) -> None:
    mesh = Mesh(namespace="gallery", workloads=_WORKLOADS, now=0.0)
    mesh.change({"cartservice": slow(400)}, 0.0)
    expected = _milliseconds("frontend", "cartservice", {"cartservice": slow(400)})
    assert _mean_milliseconds(mesh.exposition(proxy, 60.0), "frontend") == pytest.approx(
        expected, 0.01
    )


def test_a_proxy_exposes_health_checks_that_succeed_behind_a_dead_callee() -> None:
    mesh = Mesh(namespace="gallery", workloads=_WORKLOADS, now=0.0)
    mesh.change({"redis-cart": REFUSE}, 0.0)
    requests = [
        line
        for line in mesh.exposition("cartservice", 60.0).splitlines()
        if line.startswith("istio_requests_total{")
    ]
    checks = [line for line in requests if 'source_workload="prober"' in line]
    assert [line.rpartition(" ")[2] for line in checks] == ["60"]
    assert f'grpc_response_status="{_FINE}"' in checks[0]
    assert any(f'grpc_response_status="{_FAILED}"' in line for line in requests)
