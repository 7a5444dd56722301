"""What is asked, by whom, and what is added to a cluster for it, without a mesh."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gallery.metrics import labels
from gallery.plan.mesh import GATEWAY
from gallery.plan.model import Plan
from gallery.store.services import ENTRANCE
from offline.errors import UserError
from offline.render import render
from rehearsal.machine.addresses import ISTIOD_METRICS, STORE_NETWORK, Address
from rehearsal.mesh import added, rehearsed
from rehearsal.mesh.asking import Outcome
from rehearsal.mesh.matrix import Ask, Found, Matrix, Wrong, asks
from rehearsal.mesh.upstreams import upstreams
from rehearsal.mesh.workloads import STRANGER, Workload, probed, workloads
from rehearsal.stand_in.derive import derive
from rehearsal.stand_in.documents import read_json, read_yaml
from rehearsal.stand_in.pods import Cluster
from rehearsal.stand_in.proxies import Proxies
from rehearsal.world.topology import Topology
from tests.unit.stack_files import planned


@pytest.fixture(scope="module")
def plan() -> Plan:
    return planned("dev")


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Cluster:
    return Cluster.read(render("dev", tmp_path_factory.mktemp("rendered")))


@pytest.fixture(scope="module")
def everybody(plan: Plan, rendered: Cluster) -> tuple[Workload, ...]:
    return workloads(plan, rendered)


@pytest.fixture
def matrix(plan: Plan, everybody: tuple[Workload, ...], tmp_path: Path) -> Matrix:
    return Matrix(plan=plan, workloads=everybody, scratch=tmp_path)


def test_everybody_is_there_and_has_an_address_of_its_own(
    everybody: tuple[Workload, ...], plan: Plan
) -> None:
    callers = [each.caller for each in everybody]
    services = [each.service.name for each in plan.services]
    assert sorted(callers) == sorted([*services, "prober", "loadgenerator", GATEWAY, STRANGER])
    assert len({each.proxy for each in everybody}) == len(everybody)
    listens = [address for each in everybody for address in each.listens]
    assert len(set(listens)) == len(listens)
    assert all(address.host.startswith("127.") for address in listens)


def test_the_stranger_has_the_name_of_one_that_may_ask_in_another_namespace(
    everybody: tuple[Workload, ...],
) -> None:
    (stranger,) = [each for each in everybody if each.caller == STRANGER]
    assert stranger.account == "frontend"
    assert stranger.namespace != "gallery"


def test_every_method_is_asked_for_by_everybody_and_wanted_as_the_plan_says(
    matrix: Matrix, plan: Plan
) -> None:
    wanted = {
        (caller, ask.callee.name, ask.verb, ask.path): outcome
        for caller, ask, outcome, _ in matrix.questions()
    }
    assert wanted["checkoutservice", *_question(plan, "cartservice", "EmptyCart")] is (
        Outcome.ANSWERED
    )
    assert wanted["checkoutservice", *_question(plan, "cartservice", "AddItem")] is Outcome.DENIED
    assert wanted["cartservice", "redis-cart", "", ""] is Outcome.ANSWERED
    assert wanted["frontend", "redis-cart", "", ""] is Outcome.CUT
    assert wanted["plain text", "frontend", "", ""] is Outcome.CUT
    assert {outcome for (caller, *_), outcome in wanted.items() if caller == STRANGER} == {
        Outcome.DENIED,
        Outcome.CUT,
    }
    for planned_service in plan.services:
        service = planned_service.service
        asked = {ask.path.rpartition("/")[2] or ask.verb for ask in asks(service)}
        assert {method.name for method in service.methods} <= asked
        for caller in matrix.workloads:
            mine = [key for key in wanted if key[:2] == (caller.caller, service.name)]
            assert len(mine) == len(list(asks(service)))


def _question(plan: Plan, callee: str, method: str) -> tuple[str, str, str]:
    (service,) = [each.service for each in plan.services if each.service.name == callee]
    return callee, "POST", service.path(method)


def test_what_is_not_as_the_plan_says_is_told_with_both(plan: Plan) -> None:
    ask = Ask(callee=plan.services[0].service, verb="GET", path="/")
    wrong = Wrong(caller="stranger", ask=ask, wanted=Outcome.DENIED, got=str(Outcome.ANSWERED))
    found = Found(asked=10, answered=4, seconds=1.0, wrong=(wrong,))
    assert list(found.lines()) == [
        "10 questions in 1.0 s: 4 answered, 6 refused, 1 not as the plan says",
        "  stranger asks frontend GET /: answered, and the plan says refused by a policy",
    ]


def test_what_is_added_is_marked_and_in_nobodys_way(
    everybody: tuple[Workload, ...], rendered: Cluster
) -> None:
    known = {(kind, place, each["metadata"]["name"]) for kind, place, each in rendered.objects}
    objects = list(added.objects(everybody, ["gallery"]))
    for each in objects:
        assert each["metadata"]["labels"] == added.MARK
        metadata = each["metadata"]
        place = metadata.get("namespace", "cluster")
        assert (each["kind"].lower(), place, metadata["name"]) not in known
    kinds = {(each["apiVersion"], each["kind"]) for each in objects}
    assert set(added.KINDS) <= kinds
    policies = {kind for _, kind in kinds}
    assert policies == {"EnvoyFilter", "Namespace", "ServiceAccount", "Sidecar", "WorkloadEntry"}


def test_a_proxy_takes_calls_where_policies_say_that_the_container_listens(
    everybody: tuple[Workload, ...],
) -> None:
    for each in everybody:
        if each.service and each.inward:
            assert each.inward.port == each.service.container_port


def test_a_stack_without_a_mesh_is_refused_before_anything_is_built(
    monkeypatch: pytest.MonkeyPatch, plan: Plan
) -> None:
    monkeypatch.setattr(rehearsed, "resolve", lambda _settings: replace(plan, mesh=None))  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    with pytest.raises(UserError, match=r"stack dev goes without a mesh .*leave --mesh out"):
        rehearsed.planned("dev")


def test_the_prober_asks_each_service_at_a_port_of_its_own_proxy(
    everybody: tuple[Workload, ...], tmp_path: Path
) -> None:
    through = probed(everybody)
    (prober,) = [each for each in everybody if each.caller == "prober"]
    assert len(set(through.values())) == len(through) == 11
    assert {address.host for address in through.values()} == {prober.proxy}
    sidecars = [each for each in added.objects(everybody, ["gallery"]) if each["kind"] == "Sidecar"]
    (own,) = [each for each in sidecars if each["metadata"]["name"] == prober.name]
    ports = [listener["port"]["number"] for listener in own["spec"]["egress"]]
    # The API takes no port twice.
    assert len(set(ports)) == len(ports)
    assert {address.port for address in through.values()} <= set(ports)
    metrics = {each.caller: each.metrics for each in everybody}
    proxies = Proxies(probed=through, metrics=metrics, upstreams={})
    derive(render("dev", tmp_path), tmp_path / "stand-in", proxies=proxies)
    agent = read_yaml(tmp_path / "stand-in" / "collector" / "agent-0.yml")
    asked = {
        rule["replacement"].removeprefix("http://").partition("/")[0]
        for job in agent["scrape_configs"]
        if job["job_name"] == labels.PROBE
        for rule in job["relabel_configs"]
        if rule["target_label"] == "__param_target" and "regex" in rule
    }
    assert asked >= {str(address) for address in through.values()}
    store = str(STORE_NETWORK.network_address).removesuffix("0.0")
    assert not [address for address in asked if address.startswith(store)]
    # Nothing of a proxy's or of the control plane's own is simulated then.
    world = Topology.read(tmp_path / "stand-in" / "world.json")
    told = {each.name: each.proxy for each in world.workloads}
    assert told["frontend"] == str(metrics["frontend"])
    assert world.istiod is None
    (found,) = read_json(tmp_path / "stand-in" / "collector" / "pods-istiod-0.json")[:1]
    assert found["targets"][0].startswith(f"{ISTIOD_METRICS.host}:")


def test_everybody_asks_through_his_own_proxy_whom_the_plan_lets_him_ask(
    plan: Plan, everybody: tuple[Workload, ...], tmp_path: Path
) -> None:
    found = upstreams(everybody, [each.service for each in plan.services])
    hosts = {each.caller: each.proxy for each in everybody}
    edges = set[tuple[str, str]]()
    for caller, asked in found.items():
        for each in asked:
            edges.add((caller, each.name))
            assert Address.parse(each.address).host == hosts[caller]
    assert edges == {
        (each.caller, each.callee) for each in plan.allowed if each.caller != labels.PROBER_WORKLOAD
    }
    assert {each.name for each in found["frontend"] if not each.needed} == {
        "adservice",
        "recommendationservice",
    }
    metrics = {each.caller: each.metrics for each in everybody}
    proxies = Proxies(probed=probed(everybody), metrics=metrics, upstreams=found)
    derive(render("dev", tmp_path), tmp_path / "stand-in", proxies=proxies)
    world = Topology.read(tmp_path / "stand-in" / "world.json")
    assert {each.name: each.upstreams for each in world.workloads if each.upstreams} == found
    assert {each.name for each in world.workloads if each.generates and each.upstreams} == {
        "loadgenerator",
        GATEWAY,
    }
    assert world.load is not None


def test_a_second_replica_is_found_by_what_is_rendered_and_by_its_own_objects(
    everybody: tuple[Workload, ...],
) -> None:
    (first,) = [each for each in everybody if each.caller == ENTRANCE]
    second = replace(first, ip="127.30.9.9", proxy="127.31.9.9", replica=2)
    sidecar, entry = added.of_replica(second, everybody)
    (own,) = [
        each
        for each in added.objects(everybody, ["gallery"])
        if (each["kind"], each["metadata"]["name"]) == ("Sidecar", first.name)
    ]
    selected = [each["spec"]["workloadSelector"]["labels"].items() for each in (own, sidecar)]
    known = [each.known_by.items() for each in (first, second)]
    assert [[one <= other for other in known] for one in selected] == [[True, False], [False, True]]
    assert first.labels.items() <= entry["spec"]["labels"].items()
    assert entry["spec"]["address"] == sidecar["spec"]["ingress"][0]["bind"] == second.ip
    assert not {first.name} & {each["metadata"]["name"] for each in (sidecar, entry)}
