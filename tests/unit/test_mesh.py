from __future__ import annotations

from functools import cache
from typing import Any

import pulumi
import pytest

from components.mesh import Mesh, MeshArgs
from gallery.plan.mesh import GATEWAY
from gallery.plan.model import Plan
from gallery.plan.resolve import resolve
from gallery.stack_file.parse import parse
from gallery.store.companions import PROBER
from gallery.store.services import SERVICES, Protocol, Service
from offline.monitor import Recording
from tests.unit.components import objects, recorded
from tests.unit.stack_files import STACKS, errors, planned, values, with_value

HERE = "cluster.local/ns/gallery/sa/"
BY_NAME = {service.name: service for service in SERVICES}


def mesh(plan: Plan) -> Recording:
    def declare(opts: pulumi.ResourceOptions) -> None:
        Mesh("mesh", mesh_args(plan, "gallery"), opts)

    return recorded(declare)


def mesh_args(plan: Plan, namespace: str) -> MeshArgs:
    return MeshArgs(
        allowed=plan.allowed,
        services=plan.services,
        waits=plan.waits,
        namespace=namespace,
    )


@cache
def dev() -> Recording:
    return mesh(planned("dev"))


@cache
def prod() -> Recording:
    return mesh(planned("prod"))


def rules(recording: Recording, callee: str) -> dict[str, dict[str, Any]]:
    """What is allowed at a callee, by principal."""
    spec = objects(recording, "AuthorizationPolicy")[callee]["spec"]
    assert spec["action"] == "ALLOW"
    assert spec["selector"] == {"matchLabels": {"app": callee}}
    found = dict[str, dict[str, Any]]()
    for rule in spec["rules"]:
        (source,), (target,) = rule["from"], rule["to"]
        (principal,) = source["source"]["principals"]
        assert principal not in found
        found[principal] = target["operation"]
    return found


def judged(recording: Recording, callee: str, principal: str, verb: str, path: str) -> bool:
    """What Istio's documented semantics of ALLOW say of a request at the callee's port."""
    operation = rules(recording, callee).get(principal)
    return (
        operation is not None
        and str(BY_NAME[callee].container_port) in operation["ports"]
        and verb in operation.get("methods", [verb])
        and path in operation.get("paths", [path])
    )


def test_plain_text_is_refused_in_the_whole_namespace() -> None:
    ((name, found),) = objects(dev(), "PeerAuthentication").items()
    # The name and the missing selector make it the namespace's own.
    assert name == "default"
    assert found["spec"] == {"mtls": {"mode": "STRICT"}}


def test_what_no_policy_allows_is_denied() -> None:
    assert objects(dev(), "AuthorizationPolicy")["deny-by-default"]["spec"] == {}


def test_every_service_has_a_policy_of_its_own() -> None:
    named = set(objects(dev(), "AuthorizationPolicy"))
    assert named == {"deny-by-default", *BY_NAME}


def test_a_caller_may_ask_for_what_it_asks_for_and_for_nothing_else() -> None:
    found = rules(dev(), "cartservice")
    assert set(found) == {HERE + "checkoutservice", HERE + "frontend", HERE + "prober"}
    assert found[HERE + "checkoutservice"] == {
        "ports": ["7070"],
        "methods": ["POST"],
        "paths": ["/hipstershop.CartService/EmptyCart", "/hipstershop.CartService/GetCart"],
    }
    assert "/hipstershop.CartService/AddItem" in found[HERE + "frontend"]["paths"]


def test_a_service_is_admitted_at_the_port_its_container_listens_on() -> None:
    assert rules(dev(), "emailservice")[HERE + "checkoutservice"]["ports"] == ["8080"]


def test_the_table_of_callers_and_methods_is_the_call_graph() -> None:
    """Every caller asks every service for everything: what passes is what the catalogue says."""
    callers = (*(service.name for service in SERVICES), "loadgenerator", "prober", "stranger")
    wanted = {
        (caller.name, call.callee, method)
        for caller in (*SERVICES, planned("dev").catalogue.load_generator)
        for call in caller.calls
        for method in call.methods
    }
    passed = {
        (caller, callee.name, method.name)
        for caller in callers
        for callee in SERVICES
        for method in callee.methods
        if judged(
            dev(),
            callee.name,
            HERE + caller,
            method.name if callee.protocol is Protocol.HTTP else "POST",
            "/" if callee.protocol is Protocol.HTTP else f"/{callee.grpc_service}/{method.name}",
        )
    }
    assert passed == wanted


def test_redis_is_opened_to_the_cart_and_the_prober_by_principal_and_port_alone() -> None:
    assert rules(dev(), "redis-cart") == {
        HERE + "cartservice": {"ports": ["6379"]},
        HERE + "prober": {"ports": ["6379"]},
    }


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_the_prober_asks_every_service_whether_it_is_well_and_nothing_else(
    service: Service,
) -> None:
    found = rules(dev(), service.name)[HERE + PROBER.name]
    match service.protocol:
        case Protocol.GRPC:
            assert found["paths"] == ["/grpc.health.v1.Health/Check"]
            assert found["methods"] == ["POST"]
        case Protocol.HTTP:
            assert (found["methods"], found["paths"]) == (["GET"], ["/_healthz"])
        case _:
            assert not {"methods", "paths"} & set(found)


def test_played_customers_are_let_in_only_where_they_are_played() -> None:
    assert HERE + "loadgenerator" in rules(dev(), "frontend")
    assert HERE + "loadgenerator" not in rules(prod(), "frontend")


def test_customers_come_through_the_gateway_and_reach_the_entrance_alone() -> None:
    principal = "cluster.local/ns/istio-ingress/sa/istio-ingress"
    reached = {name for name in BY_NAME if principal in rules(prod(), name)}
    assert reached == {"frontend"}
    found = rules(prod(), "frontend")[principal]
    assert found == {"ports": ["8080"], "methods": ["GET", "HEAD", "POST"]}


def test_a_mesh_with_another_trust_domain_is_believed_under_its_name() -> None:
    plan = resolve(parse(with_value("mesh.existing.trust_domain", "shop.example.org")))
    assert {each.principal.partition("/ns/")[0] for each in plan.allowed} == {"shop.example.org"}


def test_without_a_door_no_gateway_is_needed_and_none_is_let_in() -> None:
    config = values("dev")
    del config["gallery:door"], config["gallery:mesh"]
    found: set[str] = {each.caller for each in resolve(parse(config)).allowed}
    assert GATEWAY not in found


@pytest.mark.parametrize("stack", STACKS)
def test_a_door_without_a_gateway_is_refused_with_the_key_and_the_cure(stack: str) -> None:
    config = values(stack)
    del config["gallery:door"]["gateway"]
    (fault,) = errors(config)
    assert fault.startswith("gallery:door.gateway is missing: shop.")
    assert "gateway: {namespace: istio-ingress, service_account: istio-ingress" in fault


@pytest.mark.parametrize(
    ("key", "value", "fault"),
    [
        ("door.gateway.namespace", "Istio", "gallery:door.gateway.namespace is 'Istio'"),
        ("door.gateway.pods", {}, "gallery:door.gateway.pods is an empty mapping"),
        ("door.gateway.pods", {"istio": True}, "gallery:door.gateway.pods.istio is true"),
        (
            "mesh.existing.trust_domain",
            "spiffe://x",
            "gallery:mesh.existing.trust_domain is 'spiffe://x'",
        ),
    ],
)
def test_a_gateway_that_kubernetes_could_not_have_is_refused(
    key: str, value: object, fault: str
) -> None:
    (found,) = errors(with_value(key, value))
    assert found.startswith(fault)


def test_two_meshes_do_not_collide() -> None:
    def declare(opts: pulumi.ResourceOptions) -> None:
        for name in ("one", "two"):
            Mesh(name, mesh_args(planned(), name), opts)

    made = [each for each in recorded(declare).resources if "security.istio" in each.type]
    assert len(made) == 2 * (len(BY_NAME) + 2)
