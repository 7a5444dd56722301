"""What is promised is promised of services that can keep it, and stands on its page."""

from __future__ import annotations

from collections import Counter

import pytest

from gallery.alerts.door import SHOP_DOOR_DOWN
from gallery.metrics import edges, names
from gallery.metrics.durations import Duration
from gallery.metrics.recordings import StackSeries
from gallery.metrics.timings import FailureMode
from gallery.objectives.catalogue import OBJECTIVES
from gallery.objectives.indicators import Availability, Journey, Latency
from gallery.objectives.model import Objective
from gallery.objectives.needs import needs
from gallery.objectives.recordings import Recorded, needed_by, objective_groups
from gallery.objectives.requests import Reporter
from gallery.objectives.windows import PAGE, TICKET, WINDOW, counted_over
from gallery.plan.catalogue import STORE
from gallery.plan.resolve import resolve
from gallery.render.objectives import objectives_document
from gallery.render.rules import RULES_IN_A_GROUP, recorded
from gallery.stack_file.parse import parse
from gallery.store.services import ENTRANCE, SERVICES, Protocol
from offline.render import PROJECT
from tests.unit.stack_files import planned, values, with_value

_STACK = StackSeries(environment="dev", cluster="gallery-dev")
_EACH = pytest.mark.parametrize("one", OBJECTIVES, ids=lambda one: one.name)


def test_the_page_on_objectives_is_that_of_the_catalogue() -> None:
    written = (PROJECT / "docs" / "objectives.md").read_text()
    assert written == objectives_document(STORE), "run: make objectives"


def test_every_service_whose_requests_the_mesh_counts_is_promised_to_answer() -> None:
    counted = {each.name for each in SERVICES if each.protocol is not Protocol.TCP}
    promised = Counter(one.service for one in OBJECTIVES if isinstance(one.indicator, Availability))
    assert promised == Counter(counted)


@_EACH
def test_a_target_leaves_something_that_may_fail_and_can_burn_fast(one: Objective) -> None:
    # Where everything fails a budget goes 1 / budget times as fast as it may.
    assert 0 < one.budget < 1 / PAGE[0].factor
    assert one.window <= Duration.parse("31d"), "an AMP rule looks back over less than 32 days"
    assert one.promise.endswith(".")


def test_names_are_their_own() -> None:
    assert len({one.name for one in OBJECTIVES}) == len(OBJECTIVES)


@_EACH
def test_each_request_is_seen_by_one_proxy_that_is_there(one: Objective) -> None:
    # Nobody of the mesh calls the entrance but the load generator.
    for each in one.indicator.requests:
        assert (each.reporter is Reporter.SERVER) == (each.service == ENTRANCE)


@_EACH
def test_a_journey_takes_only_calls_that_the_entrance_cannot_do_without(one: Objective) -> None:
    [entrance] = [each for each in SERVICES if each.name == ENTRANCE]
    hard = {call.callee for call in entrance.calls if call.without is None}
    if isinstance(one.indicator, Journey):
        assert set(one.indicator.services) <= hard


def test_what_customers_come_for_stands_first() -> None:
    journeys = [one.indicator.journey for one in OBJECTIVES]
    assert journeys == sorted(journeys, reverse=True)
    assert [one.name for one in OBJECTIVES[:3]] == ["browse", "fill-the-cart", "check-out"]


def test_a_latency_that_is_no_edge_of_the_histogram_is_none() -> None:
    with pytest.raises(ValueError, match="300 ms is no edge"):
        Latency(service="frontend", milliseconds=300)


@pytest.mark.parametrize(
    ("edge", "matcher"),
    [(500, r'le=~"500(\\.0)?"'), (0.5, r'le=~"0\\.5"'), (3_600_000, r'le=~"3600000(\\.0)?"')],
)
def test_an_edge_is_matched_as_both_lines_of_prometheus_write_it(edge: float, matcher: str) -> None:
    assert edges.within(edge) == matcher


def test_what_a_service_needs_is_what_its_answers_fail_without() -> None:
    found = needs(SERVICES)
    assert found["cartservice"] == ("cartservice", "redis-cart")
    assert found["adservice"] == ("adservice",)
    assert "emailservice" not in found["checkoutservice"]
    assert {"redis-cart", "paymentservice", "shippingservice"} <= set(found["frontend"])
    assert "recommendationservice" not in found["frontend"]


def test_an_objective_needs_what_its_services_need() -> None:
    found = {one.name: needed_by(one, needs(SERVICES)) for one in OBJECTIVES}
    assert found["fill-the-cart"] == ("cartservice", "redis-cart")
    assert {"door", "frontend", "redis-cart"} <= set(found["public-address"])
    assert "adservice" not in found["public-address"]
    assert "paymentservice" in found["check-out"]


def test_factors_are_shares_of_the_budget_of_the_window() -> None:
    spent = [
        pair.factor * Duration.parse(pair.long).seconds / WINDOW.seconds
        for pair in (*PAGE, *TICKET)
    ]
    assert spent == pytest.approx([0.02, 0.05, 0.1, 0.1])


def test_a_time_to_page_is_that_of_the_loosest_objective_of_the_stack() -> None:
    def onset(stack: str) -> float:
        [fast] = [each for each in planned(stack).alerts if each.name == "ObjectiveBurningFast"]
        assert fast.scope.loosest == 0.01
        timings = planned(stack).timings
        return fast.onset(FailureMode.CHANGED).seconds - counted_over(timings).seconds

    assert onset("dev") == onset("prod") == pytest.approx(14.4 * 0.01 * 3600)


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_each_request_is_counted_in_several_windows_that_bridge_a_failover(stack: str) -> None:
    timings = planned(stack).timings
    window = counted_over(timings)
    assert window.milliseconds % timings.evaluate_amp.milliseconds == 0
    assert window >= max(timings.window, timings.evaluate_amp * 2)


def _rules(config: dict[str, object]) -> dict[str, str]:
    plan = resolve(parse(config))
    return {rule.record: rule.expr for group in recorded(plan) for rule in group.rules}


def test_a_stack_without_a_door_is_promised_none() -> None:
    config = values()
    del config["gallery:door"]
    assert '"public-address"' not in _rules(config)[names.OBJECTIVE_BUDGET]
    assert '"public-address"' in _rules(values())[names.OBJECTIVE_BUDGET]


def test_no_group_is_larger_than_amp_takes_it() -> None:
    assert max(len(group.rules) for group in recorded(planned("prod"))) <= RULES_IN_A_GROUP


def _unanswered(**override: object) -> str:
    config = with_value("alerting.overrides", {"EndpointDown": override})
    return _rules(config).get(names.OBJECTIVE_UNANSWERED, "")


def test_what_excuses_a_budget_is_held_as_the_page_about_endpoints_is() -> None:
    # So many looks, one at each scrape, and a millisecond short of one more.
    assert "[34s999ms:5s]" in _unanswered(hold="30s")
    assert "[1m34s999ms:5s]" in _unanswered(hold="1m30s")


@pytest.mark.parametrize(
    "override", [{"enabled": False, "reason": "another tool pages"}, {"severity": "ticket"}]
)
def test_where_no_page_is_about_endpoints_they_excuse_no_budget(override: object) -> None:
    config = with_value("alerting.overrides", {"EndpointDown": override})
    assert 'job="probe"' not in _rules(config)[names.OBJECTIVE_UNANSWERED]
    off = {"EndpointDown": override, SHOP_DOOR_DOWN.name: override}
    assert names.OBJECTIVE_UNANSWERED not in _rules(with_value("alerting.overrides", off))


def test_without_objectives_nothing_is_recorded_of_them() -> None:
    plan = planned()
    of = Recorded(stack=_STACK, timings=plan.timings, objectives=(), needs={}, paged=())
    assert objective_groups(of) == ()
