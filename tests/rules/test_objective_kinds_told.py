"""Of each kind of objective a page is told, and of an outage one: that of the address or this."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gallery.alerts.cases.model import Phase, Series, flat
from gallery.alerts.door import SHOP_DOOR_DOWN
from gallery.alerts.model import Alert
from gallery.alerts.objectives import OBJECTIVE_BURNING_FAST
from gallery.metrics.durations import MINUTE, Duration
from gallery.objectives.catalogue import OBJECTIVES
from gallery.render.proof import proven, silent_document
from tests.rules.firing import began, count, labelled
from tests.rules.objectives import (
    DEV,
    INTERNAL,
    RECORDED,
    STEP,
    Document,
    answering,
    judged,
    often,
    probed,
    request_labels,
)

_BEFORE = MINUTE * 70
_FAST, _DOOR = OBJECTIVE_BURNING_FAST, SHOP_DOOR_DOWN


def _judged(promtool: Path, place: Path, series: list[Series], asked: list[Document]) -> None:
    """What is asked is true of a stack whose AMP evaluates all of it."""
    chosen: tuple[Alert, ...] = (_FAST, _DOOR)
    rules = [
        rule
        for planned in DEV.alerts
        if planned.alert in chosen
        for group in silent_document(proven(planned))["groups"]
        for rule in group["rules"]
    ]
    recorded = often(replace(RECORDED, objectives=OBJECTIVES))
    judged(promtool, place, [*recorded, *rules], series, asked)


def _pages(alert: Alert, until: Duration, times: int) -> Document:
    """How often it began, for whatever it began."""
    return count(f"sum ({began(labelled(alert.name), until, MINUTE)})", until, times, counted=True)


def _door(*phases: Phase) -> list[Series]:
    until = Duration(sum(phase.length.milliseconds for phase in phases))
    return [
        probed("door", *phases, job="door"),
        probed("door", flat(1, until), job="door", metric="up"),
        *answering(until, "frontend"),
    ]


def test_an_address_that_is_down_is_one_page_and_no_budgets(promtool: Path, tmp_path: Path) -> None:
    down, after = MINUTE * 30, MINUTE * 50
    until = _BEFORE + down + after
    series = _door(flat(1, _BEFORE), flat(0, down), flat(1, after))
    _judged(promtool, tmp_path, series, [_pages(_DOOR, until, 1), _pages(_FAST, until, 0)])


def test_an_address_that_answers_every_second_time_is_a_budgets_page_alone(
    promtool: Path, tmp_path: Path
) -> None:
    half = MINUTE * 30
    # In step with evaluations: each meets one bad answer among three.
    every = tuple(flat(value, STEP) for value in (1, 0) * (half.milliseconds // 10_000))
    until = _BEFORE + half
    asked = [_pages(_DOOR, until, 0), _pages(_FAST, until, 1)]
    _judged(promtool, tmp_path, _door(flat(1, _BEFORE), *every), asked)


def _orders(ill: Duration, **of: str) -> list[Series]:
    """Orders placed, one a second, that all end so after a calm."""
    placed = {"service": "checkoutservice", "source_workload": "frontend"}

    def counted(labels: dict[str, str], *spells: tuple[float, Duration]) -> Series:
        phases, reached = list[Phase](), 0.0
        for rate, length in spells:
            step = rate * STEP.seconds
            phases.append(Phase(start=reached, step=step, length=length))
            reached += step * (length.milliseconds // STEP.milliseconds)
        return Series(
            metric="istio_requests_total",
            labels=request_labels(**{**placed, **labels}),
            phases=tuple(phases),
        )

    return [counted({}, (1, _BEFORE), (0, ill)), counted(of, (0, _BEFORE), (1, ill))]


def test_when_nobody_can_check_out_and_all_probes_are_answered_the_journey_is_told(
    promtool: Path, tmp_path: Path
) -> None:
    ill = MINUTE * 20
    until = _BEFORE + ill
    series = [
        *_orders(ill, **INTERNAL),
        *answering(until, "frontend", "checkoutservice", "shippingservice"),
    ]
    firing = labelled(_FAST.name)
    asked = [
        count(f'{firing[:-1]},objective="check-out"}}', until, 1),
        count(f'{firing[:-1]},objective=~"browse|fill-the-cart|public-address"}}', until, 0),
        _pages(_DOOR, until, 0),
    ]
    _judged(promtool, tmp_path, series, asked)
