"""Alerts on objectives are told of what requests and probes bring, by way of what is recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from gallery.alerts.cases.model import Phase, Series, flat
from gallery.alerts.endpoints import ENDPOINT_DOWN
from gallery.alerts.model import Alert
from gallery.alerts.objectives import OBJECTIVE_BURNING_FAST, OBJECTIVE_BURNING_SLOWLY
from gallery.metrics.durations import MINUTE, Duration
from gallery.metrics.timings import FailureMode
from gallery.plan.alerts import PlannedAlert
from gallery.render.proof import proven, silent_document
from tests.rules.firing import began, count, labelled
from tests.rules.objectives import (
    DEV,
    HOUR,
    INTERNAL,
    RECORDED,
    STEP,
    TO_THE_SHOP,
    Document,
    answering,
    judged,
    often,
    probed,
    request_labels,
)


def _alert(alert: Alert) -> PlannedAlert:
    [planned_alert] = [each for each in DEV.alerts if each.alert is alert]
    return planned_alert


def _told(
    promtool: Path, place: Path, series: list[Series], asked: list[Document], *alerts: Alert
) -> None:
    """What is asked is true of a stack whose AMP evaluates all of it."""
    rules = [
        rule
        for alert in alerts
        for group in silent_document(proven(_alert(alert)))["groups"]
        for rule in group["rules"]
    ]
    judged(promtool, place, [*often(RECORDED), *rules], series, asked)


_PAYMENTS: Mapping[str, str] = {"service": "paymentservice"}


def _failing(
    *spells: tuple[float, Duration], rate: float = 1, of: Mapping[str, str] = _PAYMENTS
) -> list[Series]:
    """So many requests a second to a service, of which a share fails for so long."""

    def grown(share_of: Callable[[float], float]) -> tuple[Phase, ...]:
        phases, reached = list[Phase](), 0.0
        for share, length in spells:
            step = rate * share_of(share) * STEP.seconds
            phases.append(Phase(start=reached, step=step, length=length))
            reached += step * (length.milliseconds // STEP.milliseconds)
        return tuple(phases)

    return [
        Series(
            metric="istio_requests_total",
            labels=request_labels(**of),
            phases=grown(lambda share: 1 - share),
        ),
        Series(
            metric="istio_requests_total",
            labels=request_labels(**{**of, **INTERNAL}),
            phases=grown(lambda share: share),
        ),
    ]


def _silent(alert: Alert, until: Duration) -> Document:
    return count(f"count_over_time({labelled(alert.name)}[{until}])", until, 0)


_BEFORE = MINUTE * 70


def test_when_all_fails_and_the_probe_is_answered_the_page_is_in_time(
    promtool: Path, tmp_path: Path
) -> None:
    alert = _alert(OBJECTIVE_BURNING_FAST)
    onset = alert.onset(FailureMode.CHANGED)
    # What was recorded is a minute old at most, and so is what was evaluated.
    due = onset + alert.hold + MINUTE * 2
    series = [
        *_failing((0, _BEFORE), (1, due), of={"service": "adservice"}),
        *_failing((0, _BEFORE), (0.05, due)),
        *answering(_BEFORE + due, "adservice", "paymentservice"),
    ]
    firing = labelled(alert.name)
    asked = [
        count(firing, _BEFORE + due, 1),
        count(f'{firing[:-1]},service="adservice"}}', _BEFORE + due, 1),
        # No sooner than a fiftieth of the budget is gone.
        count(firing, _BEFORE + MINUTE * 8, 0),
    ]
    _told(promtool, tmp_path, series, asked, OBJECTIVE_BURNING_FAST)


def test_a_night_in_which_one_of_three_an_hour_fails_wakes_nobody(
    promtool: Path, tmp_path: Path
) -> None:
    night = HOUR * 9
    series = [
        *_failing((1 / 3, night), rate=3 / 3600),
        *_failing((0.3, night), rate=50 / 3600, of={"service": "cartservice"}),
    ]
    firing = labelled(OBJECTIVE_BURNING_FAST.name)
    told = f"count_over_time({firing}[{night}])"
    asked = [
        count(told, night, 1),
        # Fifteen an hour are enough.
        count(told.replace("{", '{service="cartservice",'), night, 1),
    ]
    _told(promtool, tmp_path, series, asked, OBJECTIVE_BURNING_FAST)


def test_an_outage_that_is_paged_as_an_endpoints_is_not_paged_as_a_budgets(
    promtool: Path, tmp_path: Path
) -> None:
    """Redis is down for half an hour, with it carts, orders and every page; then all is well."""
    down, after = MINUTE * 30, HOUR
    until = _BEFORE + down + after
    course = ((0.0, _BEFORE), (1.0, down), (0.0, after))
    probe = (flat(1, _BEFORE), flat(0, down), flat(1, after))
    series = [
        *_failing(*course, of={"service": "cartservice"}),
        *_failing(*course, of={"service": "checkoutservice"}),
        *_failing(*course, of=TO_THE_SHOP),
        *answering(until, "cartservice", "checkoutservice", "frontend"),
        probed("redis-cart", *probe),
        probed("redis-cart", flat(1, until), metric="up"),
    ]
    endpoint = began(labelled(ENDPOINT_DOWN.name), until, MINUTE)
    asked = [
        _silent(OBJECTIVE_BURNING_FAST, until),
        count(f"sum ({endpoint})", until, 1, counted=True),
    ]
    _told(promtool, tmp_path, series, asked, OBJECTIVE_BURNING_FAST, ENDPOINT_DOWN)


def test_what_fails_after_an_outage_is_paged(promtool: Path, tmp_path: Path) -> None:
    """The cart was down, answers its probe again, and a third of its requests still fail."""
    down, after = MINUTE * 10, MINUTE * 15
    until = _BEFORE + down + after
    probe = (flat(1, _BEFORE), flat(0, down), flat(1, after))
    series = [
        *_failing((0, _BEFORE), (1, down), (1 / 3, after), of={"service": "cartservice"}),
        *answering(until, "frontend"),
        probed("cartservice", *probe),
        probed("cartservice", flat(1, until), metric="up"),
    ]
    firing = labelled(OBJECTIVE_BURNING_FAST.name)
    asked = [count(firing, until, 1), count(firing, _BEFORE + down + MINUTE * 5, 0)]
    _told(promtool, tmp_path, series, asked, OBJECTIVE_BURNING_FAST)


def test_a_budget_that_goes_slowly_is_a_ticket_and_no_page(promtool: Path, tmp_path: Path) -> None:
    """Four times as fast as it may, for hours."""
    day = HOUR * 3
    series = _failing((0.02, day))
    asked = [
        _silent(OBJECTIVE_BURNING_FAST, day),
        count(labelled(OBJECTIVE_BURNING_SLOWLY.name), day, 1),
    ]
    _told(promtool, tmp_path, series, asked, OBJECTIVE_BURNING_FAST, OBJECTIVE_BURNING_SLOWLY)
