"""Every pair of ends at every port: what is open is what the call graph and the watchers need."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from functools import cache
from typing import Any

import pulumi
import pytest

from components.collector import Collector, CollectorArgs
from components.store import Store, StoreArgs
from gallery.plan.model import Plan
from gallery.plan.resolve import resolve
from gallery.stack_file.parse import parse
from offline.monitor import Recording
from tests.unit.components import objects, on_openshift, pods, recorded, secrets_of
from tests.unit.network_policies import End, Policy, connects, pod
from tests.unit.stack_files import planned, values, with_value, without_mesh

Edge = tuple[str, str, int, str]
GATEWAY = pod("istio-ingress", "istio-ingress", istio="ingress")
NEIGHBOUR = pod("istio-egress", "istio-ingress", istio="egress")
ISTIOD = pod("istiod", "istio-system")
STRANGER = pod("stranger")
ELSEWHERE = pod("frontend", "default")
INTERNET = End("internet")
AGENT = End("pod-identity-agent", address="169.254.170.23")
OUTSIDE = (GATEWAY, NEIGHBOUR, ISTIOD, STRANGER, ELSEWHERE, INTERNET, AGENT)
PORTS = (
    53, 80, 443, 3550, 5000, 5050, 5353, 6379, 6443, 7000, 7070, 8080, 9090, 9100, 9115, 9555,
    15010, 15012, 15014, 15020, 15090, 50051,
)  # fmt: skip


def everything(plan: Plan) -> Recording:
    """The whole namespace."""

    def declare(opts: pulumi.ResourceOptions) -> None:
        store = Store("store", StoreArgs(plan=plan, secrets=secrets_of(plan)), opts)
        args = CollectorArgs(
            plan=plan,
            namespace=store.namespace,
            account="123456789012",
            workspace_arn="arn:aws:aps:eu-west-1:123456789012:workspace/ws-1",
            remote_write_url="https://aps.invalid/api/v1/remote_write",
            grafana_url="https://grafana.invalid",
        )
        Collector("collector", args, opts)

    return recorded(declare)


@cache
def dev() -> Recording:
    return everything(planned("dev"))


def policies(recording: Recording) -> list[Policy]:
    return list(objects(recording, "NetworkPolicy").values())


def edges(chosen: Iterable[Policy], apps: Iterable[str]) -> set[Edge]:
    """Every connection that could be opened from or to a pod of the namespace."""
    chosen, inside = tuple(chosen), tuple(map(pod, apps))
    known = {*inside, STRANGER}
    return {
        (source.name, target.name, port, protocol)
        for source in (*inside, *OUTSIDE)
        for target in (*inside, *OUTSIDE)
        if source in known or target in known
        for port in PORTS
        for protocol in ("TCP", "UDP")
        if connects(chosen, source, target, port, protocol)
    }


def wanted(plan: Plan, *, api: int = 443, dns: tuple[int, ...] = (53,)) -> set[Edge]:
    """What the store, its prober and its collector need, from the catalogue."""
    ports = {each.service.name: each.service.container_port for each in plan.services}
    callers = [*(each.service for each in plan.services)]
    if plan.load_generator:
        callers = [*callers, plan.load_generator]
    asking = [*(caller.name for caller in callers), "prober"]
    in_mesh = asking if plan.mesh else []
    everybody = [*asking, "collector", STRANGER.name] if plan.mesh else []
    anywhere = [end.name for end in OUTSIDE if end is not STRANGER]
    tcp = [
        *((caller.name, c.callee, ports[c.callee]) for caller in callers for c in caller.calls),
        *(("prober", name, port) for name, port in ports.items()),
        *((asker, "prober", 9115) for asker in ("collector", "prober")),
        ("collector", "collector", 9090),
        # Of whoever has a proxy, known or not.
        *(("collector", name, 15020) for name in everybody),
        *((name, "istiod", 15012) for name in in_mesh),
        *((("collector", "istiod", 15014),) if plan.mesh else ()),
        *((asker, there, 443) for asker in ("collector", "prober") for there in anywhere),
        *(("collector", there, port) for there in anywhere for port in {api, 443, 9100}),
    ]
    if plan.customers:
        tcp.append(("istio-ingress", "frontend", 8080))
    if plan.cluster.oidc_provider is None:
        tcp.append(("collector", "pod-identity-agent", 80))
    names = {
        (name, there, port, protocol)
        for name in (*asking, "collector")
        for there in anywhere
        for port in dns
        for protocol in ("TCP", "UDP")
    }
    return {(*edge, "TCP") for edge in tcp} | names


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_what_is_open_is_what_is_wanted_both_ways(stack: str) -> None:
    plan = planned(stack)
    recording = everything(plan)
    assert edges(policies(recording), pods(recording)) == wanted(plan)


def test_without_a_mesh_the_network_still_holds_the_call_graph() -> None:
    plan = resolve(parse(without_mesh()))
    recording = everything(plan)
    assert edges(policies(recording), pods(recording)) == wanted(plan)


def test_on_openshift_the_api_server_and_resolvers_are_found_at_their_ports() -> None:
    plan = on_openshift()
    recording = everything(plan)
    found = edges(policies(recording), pods(recording))
    assert found == wanted(plan, api=6443, dns=(53, 5353))


def test_without_a_gateway_nobody_comes_in_from_elsewhere() -> None:
    config = values("dev")
    del config["gallery:door"], config["gallery:mesh"]
    plan = resolve(parse(config))
    recording = everything(plan)
    inside = {*pods(recording), "stranger"}
    assert not [
        edge
        for edge in edges(policies(recording), pods(recording))
        if edge[0] not in inside and edge[1] in inside
    ]


def test_without_hosts_nobody_is_let_out_to_them() -> None:
    recording = everything(resolve(parse(with_value("gallery:hosts", []))))
    found = edges(policies(recording), pods(recording))
    assert not [edge for edge in found if edge[2] == 9100]


def test_a_control_plane_in_another_namespace_is_reached_there() -> None:
    recording = everything(resolve(parse(with_value("mesh.existing.namespace", "mesh-system"))))
    there, here = pod("istiod", "mesh-system"), ISTIOD
    assert connects(policies(recording), pod("frontend"), there, 15012)
    assert not connects(policies(recording), pod("frontend"), here, 15012)


# The control: whatever is taken away or added by hand, the comparison above turns red.
@pytest.mark.parametrize("app", ["cartservice", "frontend", "prober", "collector", "loadgenerator"])
@pytest.mark.parametrize("way", ["ingress", "egress"])
def test_every_opening_is_needed(app: str, way: str) -> None:
    plan, apps = planned("dev"), tuple(pods(dev()))
    rules: list[Any] = objects(dev(), "NetworkPolicy")[app]["spec"].get(way, [])
    for number in range(len(rules)):
        broken = deepcopy(objects(dev(), "NetworkPolicy"))
        del broken[app]["spec"][way][number]
        assert edges(broken.values(), apps) < wanted(plan), rules[number]


@pytest.mark.parametrize(
    ("denials", "source", "target"),
    [
        # The second selects every pod too, so that either alone denies.
        ({"deny-by-default", "mesh-metrics"}, INTERNET, STRANGER),
        ({"deny-egress-by-default"}, STRANGER, INTERNET),
    ],
)
def test_a_pod_that_no_policy_knows_gets_nowhere_because_of_the_denial(
    denials: set[str], source: End, target: End
) -> None:
    known = objects(dev(), "NetworkPolicy")
    broken = [policy for name, policy in known.items() if name not in denials]
    assert not connects(known.values(), source, target, 443)
    assert connects(broken, source, target, 443)


def test_ways_out_are_closed_by_default_after_each_workload_has_its_own() -> None:
    (denial,) = [each for each in dev().resources if each.name == "store-deny-out"]
    for app in ("frontend", "redis-cart", "loadgenerator"):
        assert any(urn.endswith(f"::store-{app}") for urn in denial.dependencies), app
