"""Real proxies let through what the plan says, and nothing else; a broken policy is noticed."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable

import pytest

from gallery.metrics.names import CERTIFICATE_LEFT, CONNECTED, PUSHES, UNMATCHED
from gallery.plan.mesh import HEALTH
from gallery.store.services import Protocol
from offline.errors import UserError
from rehearsal.cluster import definitions
from rehearsal.cluster.api import RefusedError
from rehearsal.cluster.declared import Declared
from rehearsal.machine import loopback
from rehearsal.machine.addresses import ISTIOD_METRICS
from rehearsal.mesh import gates
from rehearsal.mesh.asking import Outcome, call, connect, request
from rehearsal.mesh.figures import (
    CALLEE,
    CALLER,
    question,
    seconds_until_enforced,
)
from rehearsal.mesh.matrix import PLAIN
from rehearsal.mesh.place import ISTIOD_NAME
from rehearsal.mesh.policies import without_caller
from rehearsal.mesh.rehearsed import Mesh
from rehearsal.mesh.workloads import STRANGER
from rehearsal.stand_in.documents import Document
from tests.rehearsal.clusters import thorough
from tests.rehearsal.meshes import changed, mesh

# Fixtures, which pytest finds here.
__all__ = ["changed", "mesh", "thorough"]

pytestmark = pytest.mark.cluster

# A filter that Istio's own Envoy has alone, as its telemetry would be.
_FILTER = Declared(
    name="filter",
    manifest={
        "apiVersion": "networking.istio.io/v1alpha3",
        "kind": "EnvoyFilter",
        "metadata": {"name": "another", "namespace": "gallery"},
        "spec": {
            "configPatches": [
                {
                    "applyTo": "HTTP_FILTER",
                    "match": {"context": "SIDECAR_INBOUND"},
                    "patch": {
                        "operation": "INSERT_FIRST",
                        "value": {
                            "name": "istio.stats",
                            "typed_config": {
                                "@type": "type.googleapis.com/udpa.type.v1.TypedStruct",
                                "type_url": "type.googleapis.com/stats.PluginConfig",
                                "value": {},
                            },
                        },
                    },
                }
            ]
        },
    },
)

Change = Callable[[str, str, Callable[[Document], object]], None]

_ENFORCED_WITHIN_SECONDS = 3.0
_REFUSED_WITHIN_SECONDS = 30.0
_MATRIX_WITHIN_SECONDS = 30.0


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


def test_the_prober_reaches_each_service_by_an_address(mesh: Mesh) -> None:
    for service in (each.service for each in mesh.plan.services):
        address = mesh.proxies.probed[service.address]
        match service.protocol:
            case Protocol.HTTP:
                asked = request(address, str(address), "GET", str(service.probe.path))
            case Protocol.GRPC:
                asked = call(address, str(address), HEALTH)
            case Protocol.TCP:
                asked = connect(address)
        assert asyncio.run(asked) is Outcome.ANSWERED, service.name


def test_a_policy_without_one_caller_is_noticed_at_once(mesh: Mesh, changed: Change) -> None:
    assert mesh.matrix.ask(CALLER, question(mesh)) is Outcome.ANSWERED
    assert seconds_until_enforced(mesh) < _ENFORCED_WITHIN_SECONDS

    def without(policy: Document) -> None:
        policy["spec"] = without_caller(mesh.mesh, policy, CALLER)["spec"]

    changed("AuthorizationPolicy", CALLEE, without)
    mesh.settle()
    wrong = mesh.matrix.play().wrong
    assert {(each.caller, each.ask.callee.name, each.got) for each in wrong} == {
        (CALLER, CALLEE, Outcome.DENIED)
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


def test_proxies_and_istiod_say_under_istios_names_what_alerts_read(mesh: Mesh) -> None:
    """Whoever asks in plain text is counted at the listener that he came to."""
    (asked,) = [each for each in mesh.workloads if each.caller == CALLEE]
    assert asked.inward
    assert asyncio.run(request(asked.inward, CALLEE, "GET", "/")) == Outcome.CUT
    told = loopback.get(asked.metrics.url("/stats/prometheus")).decode()
    left = dict(
        re.findall(rf'^{CERTIFICATE_LEFT}{{resource_name="(.+)"}} (.+)$', told, re.MULTILINE)
    )
    assert left.keys() == {"default"}
    assert all(float(seconds) > 0 for seconds in left.values())
    listener = rf'{UNMATCHED}{{listener_address="{asked.ip}_\d+"}}'
    (counted,) = re.findall(rf"^{listener} (\d+)$", told, re.MULTILINE)
    assert int(counted) > 0
    istiod = loopback.get(ISTIOD_METRICS.url("/metrics")).decode()
    for name in (CONNECTED, PUSHES):
        assert re.search(rf"^{name}{{", istiod, re.MULTILINE)


def test_istiod_itself_refuses_what_the_kinds_schema_takes(changed: Change) -> None:
    def nobody(policy: Document) -> None:
        policy["spec"]["rules"][0]["from"][0]["source"]["principals"] = [""]

    with pytest.raises(RefusedError, match="admission webhook"):
        changed("AuthorizationPolicy", "frontend", nobody)


@pytest.mark.usefixtures("thorough")
def test_without_istiod_proxies_go_on_as_they_were(mesh: Mesh) -> None:
    mesh.supervisor.stop(ISTIOD_NAME)
    try:
        assert not mesh.matrix.play().wrong
    finally:
        mesh.supervisor.start(ISTIOD_NAME)
    # And take what comes once it is back.
    assert seconds_until_enforced(mesh) < 10 * _ENFORCED_WITHIN_SECONDS


@pytest.mark.usefixtures("thorough")
def test_a_configuration_that_proxies_refuse_is_told(mesh: Mesh) -> None:
    """The last one: what was refused once is counted for as long as a proxy runs."""
    assert not list(gates.refusals(mesh.workloads))
    definitions.add(mesh.api(), mesh.cluster.installed.definitions, [_FILTER])
    mesh.api().apply(_FILTER.manifest)
    with pytest.raises(UserError, match="istiod counts"):
        mesh.settle()
    # Proxies are given it one after another.
    refused = "the proxy of frontend has refused listener_manager.lds.update_rejected"
    deadline = time.monotonic() + _REFUSED_WITHIN_SECONDS
    while not any(refused in each for each in gates.refusals(mesh.workloads)):
        assert time.monotonic() < deadline
        time.sleep(0.5)
