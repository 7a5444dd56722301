"""Every scenario as written for a stack, without a program running."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gallery.contact_points.model import Engine
from gallery.plan.model import Plan
from gallery.plan.resolve import resolve
from gallery.stack_file.parse import parse
from offline.errors import UserError
from offline.render import render
from rehearsal.drill.awaited import awaited
from rehearsal.drill.call_graph import callers
from rehearsal.drill.expectations import Expectation, Expected
from rehearsal.drill.runner import target
from rehearsal.drill.running import NotPlayableError, Running, promised
from rehearsal.drill.scenarios import SCENARIOS
from rehearsal.drill.scenarios.delivery import (
    ALERTMANAGER_RESTART,
    CONTACT_POINTS,
    PAGER_REFUSES,
    QUIET,
)
from rehearsal.drill.scenarios.endpoints import (
    ENDPOINT_DOWN,
    ENDPOINT_FLAPPING,
    ENDPOINT_HANGS,
    ENDPOINT_SLOW,
    REDIS_DOWN,
    STORE_DOWN,
    TWO_ENDPOINTS_DOWN,
    down,
)
from rehearsal.drill.scenarios.hosts import HOST_DOWN, HOST_TERMINATED, HOST_TRAFFIC
from rehearsal.drill.scenarios.mesh import CALLEE_SLOW, POLICY_WRONG
from rehearsal.drill.scenarios.pipeline import COLLECTOR_DOWN, PROBER_DOWN
from rehearsal.drill.scenarios.replicas import REPLICA_FAILING
from rehearsal.drill.script import Scenario, Script
from rehearsal.drill.steps import (
    ACTION_SECONDS,
    Await,
    Break,
    BreakBriefly,
    Mend,
    Silence,
    Until,
    Watch,
    WatchUntil,
)
from rehearsal.machine.addresses import Address
from rehearsal.machine.processes import journal
from rehearsal.machine.processes.journal import Child, Entry, Journal
from rehearsal.machine.processes.supervisor import Supervisor
from rehearsal.machine.queries import PrometheusClient, Sample
from rehearsal.mesh.place import ISTIOD_NAME
from rehearsal.stand_in.derive import derive
from rehearsal.stand_in.proxies import Proxies
from tests.unit.stack_files import STACKS, planned, values, with_value
from tests.unit.test_plan import alertmanager_stack

RunningOf = Callable[[Plan], Running]
ALERTMANAGER = "alertmanager"
PLANS = (*STACKS, ALERTMANAGER)
WITHOUT_A_CLUSTER = [scenario for scenario in SCENARIOS if not scenario.on_cluster]


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state directory of a stack that was rendered with its mesh, and not started."""
    directory = tmp_path_factory.mktemp("state")
    proxies = Proxies(probed={}, metrics={"frontend": Address("127.0.0.1", 1)}, upstreams={})
    derive(render("dev", directory), directory / "stand-in", proxies=proxies)
    istiod = Child(name=ISTIOD_NAME, command=(), directory="", listens=(), ready="")
    supervisor = Supervisor(directory)
    journal.write(supervisor.state_file, Journal("dev", "", (Entry(istiod),), healthy=True))
    return directory


@pytest.fixture
def rehearsed(state: Path, monkeypatch: pytest.MonkeyPatch) -> RunningOf:
    """A plan as if it were up, in a calm world."""
    monkeypatch.setattr(PrometheusClient, "query", _calm)

    def running(plan: Plan) -> Running:
        return Running(stack="dev", promises=promised(plan), supervisor=Supervisor(state))

    return running


def _calm(_self: PrometheusClient, _expr: str, _at: float | None = None) -> list[Sample]:
    return []


def plan_of(name: str) -> Plan:
    return resolve(parse(alertmanager_stack())) if name == ALERTMANAGER else planned(name)


def script(running: Running, scenario: Scenario, **chosen: str) -> Script:
    aim = target(running, scenario, chosen.get("service"), chosen.get("host"))
    return scenario.write(running, aim)


def about(expectations: tuple[Expectation, ...]) -> set[tuple[str, str]]:
    """Alert, and what it is about."""
    keys = ("host", "host_group", "service")
    return {
        (each.alert, next((each.labels[key] for key in keys if key in each.labels), ""))
        for each in expectations
    }


def test_names_are_distinct_and_each_has_one_line() -> None:
    assert len({scenario.name for scenario in SCENARIOS}) == len(SCENARIOS) == 32
    assert not [scenario.name for scenario in SCENARIOS if "\n" in scenario.summary]


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("scenario", WITHOUT_A_CLUSTER, ids=lambda scenario: scenario.name)
def test_each_is_written_for_each_stack_and_says_how_long_it_can_take(
    rehearsed: RunningOf, plan: str, scenario: Scenario
) -> None:
    written = script(rehearsed(plan_of(plan)), scenario)
    # What has no resolve is foreseen, not waited for.
    awaited = [each for each in written.expectations if each.resolve_seconds is not None]
    longest = max((each.page_seconds for each in awaited), default=60.0)
    # The longest short window of a budget, and what it takes until that is seen.
    assert longest <= written.at_most < 2 * 3600
    assert all(each.expected is Expected.MUST for each in written.expectations)
    assert all(each.contact_points for each in written.expectations)
    assert {each.expected for each in written.may} <= {Expected.MAY}


def test_an_endpoint_that_is_down_is_one_page_to_its_owners_contact_points(
    rehearsed: RunningOf,
) -> None:
    [page] = script(rehearsed(planned()), ENDPOINT_DOWN).expectations
    assert (page.alert, page.labels["service"]) == ("EndpointDown", "cartservice")
    assert page.contact_points == {"pager", "chat"}
    assert (page.page_seconds, page.resolve_seconds) == (58, 27)


def test_bounds_are_those_of_the_way_it_fails(rehearsed: RunningOf) -> None:
    [page] = script(rehearsed(planned()), ENDPOINT_HANGS).expectations
    assert (page.page_seconds, page.resolve_seconds) == (60, 29)


def test_bounds_are_those_of_the_stack(rehearsed: RunningOf) -> None:
    slower = resolve(parse(with_value("monitoring.scrape", "10s")))
    [page] = script(rehearsed(slower), ENDPOINT_DOWN).expectations
    assert page.page_seconds == 63


def test_a_service_is_chosen_by_name(rehearsed: RunningOf) -> None:
    [page] = script(rehearsed(planned()), ENDPOINT_DOWN, service="adservice").expectations
    assert page.labels["service"] == "adservice"


def test_callers_are_read_off_the_call_graph() -> None:
    plan = planned()
    assert callers(plan, ["redis-cart"]) == {"cartservice", "checkoutservice", "frontend"}
    assert callers(plan, ["emailservice"]) == {"checkoutservice", "frontend"}
    assert callers(plan, ["frontend"]) == frozenset()


def test_callers_of_a_broken_service_may_be_slow_and_nobody_else(rehearsed: RunningOf) -> None:
    may = script(rehearsed(planned()), ENDPOINT_DOWN, service="emailservice").may
    slow = {("EndpointSlow", name) for name in ("emailservice", "checkoutservice", "frontend")}
    assert about(may) == slow


@pytest.mark.parametrize(
    ("scenario", "chosen", "bound"),
    [
        (ENDPOINT_DOWN, {"service": "frontend"}, 93),
        (ENDPOINT_HANGS, {"service": "frontend"}, 95),
        (TWO_ENDPOINTS_DOWN, {"service": "frontend"}, 93),
        (STORE_DOWN, {}, 93),
    ],
)
def test_no_page_about_the_door_follows_that_of_the_frontend(
    rehearsed: RunningOf, scenario: Scenario, chosen: dict[str, str], bound: float
) -> None:
    written = script(rehearsed(planned()), scenario, **chosen)
    assert "ShopDoorDown" not in {each.alert for each in (*written.expectations, *written.may)}
    # Whatever is neither must nor may is forbidden, and has the time to come.
    assert [step.seconds for step in written.steps if isinstance(step, WatchUntil)] == [bound]
    assert not any(
        isinstance(step, WatchUntil) for step in script(rehearsed(planned()), REDIS_DOWN).steps
    )


def test_a_second_outage_within_ten_minutes_may_degrade(
    rehearsed: RunningOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = [Sample(labels={"service": "cartservice"}, value=2, at=0)]

    def restless(*_: object) -> list[Sample]:
        return seen

    monkeypatch.setattr(PrometheusClient, "query", restless)
    written = script(rehearsed(planned()), ENDPOINT_DOWN)
    assert ("EndpointDegraded", "cartservice") in about(written.may)
    assert "cartservice was down" in written.notes[0]
    other = script(rehearsed(planned()), ENDPOINT_DOWN, service="adservice")
    assert not other.notes


def test_what_was_told_of_a_moment_ago_is_waited_for_since_it_would_not_be_told_again(
    rehearsed: RunningOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = [Sample(labels={"service": "cartservice"}, value=time.time() - 60, at=0)]

    def ask(*_: object) -> list[Sample]:
        return told

    monkeypatch.setattr(PrometheusClient, "query", ask)
    first, *_ = script(rehearsed(planned()), ENDPOINT_DOWN).steps
    assert isinstance(first, Watch)
    assert first.what.startswith("EndpointDown told of cartservice within the last 10m")
    assert 540 < first.seconds < 600
    other, *_ = script(rehearsed(planned()), ENDPOINT_DOWN, service="adservice").steps
    assert isinstance(other, Break)


def test_what_fires_until_ten_minutes_were_well_is_waited_for_at_its_end_alone(
    rehearsed: RunningOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = {"host_group": "orders-db", "service": "collector", "cluster": "gallery-dev"}
    told = [Sample(labels=own, value=time.time() - 60, at=0)]

    def ask(*_: object) -> list[Sample]:
        return told

    monkeypatch.setattr(PrometheusClient, "query", ask)
    for scenario in (HOST_TERMINATED, COLLECTOR_DOWN, PROBER_DOWN):
        first, *_ = script(rehearsed(planned()), scenario).steps
        assert isinstance(first, Break), scenario.name


def test_a_cart_behind_a_dead_redis_is_not_down(rehearsed: RunningOf) -> None:
    written = script(rehearsed(planned()), REDIS_DOWN)
    assert about(written.expectations) == {("EndpointDown", "redis-cart")}
    assert ("EndpointDown", "cartservice") not in about(written.may)


def test_two_services_are_two_alerts_whichever_is_chosen(rehearsed: RunningOf) -> None:
    for service in ("adservice", "emailservice"):
        written = script(rehearsed(planned()), TWO_ENDPOINTS_DOWN, service=service)
        assert len(about(written.expectations)) == 2


def test_the_whole_store_is_one_page(rehearsed: RunningOf) -> None:
    plan = planned()
    written = script(rehearsed(plan), STORE_DOWN)
    assert len(written.expectations) == len(plan.services)
    assert written.pages_at_most == {"EndpointDown": 1}


def test_every_alert_is_posted_to_the_contact_points_of_the_plan(rehearsed: RunningOf) -> None:
    for name in PLANS:
        plan = plan_of(name)
        posted = script(rehearsed(plan), CONTACT_POINTS).expectations
        beats = promised(plan).beats
        names = {alert.name for alert in plan.alerts} - set(beats)
        extra = {"Unrouted"}
        if plan.engine is Engine.GRAFANA:
            extra |= {"DatasourceError", "DatasourceNoData"}
        assert {each.alert for each in posted} == names | extra
        for each in posted:
            labels = {"alertname": each.alert, **each.labels}
            assert each.contact_points == plan.deliver(labels)
            # Grafana's own alerts wait for a minute, the others for the stack's group wait.
            broken = each.alert in {"DatasourceError", "DatasourceNoData"}
            wait = 60 if broken else plan.timings.group_wait.seconds
            assert wait <= each.page_seconds <= wait + 2


def test_the_notifier_is_killed_before_the_page_is_out_and_has_the_time_to_hear_again(
    rehearsed: RunningOf,
) -> None:
    running = rehearsed(planned())
    steps = script(running, ALERTMANAGER_RESTART).steps
    kinds = [type(step) for step in steps]
    assert kinds == [Break, Until, BreakBriefly, Await, Break, Await, BreakBriefly, Silence, Mend]
    page, lost = down(running.promises, "paymentservice"), steps[3].expectations
    assert [each.page_seconds for each in lost] == [page.page_seconds + 60]
    assert [step.forgets for step in steps if isinstance(step, BreakBriefly)] == [True, False]
    [silence] = [step for step in steps if isinstance(step, Silence)]
    assert {each.labels["service"] for each in silence.about} == {
        "paymentservice",
        "productcatalogservice",
    }
    timings = planned().timings
    assert silence.seconds > 60 + (timings.evaluate + timings.group_wait).seconds


def test_a_restart_is_not_judged_while_the_end_of_an_outage_is_still_told(
    rehearsed: RunningOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lately(_self: PrometheusClient, expr: str, _at: float | None = None) -> list[Sample]:
        return [Sample(labels={}, value=1, at=0)] if "ALERTS" in expr else []

    monkeypatch.setattr(PrometheusClient, "query", lately)
    with pytest.raises(NotPlayableError, match=r"EndpointDown fired within the last 15m.*anew"):
        script(rehearsed(planned()), ALERTMANAGER_RESTART)


def test_only_the_heartbeat_speaks_in_a_quiet_minute(rehearsed: RunningOf) -> None:
    written = script(rehearsed(planned()), QUIET)
    assert (written.expectations, written.may) == ((), ())
    assert written.steps[0].at_most == 60


def test_a_host_is_told_to_its_owner(rehearsed: RunningOf) -> None:
    running = rehearsed(planned("prod"))
    [page] = script(running, HOST_DOWN, host="catalogue-search-1").expectations
    assert page.labels["owner"] == "reliability"
    assert page.labels["host"] == "catalogue-search-1"


def test_a_host_that_is_gone_is_missed_by_its_group(rehearsed: RunningOf) -> None:
    written = script(rehearsed(planned()), HOST_TERMINATED)
    assert about(written.expectations) == {("HostMissing", "orders-db")}
    assert about(written.may) == {("HostDown", "orders-db-1")}


def test_a_flood_and_a_silence_are_on_different_hosts(rehearsed: RunningOf) -> None:
    written = script(rehearsed(planned()), HOST_TRAFFIC, host="orders-db-2")
    assert about(written.expectations) == {
        ("HostTrafficHigh", "orders-db-2"),
        ("HostTrafficLow", "orders-db-1"),
    }


def test_the_silence_of_the_collector_is_told_by_the_alarm_of_the_stack(
    rehearsed: RunningOf,
) -> None:
    expected = {
        each.alert: each for each in script(rehearsed(planned()), COLLECTOR_DOWN).expectations
    }
    assert set(expected) == {"CollectorDown", "gallery-dev-heartbeat-silent"}
    assert expected["gallery-dev-heartbeat-silent"].contact_points == {"independent-path"}


def test_a_refused_page_has_its_bound_from_the_end_of_the_refusal(rehearsed: RunningOf) -> None:
    [page] = script(rehearsed(planned()), PAGER_REFUSES).expectations
    assert page.page_seconds == 22


@pytest.mark.parametrize(
    ("scenario", "config", "words"),
    [
        (HOST_DOWN, with_value("hosts", []), "no hosts"),
        (
            HOST_TRAFFIC,
            with_value("hosts.0.count", 1),
            "needs two hosts",
        ),
        (
            ENDPOINT_DOWN,
            with_value("alerting.overrides", {"EndpointDown": {"enabled": False, "reason": "x"}}),
            "no alert EndpointDown",
        ),
        (
            ENDPOINT_FLAPPING,
            with_value("alerting.overrides", {"EndpointDown": {"hold": "5s"}}),
            "no edge to flap at",
        ),
        (
            ENDPOINT_SLOW,
            with_value("alerting.overrides", {"EndpointSlow": {"threshold": 2000}}),
            "no answer at all",
        ),
    ],
    ids=["no hosts", "one host", "switched off", "no edge", "slower than down"],
)
def test_what_a_stack_cannot_play_is_said(
    rehearsed: RunningOf, scenario: Scenario, config: dict[str, object], words: str
) -> None:
    with pytest.raises(NotPlayableError, match=words):
        script(rehearsed(resolve(parse(config))), scenario)


def test_what_the_mesh_does_not_time_cannot_be_slow(rehearsed: RunningOf) -> None:
    with pytest.raises(NotPlayableError, match="redis-cart speaks tcp"):
        script(rehearsed(planned()), ENDPOINT_SLOW, service="redis-cart")


@pytest.mark.parametrize(
    ("scenario", "chosen", "words"),
    [
        (ENDPOINT_DOWN, {"service": "cartservce"}, 'did you mean "cartservice"'),
        (HOST_DOWN, {"host": "orders-db-9"}, 'did you mean "orders-db-'),
        (HOST_DOWN, {"service": "cartservice"}, "host-down does not take --service"),
        (ENDPOINT_DOWN, {"host": "orders-db-1"}, "endpoint-down does not take --host"),
    ],
    ids=["service", "host", "no service", "no host"],
)
def test_what_cannot_be_chosen_is_said_with_what_can(
    rehearsed: RunningOf, scenario: Scenario, chosen: dict[str, str], words: str
) -> None:
    with pytest.raises(UserError, match=words):
        script(rehearsed(planned()), scenario, **chosen)


def test_another_stack_file_has_other_contact_points(rehearsed: RunningOf) -> None:
    config = values()
    config["gallery:alerting"]["roles"]["incident-response"] = ["chat"]
    [page] = script(rehearsed(resolve(parse(config))), ENDPOINT_DOWN).expectations
    assert page.contact_points == {"chat"}
    assert replace(page, since=100.0).due == 158


@pytest.mark.parametrize("scenario", WITHOUT_A_CLUSTER, ids=lambda scenario: scenario.name)
def test_every_step_that_takes_long_says_what_it_waits_for(
    scenario: Scenario, rehearsed: RunningOf
) -> None:
    for step in script(rehearsed(planned()), scenario).steps:
        assert step.at_most <= 2 * ACTION_SECONDS or awaited(step) != "acts"


def test_a_replica_that_fails_is_a_ticket_at_most(rehearsed: RunningOf) -> None:
    found = script(rehearsed(planned()), REPLICA_FAILING)
    assert not found.expectations
    assert ("EndpointDegraded", "frontend") in about(found.may)
    assert {each.labels["severity"] for each in found.may} == {"ticket"}


def test_of_a_service_that_customers_do_not_ask_no_replica_fails(rehearsed: RunningOf) -> None:
    with pytest.raises(NotPlayableError, match="customers ask frontend alone"):
        script(rehearsed(planned()), REPLICA_FAILING, service="cartservice")


def test_a_replica_of_which_nothing_is_promised_cannot_be_judged(rehearsed: RunningOf) -> None:
    off = {"enabled": False, "reason": "counted elsewhere"}
    without = with_value("objectives", {"frontend-availability": off})
    with pytest.raises(NotPlayableError, match="promises nobody that frontend answers"):
        script(rehearsed(resolve(parse(without))), REPLICA_FAILING)


def test_a_policy_that_lacks_the_prober_pages_as_a_service_that_is_down(
    rehearsed: RunningOf,
) -> None:
    [page] = script(rehearsed(planned()), POLICY_WRONG, service="emailservice").expectations
    assert (page.alert, page.labels["service"]) == ("EndpointDown", "emailservice")
    assert page.contact_points == {"pager", "chat"}


@pytest.mark.parametrize(
    "scenario", [POLICY_WRONG, CALLEE_SLOW, REPLICA_FAILING], ids=lambda scenario: scenario.name
)
def test_without_real_proxies_what_is_about_them_is_not_playable(
    scenario: Scenario, rehearsed: RunningOf, tmp_path: Path
) -> None:
    supervisor = Supervisor(tmp_path)
    supervisor.begin("dev", "")
    running = replace(rehearsed(planned()), supervisor=supervisor)
    with pytest.raises(NotPlayableError, match=r"without real proxies.*up --mesh"):
        script(running, scenario)
