"""A real Kubernetes API judges every object of every stack, and would notice a fault."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest

from offline.deployed import documents
from rehearsal.cluster.declared import Declared, Objects
from rehearsal.cluster.verdict import Outcome, Verdict
from rehearsal.stand_in.documents import Document
from tests.rehearsal.clusters import changed, judge, objects, objects_of, thorough, verdict
from tests.unit.recordings import variant
from tests.unit.stack_files import STACKS, with_value, without_mesh

# Fixtures, which pytest finds here.
__all__ = ["judge", "objects", "thorough", "verdict"]

pytestmark = pytest.mark.cluster

_MESH = "istio-system"
_ROUTE = {"apiVersion": "route.openshift.io/v1", "kind": "Route", "metadata": {"name": "shop"}}


@pytest.mark.parametrize("stack", STACKS)
def test_every_object_of_a_stack_is_admitted_and_its_pods_are_ready(
    stack: str,
    request: pytest.FixtureRequest,
    objects: Callable[[str], Objects],
    verdict: Callable[[Objects, str], Verdict],
) -> None:
    if stack != "dev":
        request.getfixturevalue("thorough")
    found = verdict(objects(stack), f"{stack}-whole")
    assert not found.faults
    assert found.of(Outcome.ADMITTED) == list(found.judged)
    assert not [text for each in found.judged for text in each.warnings]
    assert min(found.pods.values()) >= 1
    assert len(found.pods) >= 13


_MESHES = {
    "none": without_mesh,
    "installed": lambda: with_value("mesh", {"installed": {"version": "1.30.4"}}),
}


@pytest.mark.usefixtures("thorough")
@pytest.mark.parametrize("mesh", _MESHES)
def test_a_stack_with_another_mesh_or_none_is_admitted_too(
    mesh: str, tmp_path: Path, verdict: Callable[[Objects, str], Verdict]
) -> None:
    """With no proxy in any pod, and with those of a revision."""
    objects = objects_of(documents(variant(_MESHES[mesh]())), tmp_path)
    found = verdict(objects, f"mesh-{mesh}")
    assert not found.faults
    assert [each.kind for each in found.of(Outcome.NOT_JUDGED)] == ["Release"] * len(objects.charts)
    assert not [text for each in found.judged for text in each.warnings]
    assert min(found.pods.values()) >= 1


def test_a_kind_that_openshift_alone_has_is_named_as_not_judged(
    objects: Callable[[str], Objects], verdict: Callable[[Objects, str], Verdict]
) -> None:
    (namespace,) = [
        each for each in objects("dev").declared if each.manifest["kind"] == "Namespace"
    ]
    route = Declared(name="shop", manifest=deepcopy(_ROUTE))
    found = verdict(Objects(declared=(namespace, route), charts=("istiod",)), "route")
    assert not found.faults
    assert [(each.kind, each.name) for each in found.of(Outcome.NOT_JUDGED)] == [
        ("Route", "shop"),
        ("Release", "istiod"),
    ]
    assert [line for line in found.lines() if line.startswith("not judged: Route shop")]


def _without_drop(deployment: Document) -> None:
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    del container["securityContext"]["capabilities"]


def test_with_one_security_field_removed_the_pods_are_refused(
    objects: Callable[[str], Objects], verdict: Callable[[Objects, str], Verdict]
) -> None:
    broken = changed(objects("dev"), "Deployment", "emailservice", _without_drop)
    found = verdict(broken, "without-drop")
    (fault,) = found.faults
    assert "Deployment emailservice has 0 of" in fault
    assert "violates PodSecurity" in fault
    assert "unrestricted capabilities" in fault
    # The Deployment itself was taken, with a warning.
    assert not found.of(Outcome.REFUSED)
    (warned,) = [each for each in found.judged if each.warnings]
    assert (warned.kind, warned.name) == ("Deployment", "emailservice")


def test_a_field_that_the_kind_has_not_is_refused(
    objects: Callable[[str], Objects], verdict: Callable[[Objects, str], Verdict]
) -> None:
    broken = changed(
        objects("dev"), "Service", "frontend", lambda each: each["spec"].update(typ="ClusterIP")
    )
    (refused,) = verdict(broken, "misspelt").of(Outcome.REFUSED)
    assert (refused.kind, refused.name) == ("Service", "frontend")
    assert "typ" in refused.why


def test_a_value_that_the_meshs_kind_has_not_is_refused(
    objects: Callable[[str], Objects], verdict: Callable[[Objects, str], Verdict]
) -> None:
    broken = changed(
        objects("dev"), "ServiceEntry", "prober", lambda each: each["spec"].update(resolution="no")
    )
    (refused,) = verdict(broken, "resolution").of(Outcome.REFUSED)
    assert refused.kind == "ServiceEntry"
    assert "resolution" in refused.why


@pytest.mark.usefixtures("thorough")
def test_pods_beyond_the_quota_are_told(
    objects: Callable[[str], Objects], verdict: Callable[[Objects, str], Verdict]
) -> None:
    broken = changed(
        objects("dev"),
        "ResourceQuota",
        "gallery",
        lambda each: each["spec"]["hard"].update(pods="9"),
    )
    faults = verdict(broken, "little-quota").faults
    assert faults
    assert all("exceeded quota" in fault for fault in faults)


def test_what_a_second_apply_changes_is_told(
    objects: Callable[[str], Objects], verdict: Callable[[Objects, str], Verdict]
) -> None:
    # The API leaves an empty list out of what it keeps, and finds it new at each apply.
    broken = changed(
        objects("dev"),
        "NetworkPolicy",
        "deny-by-default",
        lambda each: each["spec"].update(ingress=[]),
    )
    found = verdict(broken, "empty-list")
    (unsteady,) = found.of(Outcome.UNSTEADY)
    assert (unsteady.kind, unsteady.name) == ("NetworkPolicy", "deny-by-default")
    assert found.faults == [str(unsteady)]


@pytest.mark.usefixtures("thorough")
def test_a_collector_that_may_not_list_pods_is_told(
    objects: Callable[[str], Objects], verdict: Callable[[Objects, str], Verdict]
) -> None:
    broken = changed(
        objects("dev"), "Role", "collector", lambda each: each["rules"][0].update(verbs=["get"])
    )
    missed, *said = verdict(broken, "no-list").faults
    assert missed.startswith("the collector's account finds no pod adservice-")
    assert any("cannot list resource" in each for each in said)


@pytest.mark.usefixtures("thorough")
def test_a_collector_that_may_not_look_for_istiod_is_told(
    objects: Callable[[str], Objects], verdict: Callable[[Objects, str], Verdict]
) -> None:
    whole = objects("dev")
    left = [
        each
        for each in whole.declared
        if (each.manifest["kind"], each.manifest["metadata"].get("namespace"))
        not in {("Role", _MESH), ("RoleBinding", _MESH)}
    ]
    assert len(left) == len(whole.declared) - 2
    missed, *said = verdict(replace(whole, declared=tuple(left)), "no-role").faults
    assert missed == "the collector's account finds no pod istiod"
    assert any("cannot list resource" in each and _MESH in each for each in said)
