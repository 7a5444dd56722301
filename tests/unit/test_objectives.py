"""What is promised is promised of services that can keep it, and stands on its page."""

from __future__ import annotations

import pytest

from gallery.metrics import names
from gallery.metrics.durations import Duration
from gallery.metrics.recordings import StackSeries
from gallery.objectives.catalogue import OBJECTIVES
from gallery.objectives.model import Objective, Reporter
from gallery.objectives.needs import needs
from gallery.objectives.recordings import Recorded, objective_groups
from gallery.objectives.windows import PAGE, TICKET, WINDOW, counted_over
from gallery.plan.catalogue import STORE
from gallery.plan.resolve import resolve
from gallery.render.objectives import objectives_document
from gallery.render.rules import recorded
from gallery.stack_file.parse import parse
from gallery.store.services import ENTRANCE, SERVICES, Protocol
from offline.render import PROJECT
from tests.unit.stack_files import planned, with_value

_STACK = StackSeries(environment="dev", cluster="gallery-dev")
_EACH = pytest.mark.parametrize("one", OBJECTIVES, ids=lambda one: one.service)


def test_the_page_on_objectives_is_that_of_the_catalogue() -> None:
    written = (PROJECT / "docs" / "objectives.md").read_text()
    assert written == objectives_document(STORE), "run: make objectives"


def test_every_service_whose_requests_the_mesh_counts_has_one() -> None:
    counted = {each.name for each in SERVICES if each.protocol is not Protocol.TCP}
    assert {one.service for one in OBJECTIVES} == counted
    assert len(OBJECTIVES) == len(counted)


@_EACH
def test_a_target_leaves_something_that_may_fail_and_can_burn_fast(one: Objective) -> None:
    # Where everything fails a budget goes 1 / budget times as fast as it may.
    assert 0 < one.budget < 1 / PAGE[0].factor
    assert one.window <= Duration.parse("31d"), "an AMP rule looks back over less than 32 days"
    assert one.promise.endswith(".")


@_EACH
def test_each_request_is_seen_by_one_proxy_that_is_there(one: Objective) -> None:
    # Nobody of the mesh calls the entrance but the load generator.
    assert (one.seen_by is Reporter.SERVER) == (one.service == ENTRANCE)


def test_what_a_service_needs_is_what_its_answers_fail_without() -> None:
    found = needs(SERVICES)
    assert found["cartservice"] == ("cartservice", "redis-cart")
    assert found["adservice"] == ("adservice",)
    assert "emailservice" not in found["checkoutservice"]
    assert {"redis-cart", "paymentservice", "shippingservice"} <= set(found["frontend"])
    assert "recommendationservice" not in found["frontend"]


def test_factors_are_shares_of_the_budget_of_the_window() -> None:
    spent = [
        pair.factor * Duration.parse(pair.long).seconds / WINDOW.seconds
        for pair in (*PAGE, *TICKET)
    ]
    assert spent == pytest.approx([0.02, 0.05, 0.1, 0.1])


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_each_request_is_counted_in_several_windows_that_bridge_a_failover(stack: str) -> None:
    timings = planned(stack).timings
    window = counted_over(timings)
    assert window.milliseconds % timings.evaluate_amp.milliseconds == 0
    assert window >= max(timings.window, timings.evaluate_amp * 2)


def _unanswered(**override: object) -> str:
    config = with_value("alerting.overrides", {"EndpointDown": override})
    rules = [rule for group in recorded(resolve(parse(config))) for rule in group.rules]
    return "".join(rule.expr for rule in rules if rule.record == names.OBJECTIVE_UNANSWERED)


def test_what_excuses_a_budget_is_held_as_the_page_about_endpoints_is() -> None:
    # So many looks, one at each scrape, and a millisecond short of one more.
    assert "[34s999ms:5s]" in _unanswered(hold="30s")
    assert "[1m4s999ms:5s]" in _unanswered(hold="1m")


def test_where_no_page_is_about_endpoints_nothing_excuses_a_budget() -> None:
    assert not _unanswered(enabled=False, reason="another tool pages")


def test_without_objectives_nothing_is_recorded_of_them() -> None:
    plan = planned()
    of = Recorded(stack=_STACK, timings=plan.timings, objectives=(), needs={}, outage=None)
    assert objective_groups(of) == ()
