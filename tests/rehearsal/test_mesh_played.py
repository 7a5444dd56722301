"""A whole rehearsal with real proxies: what they count, and outages behind them."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from pathlib import Path

import pytest

from gallery.alerts.mesh import MESH_PLAIN_TEXT
from gallery.plan.mesh import GATEWAY
from gallery.store.companions import PROBER
from gallery.store.services import ENTRANCE, SERVICES
from offline.errors import UserError
from rehearsal import drill
from rehearsal.cluster import installed as cluster_installed
from rehearsal.drill.running import running as drills_running
from rehearsal.machine import loopback, platform
from rehearsal.machine.addresses import LOAD
from rehearsal.machine.vacant import refuse_occupied
from rehearsal.mesh import gates, installed
from rehearsal.mesh.degrading import Degrading
from rehearsal.mesh.ejection import UNTIL_EJECTED_SECONDS, Rule
from rehearsal.mesh.endpoints import Endpoint
from rehearsal.mesh.rehearsed import Mesh
from rehearsal.mesh.replicas import Replica
from rehearsal.mesh.running import running
from rehearsal.world.client import WorldClient
from rehearsal.world.faults import slow

pytestmark = pytest.mark.cluster

_TOLD_WITHIN_SECONDS = 60.0
# More errors than a row of them, of who asks twice a second.
_LOOKED_ON_SECONDS = 5.0


@pytest.fixture(scope="module")
def up(request: pytest.FixtureRequest) -> Iterator[Mesh]:
    """The mesh of a healthy `dev`, for all of them in their order."""
    if not request.config.getoption("--every-proof"):
        pytest.skip("takes minutes, and is left to `make proof`")
    try:
        lacking = [*cluster_installed.absent(), *installed.absent()]
    except UserError as fault:
        pytest.skip(str(fault))
    if lacking:
        pytest.skip(f"not built yet: {', '.join(lacking)}; `make proof` builds them with Go")
    refuse_occupied()
    platform.up("dev", lambda _line: None, mesh=True)
    try:
        yield running()
    finally:
        platform.down()


def _await(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _TOLD_WITHIN_SECONDS
    while not what():
        assert time.monotonic() < deadline
        time.sleep(1)


def test_what_both_sides_of_every_call_count_is_collected(up: Mesh) -> None:
    wanted = {
        (reporter, each.caller, each.callee)
        for each in up.plan.allowed
        if each.verbs and each.caller != PROBER.name
        # Nobody scrapes the gateway, which is in another namespace.
        for reporter in ("source", "destination")
        if (each.caller, reporter) != (GATEWAY, "source")
    }
    caller_of = {up.plan.mesh.gateway.service_account: GATEWAY}  # pyright: ignore[reportOptionalMemberAccess]

    def told() -> set[tuple[str, str, str]]:
        each = "reporter, source_workload, destination_service_name"
        counted = f'sum by ({each}) (rate(istio_requests_total{{response_code="200"}}[1m])) > 0'
        return {
            (
                one.labels["reporter"],
                caller_of.get(one.labels["source_workload"], one.labels["source_workload"]),
                one.labels["destination_service_name"],
            )
            for one in drills_running().evaluators[0].query(counted)
        }

    _await(lambda: wanted <= told())


@pytest.mark.long
@pytest.mark.usefixtures("up")
def test_no_customer_is_failed_while_all_is_well() -> None:
    """Of a machine that others keep busy this is not so: routes wait for a second."""
    assert loopback.get_json(LOAD.url("/answers"))["failed"] == 0


@pytest.mark.long
def test_a_callee_slower_than_callers_wait_is_told_and_waited_for_no_longer(up: Mesh) -> None:
    assert drill.main("callee-slow") == 0
    assert not list(gates.refusals(up.workloads))


@pytest.mark.long
def test_a_route_without_its_timeout_is_noticed(up: Mesh) -> None:
    """The control of the drill before."""
    callee = "shippingservice"
    api, route = up.api(), up.object("VirtualService", callee)
    endless = deepcopy(route)
    for each in endless["spec"]["http"]:
        each.pop("timeout", None)
        each["retries"] = {"attempts": 0}
    degrading, world = Degrading(matrix=up.matrix, slow=callee), WorldClient()
    try:
        api.apply(endless)
        up.settle()
        world.break_service(callee, slow(2_500))
        first = next(degrading.complaints(), "")
    finally:
        world.mend_service(callee)
        api.apply(route)
        up.settle()
    assert re.search(r"answered after 2\.\d s, and should not have been", first)


@pytest.mark.long
@pytest.mark.usefixtures("up")
def test_a_policy_that_lacks_the_prober_is_told_in_time_and_over_in_time() -> None:
    assert drill.main("policy-wrong") == 0


@pytest.mark.long
def test_a_replica_that_fails_is_passed_by_and_nobodys_page(up: Mesh, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    assert drill.main("replica-failing", json=report) == 0
    told = {each["alert"] for each in json.loads(report.read_text())["alerts"]}
    assert told <= {"EndpointDegraded"}
    assert not list(gates.refusals(up.workloads))


@pytest.fixture
def replica(up: Mesh) -> Iterator[Replica]:
    """A second replica of the entrance, which customers ask."""
    found = Replica(lambda: up, ENTRANCE)
    found.start()
    try:
        _await(found.is_asked)
        yield found
    finally:
        found.stop()


@pytest.mark.long
def test_a_rule_that_passes_nobody_by_is_noticed(up: Mesh, replica: Replica) -> None:
    """The control of `replica-failing`."""
    api, rendered = up.api(), up.object("DestinationRule", ENTRANCE)
    forgiving = deepcopy(rendered)
    rule = Rule.of(rendered)
    assert rule is not None
    del forgiving["spec"]["trafficPolicy"]["outlierDetection"]
    watched = replica.watched(rule, budget=0.005)
    try:
        api.apply(forgiving)
        up.settle()
        replica.fail()
        began = time.monotonic()
        while (seconds := time.monotonic() - began) < UNTIL_EJECTED_SECONDS:
            assert not watched.ejected(seconds)
            time.sleep(1)
    finally:
        replica.recover()
        api.apply(rendered)
        up.settle()
    said = {each.split(" after")[0] for each in watched.complaints()}
    assert said == {"loadgenerator still asks it", f"{GATEWAY} still asks it"}


@pytest.mark.long
def test_where_every_replica_fails_one_is_still_asked(replica: Replica) -> None:
    """For less than EndpointDown waits."""
    world = WorldClient()
    try:
        replica.fail()
        world.break_service(ENTRANCE)
        _await(lambda: all(_ejected(each) for each in replica.known().values()))
        time.sleep(_LOOKED_ON_SECONDS)
        assert {_ejected(each) for each in replica.known().values()} == {1}
    finally:
        world.mend_service(ENTRANCE)
        replica.recover()


def _ejected(known: Mapping[str, Endpoint]) -> int:
    return sum(each.ejected for each in known.values())


def test_plain_text_is_told(up: Mesh) -> None:
    """The last one: it is told for ten minutes."""
    assert not up.matrix.play().wrong
    firing = f'ALERTS{{alertname="{MESH_PLAIN_TEXT.name}", alertstate="firing"}}'
    evaluator = drills_running().evaluators[-1]
    _await(lambda: len(evaluator.query(firing)) == len(SERVICES))


def test_what_stands_for_what_is_listed(up: Mesh) -> None:
    assert "the names by which the prober asks services" in (
        (up.supervisor.directory / "stand-in" / "substitutions.md").read_text()
    )
    with pytest.raises(UserError, match="with a mesh; stop it with `make down`"):
        platform.up("dev", lambda _line: None, cluster=True)
