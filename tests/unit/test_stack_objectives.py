"""A stack changes what is promised, adds to it and leaves out; what cannot be is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gallery.alerts.objectives import OBJECTIVE_BURNING_FAST
from gallery.alerts.panels import OBJECTIVES
from gallery.dashboards import dashboards
from gallery.metrics import names
from gallery.metrics.durations import Duration
from gallery.objectives.indicators import Journey, Latency
from gallery.objectives.model import Floors, Objective
from gallery.objectives.probes import within
from gallery.plan.model import Plan
from gallery.plan.resolve import resolve
from gallery.render.reports import reports
from gallery.render.rules import recorded
from gallery.stack_file.parse import parse
from gallery.store.roles import Severity
from tests.unit.stack_files import errors, planned, values, with_value, without_mesh

_OWN: dict[str, Any] = {
    "promise": "A cart is there within half a second.",
    "latency": {"service": "cartservice", "within": "500ms"},
    "target": "99%",
}


def _plan(**objectives: dict[str, Any]) -> Plan:
    return resolve(parse(_file(objectives)))


def _file(objectives: dict[str, Any], config: dict[str, Any] | None = None) -> dict[str, Any]:
    by_name = {name.replace("_", "-"): section for name, section in objectives.items()}
    return (config or values()) | {"gallery:objectives": by_name}


def _of(plan: Plan, name: str) -> Objective:
    [found] = [one for one in plan.objectives if one.name == name]
    return found


def _constants(plan: Plan, record: str) -> str:
    [expr] = [
        rule.expr for group in recorded(plan) for rule in group.rules if rule.record == record
    ]
    return expr


def test_a_stack_sets_target_and_floors_and_the_rest_stays() -> None:
    usual = planned()
    plan = _plan(check_out={"target": "99.95%", "least_failures": 3, "least_requests": 50})
    found = _of(plan, "check-out")
    assert (found.target, found.floors) == (0.9995, Floors(failures=3, requests=50))
    assert found.promise == _of(usual, "check-out").promise
    assert 'vector(0.0005), "service", "checkoutservice"' in _constants(
        plan, names.OBJECTIVE_BUDGET
    )
    others = [one for one in plan.objectives if one.name != "check-out"]
    assert others == [one for one in usual.objectives if one.name != "check-out"]


def test_a_looser_target_is_told_later() -> None:
    def page(plan: Plan) -> float:
        return max(
            bound.page.seconds
            for bound in plan.bounds
            if bound.alert == "gallery-objective-burning-fast"
        )

    # A fiftieth of a budget of 5 % instead of 1 %.
    looser = page(_plan(adservice_availability={"target": "95%"})) - page(planned())
    assert looser == pytest.approx(14.4 * 0.04 * 3600)


def test_a_budget_is_counted_over_its_own_window() -> None:
    plan = _plan(check_out={"window": "7d"})
    assert _of(plan, "check-out").window == Duration.parse("7d")
    week, month = sorted(
        _constants(plan, names.OBJECTIVE_SPENT).split(" or "), key=lambda part: "browse" in part
    )
    assert week.count('objective=~"check-out"}[') == 2
    assert f"[{within(Duration.parse('7d'))}]" in week
    assert "check-out" not in month
    assert f"[{within(Duration.parse('30d'))}]" in month
    [reported] = [each for each in reports(plan)["objectives"] if each["objective"] == "check-out"]
    assert reported["window_seconds"] == 7 * 86_400
    # Windows that are all alike choose nothing.
    assert "objective=~" not in _constants(planned(), names.OBJECTIVE_SPENT)


def test_a_new_workspace_keeps_what_the_longest_window_needs() -> None:
    short = {name: {"window": "7d"} for name in (one.name for one in planned().objectives)}
    config = values() | {"gallery:prometheus": {"retention": "14d"}}
    assert resolve(parse(config | {"gallery:objectives": short})).objectives
    own = {"carts": {**_OWN, "window": "28d"}}
    [said] = errors(config | {"gallery:objectives": short | own})
    assert said.startswith("gallery:prometheus.retention is 14d, and budgets are counted over 28d")


def test_an_objective_is_told_to_its_owner_and_the_others_to_theirs() -> None:
    plan = _plan(check_out={"owner": "incident-response"})
    [fast] = [alert for alert in plan.alerts if alert.alert is OBJECTIVE_BURNING_FAST]
    assert fast.owners == ("reliability", "incident-response")
    assert fast.owner_of("check-out") == "incident-response"
    assert fast.owner_of("browse") == "reliability"
    assert fast.expr.endswith('"owner", "incident-response", "objective", "check-out")')
    assert "owner" not in fast.labels
    told = plan.deliver({"alertname": fast.name, **fast.labels_for("incident-response")})
    assert told == set(plan.points["incident-response"][Severity.PAGE])


def test_all_objectives_of_one_other_role_are_its_rules() -> None:
    names_of = [one.name for one in planned().objectives]
    everything = {name.replace("-", "_"): {"owner": "monitoring"} for name in names_of}
    [fast] = [a for a in _plan(**everything).alerts if a.alert is OBJECTIVE_BURNING_FAST]
    assert (fast.owners, fast.labels["owner"]) == (("monitoring",), "monitoring")


_AGREED = {"target": "99%", "owed": "A tenth of the month's fee is paid back."}


def test_an_agreement_is_recorded_drawn_and_reported() -> None:
    plan = _plan(check_out={"agreement": _AGREED})
    agreed = _constants(plan, names.OBJECTIVE_AGREED)
    assert 'vector(0.01), "service", "checkoutservice"' in agreed
    [reported] = [each["agreement"] for each in reports(plan)["objectives"] if each["agreement"]]
    assert reported == {"target": 0.99, "owed": _AGREED["owed"]}
    board = json.dumps(dashboards(plan)[OBJECTIVES])
    assert "check-out, below 99 %: A tenth of the month's fee is paid back." in board
    assert names.OBJECTIVE_AGREED not in json.dumps(dashboards(planned())[OBJECTIVES])


def test_one_that_is_off_is_nowhere() -> None:
    plan = _plan(emailservice_availability={"enabled": False, "reason": "another team's"})
    assert len(plan.objectives) == len(planned().objectives) - 1
    assert "emailservice-availability" not in str([recorded(plan), reports(plan)["objectives"]])


def test_one_of_its_own_is_recorded_as_those_of_the_catalogue_are() -> None:
    plan = _plan(cart_latency=_OWN)
    found = _of(plan, "cart-latency")
    assert found.indicator == Latency(service="cartservice", milliseconds=500)
    for record in (names.OBJECTIVE_BUDGET, names.OBJECTIVE_REQUESTS, names.OBJECTIVE_NEEDS):
        assert '"objective", "cart-latency"' in _constants(plan, record)
    assert "redis-cart" in _constants(plan, names.OBJECTIVE_NEEDS)
    assert "cart-latency" in [each["objective"] for each in reports(plan)["objectives"]]


def test_a_journey_of_its_own_stands_with_the_journeys() -> None:
    own = {"promise": "Gifts are sent.", "journey": ["shippingservice"], "target": "99%"}
    plan = _plan(gifts=own)
    assert _of(plan, "gifts").indicator == Journey(services=("shippingservice",))
    assert [one.name for one in plan.objectives].index("gifts") == 3


_REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a target of 100 %": (
        {"check_out": {"target": "100%"}},
        (
            "gallery:objectives.check-out.target: 100% leaves nothing that may fail, and no "
            "budget: write less, for example 99.5%"
        ),
    ),
    "a target that could never be told": (
        {"check_out": {"target": "90%"}},
        (
            "gallery:objectives.check-out.target: 90% is so little that nothing could be told in "
            "time, however much fails; write more than 93.1%"
        ),
    ),
    "a window of a day": (
        {"check_out": {"window": "1d"}},
        "gallery:objectives.check-out.window: a budget is counted over 7 to 30 days, not over 1d",
    ),
    "a window beyond what rules read": (
        {"check_out": {"window": "90d"}},
        "gallery:objectives.check-out.window: a budget is counted over 7 to 30 days, not over 90d",
    ),
    "an owner who is no role": (
        {"check_out": {"owner": "reliabilty"}},
        (
            'gallery:objectives.check-out.owner: "reliabilty" is not a role; did you mean '
            '"reliability"?'
        ),
    ),
    "an agreement above its objective": (
        {"check_out": {"agreement": {"target": "99.9%", "owed": "A fee."}}},
        (
            "gallery:objectives.check-out.agreement.target is 99.9%, and the objective's is 99.5%: "
            "nobody would be told before the agreement is missed; agree on less, or aim for more"
        ),
    ),
    "an agreement as high as an objective of its own": (
        {"cart_latency": {**_OWN, "agreement": {"target": "99%", "owed": "A fee."}}},
        (
            "gallery:objectives.cart-latency.agreement.target is 99%, and the objective's is 99%: "
            "nobody would be told before the agreement is missed"
        ),
    ),
    "an agreement of which nothing is owed": (
        {"check_out": {"agreement": {"target": "99%"}}},
        "gallery:objectives.check-out.agreement.owed",
    ),
    "a target without a unit": (
        {"check_out": {"target": 0.995}},
        "gallery:objectives.check-out.target: 0.995 has no unit; write for example 99.5%",
    ),
    "a threshold that is no bucket": (
        {"cart_latency": {**_OWN, "latency": {"service": "cartservice", "within": "300ms"}}},
        (
            "gallery:objectives.cart-latency.latency.within: 300ms is no edge of the histogram in "
            "which proxies count, so nobody knows how many requests take longer; write 250ms or "
            "500ms"
        ),
    ),
    "a service without requests": (
        {"carts": {"promise": "Kept.", "availability": "redis-cart", "target": "99%"}},
        (
            'gallery:objectives.carts.availability: "redis-cart" is not a service whose requests a '
            "mesh counts; allowed: frontend, adservice,"
        ),
    ),
    "a journey past what can be left out": (
        {"ads": {"promise": "Seen.", "journey": ["adservice"], "target": "99%"}},
        (
            'gallery:objectives.ads.journey[0]: "adservice" is not a service that frontend cannot '
            "do without"
        ),
    ),
    "an unknown name": (
        {"checkout": {"target": "99.9%"}},
        (
            'gallery:objectives.checkout: "checkout" is not an objective of the catalogue; did you '
            'mean "check-out"?'
        ),
    ),
    "two indicators": (
        {"cart_latency": {**_OWN, "availability": "cartservice"}},
        (
            "gallery:objectives.cart-latency: it has availability and latency; an objective is "
            "about one of them"
        ),
    ),
    "a catalogue's with another indicator": (
        {"check_out": {"journey": ["cartservice"], "promise": "Else."}},
        (
            "gallery:objectives.check-out has journey and promise, but an objective of the "
            "catalogue keeps its own"
        ),
    ),
    "one of its own without a target": (
        {"carts": {"availability": "cartservice"}},
        "gallery:objectives.carts is an objective of your own and needs promise and target",
    ),
    "one of its own that is off": (
        {"cart_latency": {**_OWN, "enabled": False, "reason": "later"}},
        (
            "gallery:objectives.cart-latency is an objective of your own that is switched off; "
            "remove it"
        ),
    ),
    "off without a reason": (
        {"check_out": {"enabled": False}},
        "gallery:objectives.check-out: an objective that is switched off needs a reason: say why",
    ),
}


@pytest.mark.parametrize(("given", "said"), _REFUSED.values(), ids=_REFUSED)
def test_what_cannot_be_promised_is_refused(given: dict[str, Any], said: str) -> None:
    [error] = errors(_file(given))
    assert error.startswith(said)


def test_without_a_mesh_nothing_is_promised_of_requests() -> None:
    config = _file({"check_out": {"target": "99.9%"}, "cart_latency": _OWN}, without_mesh())
    assert errors(config) == (
        (
            "gallery:objectives.check-out would do nothing: this stack has no such objective; "
            "remove it"
        ),
        (
            "gallery:objectives.cart-latency counts requests, and without a mesh nobody does; "
            "remove it"
        ),
    )


def test_a_window_beyond_retention_is_refused() -> None:
    [error] = errors(with_value("prometheus", {"retention": "29d"}))
    assert error.startswith(
        "gallery:prometheus.retention is 29d, and budgets are counted over 30d; keep 30d or more"
    )
    assert resolve(parse(with_value("prometheus", {"retention": "30d"}))).objectives


def test_without_objectives_a_stack_keeps_its_samples_for_as_short_as_it_likes() -> None:
    off = {one.name: {"enabled": False, "reason": "trial"} for one in planned().objectives}
    config = _file(off, with_value("prometheus", {"retention": "7d"}))
    plan = resolve(parse(config))
    assert plan.objectives == ()
    assert "ObjectiveBurningFast" not in [each.name for each in plan.alerts]
