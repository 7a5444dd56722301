"""A mesh that the stack installs: what is made in which order, and which versions are refused."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest

from gallery.plan.mesh_versions import KUBERNETES, SERVICE_MESH
from gallery.plan.resolve import resolve
from gallery.stack_file.parse import parse, referenced_secrets
from offline.deployed import documents
from offline.monitor import Recording, Resource
from tests.unit.components import OPENSHIFT, objects, pods
from tests.unit.recordings import variant
from tests.unit.stack_files import errors, planned, values

ISTIO, SERVICE_MESH_3 = "1.30.4", "3.2.1"
RELEASE = "kubernetes:helm.sh/v3:Release"


def config(platform: str, mesh: Mapping[str, Any], stack: str = "dev") -> dict[str, Any]:
    found = values(stack)
    found["gallery:mesh"] = dict(mesh)
    if platform == "openshift":
        found["gallery:cluster"] = {"existing": OPENSHIFT}
    return found


def installing(platform: str, stack: str = "dev") -> dict[str, Any]:
    version = ISTIO if platform == "eks" else SERVICE_MESH_3
    return config(platform, {"installed": {"version": version}}, stack)


@cache
def installed(platform: str) -> Recording:
    found = installing(platform)
    return variant(found, *referenced_secrets(parse(found)))


def steps(recording: Recording) -> list[Resource]:
    """What the mesh is made by, in the order of the program."""
    (owner,) = recording.of("gallery:components:InstalledMesh")
    return [each for each in recording.resources if each.parent == owner.urn]


def names(recording: Recording) -> list[str]:
    return [each.name for each in steps(recording)]


def releases() -> dict[str, dict[str, Any]]:
    return {each.inputs["chart"]: dict(each.inputs) for each in installed("eks").of(RELEASE)}


@pytest.mark.parametrize(
    ("platform", "wanted"),
    [
        ("eks", ["istio-system", "istio-base", "istio-cni", "istiod-1-30-4"]),
        (
            "openshift",
            [
                "Subscription-servicemeshoperator3",
                "istio-cni",
                "IstioCNI-default",
                "istio-system",
                "Istio-gallery",
            ],
        ),
    ],
)
def test_each_step_waits_for_all_before_it_and_the_store_for_the_last(
    platform: str, wanted: list[str]
) -> None:
    """Dependencies are also the order in which an engine deletes, the other way around."""
    recording = installed(platform)
    found = steps(recording)
    assert [each.name.removeprefix("mesh-") for each in found] == wanted
    for number, each in enumerate(found):
        assert {one.urn for one in found[:number]} <= set(each.dependencies), each.name
    (namespace,) = [
        each
        for each in recording.of("kubernetes:core/v1:Namespace")
        if each.name == "store-namespace"
    ]
    assert {each.urn for each in found} <= set(namespace.dependencies)


def test_nothing_is_installed_where_the_mesh_is_others() -> None:
    assert names(variant(values())) == []


def test_every_chart_is_pinned_and_shown_as_a_file() -> None:
    files = documents(installed("eks"))
    assert [path for path in files if path.startswith("releases/")] == [
        "releases/mesh-istio-base.yaml",
        "releases/mesh-istio-cni.yaml",
        "releases/mesh-istiod-1-30-4.yaml",
    ]
    for release in releases().values():
        assert release["version"] == ISTIO
        assert release["repositoryOpts"] == {"repo": "https://blob.istio.io/istio-release/charts"}
        # Definitions outlive a release, and are found again by its name.
        assert release["name"]
        assert release["atomic"] is True


def test_namespaces_choose_the_control_plane_by_its_revision() -> None:
    assert releases()["istiod"]["values"]["revision"] == "1-30-4"
    assert releases()["base"]["values"]["defaultRevision"] == "1-30-4"
    labels = objects(installed("eks"), "Namespace")["gallery"]["metadata"]["labels"]
    assert labels["istio.io/rev"] == "1-30-4"
    assert "istio-injection" not in labels
    labels = objects(installed("openshift"), "Namespace")["gallery"]["metadata"]["labels"]
    assert labels["istio.io/rev"] == "gallery"


def test_another_version_is_another_control_plane_and_rolls_the_pods() -> None:
    """The one before it goes last, when nobody's proxy asks it any more."""
    newer = variant(config("eks", {"installed": {"version": "1.30.5"}}))
    assert set(names(newer)) - set(names(installed("eks"))) == {"mesh-istiod-1-30-5"}
    before, after = pods(installed("eks")), pods(newer)
    rolled = {name for name, pod in before.items() if pod != after[name]}
    assert rolled == {name for name in before if name != "collector"}


def test_a_mesh_of_others_rolls_nothing_by_its_version() -> None:
    versions = (variant(config("eks", {"existing": {"version": v}})) for v in ("1.30.4", "1.30.5"))
    first, second = versions
    assert pods(first) == pods(second)


@pytest.mark.parametrize(("stack", "replicas"), [("dev", 1), ("prod", 2)])
def test_production_has_more_than_one_control_plane(stack: str, replicas: int) -> None:
    from gallery.render.installation import Chart, installation

    plan = resolve(parse(installing("eks", stack)))
    (istiod,) = [
        each for each in installation(plan) if isinstance(each, Chart) and each.chart == "istiod"
    ]
    assert istiod.values["autoscaleMin"] == replicas
    # The chart refuses to be drained with a single one, and so has a budget for more alone.
    assert istiod.values["cni"] == {"enabled": True}


def test_on_openshift_the_operator_is_pinned_and_waited_for() -> None:
    recording = installed("openshift")
    assert not recording.of(RELEASE)
    (subscription,) = objects(recording, "Subscription").values()
    assert subscription["spec"]["channel"] == "stable-3.2"
    assert subscription["spec"]["startingCSV"] == "servicemeshoperator3.v3.2.1"
    for kind in ("Subscription", "IstioCNI", "Istio"):
        (found,) = objects(recording, kind).values()
        assert "pulumi.com/waitFor" in found["metadata"]["annotations"], kind
    for kind in ("IstioCNI", "Istio"):
        (found,) = objects(recording, kind).values()
        assert found["spec"]["version"] == "v1.27-latest"


@pytest.mark.parametrize(
    ("platform", "mesh", "fault"),
    [
        (
            "eks",
            {"installed": {"version": "1.12.0"}},
            "gallery:mesh.installed.version is 1.12.0; of Istio this program knows 1.24, ",
        ),
        (
            "openshift",
            {"installed": {"version": "2.6.0"}},
            "gallery:mesh.installed.version is 2.6.0; of OpenShift Service Mesh this program ",
        ),
        (
            "eks",
            {"existing": {"version": "1.12.0"}},
            "gallery:mesh.existing.version is 1.12.0; of Istio this program knows 1.24, ",
        ),
        (
            "eks",
            {"installed": {"version": "1.30"}},
            "gallery:mesh.installed.version: 1.30 leaves open which one; write all three",
        ),
        (
            "eks",
            {"installed": {"version": 1.3}},
            "gallery:mesh.installed.version: 1.3 is a number",
        ),
        ("eks", {"installed": {}}, "gallery:mesh.installed.version is missing"),
        (
            "eks",
            {"installed": {"version": "1.30.4"}, "existing": {}},
            "gallery:mesh: a mesh is existing or installed; remove one of the two",
        ),
    ],
)
def test_a_version_that_nobody_could_install_is_refused(
    platform: str, mesh: dict[str, Any], fault: str
) -> None:
    (found,) = errors(config(platform, mesh))
    assert found.startswith(fault)


def test_what_openshift_installs_is_an_istio_that_is_known() -> None:
    assert set(SERVICE_MESH.values()) <= set(KUBERNETES)


def test_the_versions_that_are_known_run_where_the_stack_does() -> None:
    """Each may stand on some Kubernetes that the store may stand on too."""
    for version in KUBERNETES:
        mesh = {"installed": {"version": f"{version}.1"}}
        assert resolve(parse(config("eks", mesh))).mesh != planned().mesh
