"""Real proxies let through what the plan says, and nothing else; a broken policy is noticed."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from rehearsal.cluster.api import RefusedError
from rehearsal.mesh import gates
from rehearsal.mesh.asking import Outcome
from rehearsal.mesh.matrix import PLAIN, Ask, asks
from rehearsal.mesh.rehearsed import Mesh
from rehearsal.mesh.workloads import STRANGER
from rehearsal.stand_in.documents import Document
from tests.rehearsal.clusters import thorough
from tests.rehearsal.meshes import changed, mesh

# Fixtures, which pytest finds here.
__all__ = ["changed", "mesh", "thorough"]

pytestmark = pytest.mark.cluster

Change = Callable[[str, str, Callable[[Document], object]], None]

_ENFORCED_WITHIN_SECONDS = 3.0
_MATRIX_WITHIN_SECONDS = 30.0
_POLL_SECONDS = 0.05


def _ask(mesh: Mesh, callee: str, method: str) -> Ask:
    (service,) = [each.service for each in mesh.plan.services if each.service.name == callee]
    (found,) = [each for each in asks(service) if each.path.endswith(f"/{method}")]
    return found


def _seconds_until(what: Callable[[], bool]) -> float:
    began = time.monotonic()
    while not what():
        assert time.monotonic() - began < 10 * _ENFORCED_WITHIN_SECONDS
        time.sleep(_POLL_SECONDS)
    return time.monotonic() - began


def test_everybody_gets_what_the_plan_says_and_nothing_else(mesh: Mesh) -> None:
    found = mesh.matrix.play()
    assert not found.wrong
    assert found.seconds < _MATRIX_WITHIN_SECONDS
    callers = {each.caller for each in mesh.workloads}
    assert {"frontend", "prober", "loadgenerator", "gateway", STRANGER} <= callers
    # Each edge of the graph, at least, and far more that is none.
    assert found.answered >= sum(len(each.methods) or 1 for each in mesh.plan.allowed)
    assert found.asked > 5 * found.answered
    assert not list(gates.refusals(mesh.workloads))


def test_a_policy_without_one_caller_is_noticed_at_once(mesh: Mesh, changed: Change) -> None:
    ask = _ask(mesh, "cartservice", "EmptyCart")
    assert mesh.matrix.ask("checkoutservice", ask) is Outcome.ANSWERED
    principal = mesh.mesh.principal("checkoutservice")

    def without(policy: Document) -> None:
        policy["spec"]["rules"] = [
            rule
            for rule in policy["spec"]["rules"]
            if principal not in rule["from"][0]["source"]["principals"]
        ]

    changed("AuthorizationPolicy", "cartservice", without)
    took = _seconds_until(lambda: mesh.matrix.ask("checkoutservice", ask) is Outcome.DENIED)
    assert took < _ENFORCED_WITHIN_SECONDS
    mesh.settle()
    wrong = mesh.matrix.play().wrong
    assert {(each.caller, each.ask.callee.name, each.got) for each in wrong} == {
        ("checkoutservice", "cartservice", Outcome.DENIED)
    }
    assert {each.ask.path.rpartition("/")[2] for each in wrong} == {"EmptyCart", "GetCart"}


@pytest.mark.usefixtures("thorough")
def test_a_policy_with_a_caller_too_many_is_noticed(mesh: Mesh, changed: Change) -> None:
    def with_everybody(policy: Document) -> None:
        for rule in policy["spec"]["rules"]:
            rule["from"] = [{"source": {"principals": ["*"]}}]

    changed("AuthorizationPolicy", "paymentservice", with_everybody)
    mesh.settle()
    wrong = mesh.matrix.play().wrong
    assert {each.ask.callee.name for each in wrong} == {"paymentservice"}
    assert {each.got for each in wrong} == {Outcome.ANSWERED}
    assert STRANGER in {each.caller for each in wrong}


@pytest.mark.usefixtures("thorough")
def test_plain_text_that_is_let_in_is_noticed(mesh: Mesh, changed: Change) -> None:
    def permissive(authentication: Document) -> None:
        authentication["spec"]["mtls"]["mode"] = "PERMISSIVE"

    changed("PeerAuthentication", "default", permissive)
    mesh.settle()
    wrong = mesh.matrix.play().wrong
    assert {each.caller for each in wrong if each.ask.callee.name == "frontend"} == {PLAIN}


def test_istiod_itself_refuses_what_the_kinds_schema_takes(changed: Change) -> None:
    def nobody(policy: Document) -> None:
        policy["spec"]["rules"][0]["from"][0]["source"]["principals"] = [""]

    with pytest.raises(RefusedError, match="admission webhook"):
        changed("AuthorizationPolicy", "frontend", nobody)
