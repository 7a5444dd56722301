"""What is recorded of each kind of objective is what became of requests, and of probes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gallery.alerts.cases.model import Phase, Series, flat
from gallery.alerts.door import SHOP_DOOR_DOWN
from gallery.metrics import names
from gallery.metrics.durations import MINUTE, Duration
from gallery.objectives.catalogue import OBJECTIVES
from tests.rules.firing import count
from tests.rules.objectives import (
    INTERNAL,
    RECORDED,
    STACK,
    STEP,
    TO_THE_SHOP,
    Document,
    answering,
    counted,
    judged,
    often,
    probed,
    request_labels,
)

_AT = MINUTE * 10
_ALL = often(replace(RECORDED, objectives=OBJECTIVES))


def _is(record: str, name: str, value: float, at: Duration = _AT) -> Document:
    series = STACK.series(record, f'objective="{name}"')
    return count(f"abs({series} - {value!r}) < 1e-6", at, 1)


def _counts(name: str, events: float, failures: float) -> list[Document]:
    return [
        _is(names.OBJECTIVE_REQUESTS, name, events),
        _is(names.OBJECTIVE_FAILURES, name, failures),
    ]


def _taking(edges: dict[str, float], **of: str) -> list[Series]:
    """Requests by how long they took: of each edge how many a second took no longer."""
    return [
        Series(
            metric="istio_request_duration_milliseconds_bucket",
            labels=request_labels(**of, le=edge),
            phases=(Phase(start=0, step=a_second * STEP.seconds, length=_AT),),
        )
        for edge, a_second in edges.items()
    ]


@pytest.mark.parametrize("written", ["1000", "1000.0"], ids=["Prometheus 2", "Prometheus 3"])
def test_slow_is_what_was_answered_later_than_promised(
    written: str, promtool: Path, tmp_path: Path
) -> None:
    took = {"500": 2.0, written: 6.0, "2500": 7.0, "+Inf": 8.0}
    series = [
        *_taking(took, **TO_THE_SHOP),
        # Errors are fast, and the load generator is no customer.
        *_taking(took, **{**TO_THE_SHOP, "response_code": "500"}),
        *_taking(took, **{**TO_THE_SHOP, "response_code": "0"}),
        *_taking(took, **{**TO_THE_SHOP, "source_workload": "loadgenerator"}),
    ]
    judged(promtool, tmp_path, _ALL, series, _counts("frontend-latency", 8, 2))


def test_of_grpc_a_failed_request_is_not_fast_but_failed(promtool: Path, tmp_path: Path) -> None:
    of = {"service": "checkoutservice", "source_workload": "frontend"}
    took = {"2500": 3.0, "+Inf": 4.0}
    series = [*_taking(took, **of), *_taking(took, **of, **INTERNAL)]
    judged(promtool, tmp_path, _ALL, series, _counts("checkoutservice-latency", 4, 1))


def test_where_the_edge_is_not_counted_nothing_is_in_time(promtool: Path, tmp_path: Path) -> None:
    series = _taking({"500": 2.0, "+Inf": 8.0}, **TO_THE_SHOP)
    judged(promtool, tmp_path, _ALL, series, _counts("frontend-latency", 8, 8))


def test_a_journey_is_what_the_entrance_asks_of_its_services_each_request_once(
    promtool: Path, tmp_path: Path
) -> None:
    def asked(service: str, a_second: float, caller: str = "frontend", **of: str) -> Series:
        return counted(_AT, a_second, service=service, source_workload=caller, **of)

    series = [
        asked("checkoutservice", 3),
        asked("checkoutservice", 1, **INTERNAL),
        asked("shippingservice", 4),
        asked("shippingservice", 2, response_code="503", grpc_response_status="14"),
        # Another's requests, another's telling of the same, and what belongs to no checkout.
        asked("shippingservice", 8, caller="checkoutservice", **INTERNAL),
        asked("checkoutservice", 4, reporter="destination", **INTERNAL),
        asked("checkoutservice", 1, caller="prober", **INTERNAL),
        asked("cartservice", 5, grpc_response_status="9"),
    ]
    asked_of = [*_counts("check-out", 10, 3), *_counts("fill-the-cart", 5, 5)]
    judged(promtool, tmp_path, _ALL, series, asked_of)


_PER_SECOND = 1 / STEP.seconds


def _door(*phases: Phase, up: tuple[Phase, ...] = ()) -> list[Series]:
    return [
        probed("door", *phases, job="door"),
        probed("door", *(up or (flat(1, _AT),)), job="door", metric="up"),
    ]


def test_of_the_door_a_probe_is_good_or_not(promtool: Path, tmp_path: Path) -> None:
    every = tuple(flat(value, STEP) for value in (0, 1, 1, 1) * (_AT.milliseconds // 20_000 + 1))
    series = [*answering(_AT, "frontend"), *_door(*every)]
    judged(
        promtool, tmp_path, _ALL, series, _counts("public-address", _PER_SECOND, _PER_SECOND / 4)
    )


def test_a_probe_of_the_door_that_hangs_is_not_good(promtool: Path, tmp_path: Path) -> None:
    series = [*answering(_AT, "frontend"), *_door(flat(1, MINUTE), up=(flat(0, _AT),))]
    judged(promtool, tmp_path, _ALL, series, _counts("public-address", _PER_SECOND, _PER_SECOND))


def test_a_prober_that_is_blind_tells_nothing_of_the_door(promtool: Path, tmp_path: Path) -> None:
    blind = [
        probed("collector", flat(0, _AT), job="canary", metric=metric)
        for metric in ("probe_success", "up")
    ]
    series = [*blind, *_door(flat(0, _AT))]
    asked = [count(STACK.series(names.OBJECTIVE_REQUESTS), _AT, 0)]
    judged(promtool, tmp_path, _ALL, series, asked)


def _excused(promtool: Path, place: Path, series: list[Series], *found: str) -> None:
    """Which objectives are excused, of those that could be."""
    asked = [
        count(STACK.series(names.OBJECTIVE_UNANSWERED, f'objective="{name}"'), _AT, known)
        for name in ("public-address", "fill-the-cart", "check-out", "browse", "frontend-latency")
        for known in (int(name in found),)
    ]
    judged(promtool, place, _ALL, series, asked)


_CALM, _DOWN = MINUTE * 6, MINUTE * 4


def test_a_door_that_is_down_excuses_the_door_alone(promtool: Path, tmp_path: Path) -> None:
    series = [*answering(_AT, "frontend"), *_door(flat(1, _CALM), flat(0, _DOWN))]
    _excused(promtool, tmp_path, series, "public-address")


def test_a_single_good_answer_does_not_end_the_excuse_as_it_does_not_end_the_page(
    promtool: Path, tmp_path: Path
) -> None:
    every = tuple(flat(value, STEP) for value in (0, 0, 1) * (_DOWN.milliseconds // 15_000))
    series = [*answering(_AT, "frontend"), *_door(flat(1, _CALM), *every)]
    _excused(promtool, tmp_path, series, "public-address")


def test_a_door_of_which_no_page_tells_is_no_excuse(promtool: Path, tmp_path: Path) -> None:
    """Every second probe fails; and it was down for less than the hold."""
    half = tuple(flat(value, STEP) for value in (0, 1) * (_DOWN.milliseconds // 10_000))
    series = [*answering(_AT, "frontend"), *_door(flat(1, _CALM), *half)]
    _excused(promtool, tmp_path / "half", series)
    short = SHOP_DOOR_DOWN.hold
    passing = (flat(1, _AT), flat(0, short))
    until = _AT + short
    series = [*answering(until, "frontend"), *_door(*passing, up=(flat(1, until),))]
    asked = [count(STACK.series(names.OBJECTIVE_UNANSWERED), until, 0)]
    judged(promtool, tmp_path / "short", _ALL, series, asked)


def test_redis_excuses_the_journeys_that_need_it(promtool: Path, tmp_path: Path) -> None:
    series = [
        *answering(_AT, "frontend", "cartservice"),
        probed("redis-cart", flat(1, _CALM), flat(0, _DOWN)),
        probed("redis-cart", flat(1, _AT), metric="up"),
    ]
    _excused(
        promtool,
        tmp_path,
        series,
        "public-address",
        "fill-the-cart",
        "check-out",
        "frontend-latency",
    )
