"""What is recorded of objectives is what became of requests, and what explains it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gallery.alerts.cases.model import Series, flat, unwritten
from gallery.alerts.endpoints import ENDPOINT_DOWN
from gallery.metrics import names
from gallery.metrics.durations import MINUTE, Duration
from gallery.objectives.model import Floors
from gallery.store.services import SERVICES
from tests.rules.firing import count
from tests.rules.objectives import (
    AVAILABILITY,
    HOUR,
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
)


def _is(record: str, service: str, value: float, at: Duration) -> Document:
    """That a service has this value of a recording, to a millionth; None of it at all for -1."""
    series = STACK.series(record, f'service="{service}"')
    return count(f"abs({series} - {value!r}) < 1e-6", at, 1)


def _absent(record: str, at: Duration, *services: str) -> Document:
    return count(STACK.series(record, f'service=~"{"|".join(services)}"'), at, 0)


# The share of such requests that fail; None where they do not count at all.
_SHARES: dict[str, tuple[dict[str, str], float | None]] = {
    "a proxy's 503": ({"response_code": "503", "grpc_response_status": "14"}, 1),
    "gRPC's internal": (INTERNAL, 1),
    "gRPC's deadline exceeded": ({"grpc_response_status": "4"}, 1),
    "gRPC's not found": ({"grpc_response_status": "5"}, 0),
    "a denial": ({"grpc_response_status": "7"}, 0),
    "the cart's status of another service": ({"grpc_response_status": "9"}, 0),
    "the cart's own status": ({"grpc_response_status": "9", "service": "cartservice"}, 1),
    "what the server tells": ({**INTERNAL, "reporter": "destination"}, None),
    "the prober's": ({**INTERNAL, "source_workload": "prober"}, None),
    "the load generator's": ({**INTERNAL, "source_workload": "loadgenerator"}, None),
    "what was given up": ({"response_code": "0", "grpc_response_status": ""}, None),
    "a customer's 500": ({**TO_THE_SHOP, "response_code": "500"}, 1),
    "a customer's 404": ({**TO_THE_SHOP, "response_code": "404"}, 0),
    "what the load generator hears of the shop": (
        {**TO_THE_SHOP, "source_workload": "loadgenerator", "response_code": "500"},
        None,
    ),
}


@pytest.mark.parametrize(("of", "failing"), _SHARES.values(), ids=_SHARES)
def test_who_is_asked_and_what_is_a_failure(
    of: dict[str, str], failing: float | None, promtool: Path, tmp_path: Path
) -> None:
    """Beside as many good requests; what does not count changes nothing."""
    at, service = MINUTE * 10, of.get("service", "paymentservice")
    good = TO_THE_SHOP if service == "frontend" else {"service": service, "instance": "another"}
    series = [counted(at, 1, **good), counted(at, 1, **of)]
    asked = [
        _is(names.OBJECTIVE_REQUESTS, service, 1 if failing is None else 2, at),
        _is(names.OBJECTIVE_FAILURES, service, failing or 0, at),
    ]
    judged(promtool, tmp_path, often(RECORDED), series, asked)


def _payments(length: Duration, failing: float) -> list[Series]:
    """A request a second, of which a share fails all the time."""
    return [
        counted(length, 1 - failing),
        counted(length, failing, grpc_response_status="13"),
    ]


def test_a_burn_is_the_failing_share_by_the_share_that_may_fail(
    promtool: Path, tmp_path: Path
) -> None:
    at = HOUR
    ads = [
        replace(one, labels={**one.labels, "service": "adservice"}) for one in _payments(at, 0.05)
    ]
    asked = [
        *(_is(record, "paymentservice", 10, at) for record in names.OBJECTIVE_BURN.values()),
        *(_is(record, "adservice", 5, at) for record in names.OBJECTIVE_BURN.values()),
        _absent(names.OBJECTIVE_BURN["5m"], at, "cartservice"),
    ]
    judged(promtool, tmp_path, often(RECORDED), [*_payments(at, 0.05), *ads], asked)


@pytest.mark.parametrize(
    ("floors", "told"),
    [
        (Floors(failures=175), 1),
        (Floors(failures=185), 0),
        (Floors(failures=10, requests=3_500), 1),
        (Floors(failures=10, requests=3_700), 0),
    ],
)
def test_a_window_is_spoken_of_from_its_floors_on(
    floors: Floors, told: int, promtool: Path, tmp_path: Path
) -> None:
    """Of 3,600 requests in the hour 180 failed."""
    at = HOUR * 2
    of = replace(RECORDED, objectives=tuple(replace(one, floors=floors) for one in AVAILABILITY))
    hour = names.OBJECTIVE_FAILED["1h"]
    asked = [_is(hour, "paymentservice", 180, at) if told else _absent(hour, at, "paymentservice")]
    judged(promtool, tmp_path, often(of), _payments(at, 0.05), asked)


_CALM = MINUTE * 5
_NEEDING_CARTS = ("cartservice", "checkoutservice", "frontend")


@pytest.mark.parametrize(
    ("down", "unanswered"),
    [
        ("cartservice", {"cartservice": 1, "checkoutservice": 1, "frontend": 1}),
        ("redis-cart", {"cartservice": 1, "checkoutservice": 1, "frontend": 1}),
        ("adservice", {"adservice": 1}),
        (
            "productcatalogservice",
            {
                "productcatalogservice": 1,
                "recommendationservice": 1,
                "checkoutservice": 1,
                "frontend": 1,
            },
        ),
    ],
)
def test_what_is_down_excuses_itself_and_whoever_needs_it(
    down: str, unanswered: dict[str, float], promtool: Path, tmp_path: Path
) -> None:
    at = _CALM + MINUTE * 2
    others = [each.name for each in SERVICES if each.name != down]
    refused = probed(down, flat(1, _CALM), flat(0, MINUTE * 3))
    series = [*answering(at, *others), refused, probed(down, flat(1, at), metric="up")]
    excused = [
        _is(names.OBJECTIVE_UNANSWERED, service, of, at) for service, of in unanswered.items()
    ]
    rest = _absent(names.OBJECTIVE_UNANSWERED, at, *sorted(set(others) - set(unanswered)))
    judged(promtool, tmp_path, often(RECORDED), series, [*excused, rest])


_DOWN = ENDPOINT_DOWN.hold + STEP


def _of_the_cart(*ends: tuple[float | None, Duration], up: float = 1) -> list[Series]:
    """Its probe after a calm; None is a probe that does not come back."""
    answers = (
        unwritten(length) if value is None else flat(value, length) for value, length in ends
    )
    scrapes = (flat(1 if value is not None else 0, length) for value, length in ends)
    return [
        probed("cartservice", flat(1, _CALM), *answers),
        probed("cartservice", flat(up, _CALM), *scrapes, metric="up"),
    ]


@pytest.mark.parametrize(
    ("ends", "excused"),
    [
        (((0, _DOWN), (1, MINUTE)), 1),
        (((None, MINUTE * 2),), 1),
        # An outage that no page tells of, or one that comes and goes, excuses nobody.
        (((0, ENDPOINT_DOWN.hold), (1, MINUTE)), 0),
        (((0, STEP * 4), (1, STEP), (0, STEP * 4), (1, MINUTE)), 0),
    ],
    ids=["for the hold", "it hangs", "for less than the hold", "it comes and goes"],
)
def test_only_what_is_paged_is_an_excuse(
    ends: tuple[tuple[float | None, Duration], ...],
    excused: int,
    promtool: Path,
    tmp_path: Path,
) -> None:
    at = _CALM + MINUTE
    series = [*answering(at, "frontend"), *_of_the_cart(*ends)]
    asked = [
        _is(names.OBJECTIVE_UNANSWERED, each, 1, at)
        if excused
        else _absent(names.OBJECTIVE_UNANSWERED, at, each)
        for each in _NEEDING_CARTS
    ]
    judged(promtool, tmp_path, often(RECORDED), series, asked)


def test_a_prober_that_is_blind_excuses_nobody(promtool: Path, tmp_path: Path) -> None:
    at = _CALM + MINUTE * 2
    away = (flat(1, _CALM), flat(0, MINUTE * 3))
    series = [
        probed(service, *away, job=job, metric=metric)
        for job, service in (("probe", "cartservice"), ("canary", "collector"))
        for metric in ("probe_success", "up")
    ]
    asked = [_absent(names.OBJECTIVE_UNANSWERED, at, *_NEEDING_CARTS)]
    judged(promtool, tmp_path, often(RECORDED), series, asked)


def test_without_a_page_about_endpoints_nothing_is_an_excuse() -> None:
    rules = often(replace(RECORDED, paged=()))
    assert names.OBJECTIVE_UNANSWERED not in [rule["record"] for rule in rules]
    assert names.OBJECTIVE_UNANSWERED in [rule["record"] for rule in often(RECORDED)]
