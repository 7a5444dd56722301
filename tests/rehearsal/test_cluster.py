"""A real Kubernetes API judges every object of every stack, and would notice a fault."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path

import pytest
import yaml

from offline.deployed import documents
from offline.errors import UserError
from offline.render import PROJECT, recording
from rehearsal.cluster import declared, installed
from rehearsal.cluster.api import Api
from rehearsal.cluster.declared import Declared, Objects
from rehearsal.cluster.judge import Judge, judging
from rehearsal.cluster.verdict import Outcome, Verdict
from rehearsal.machine.processes.supervisor import Supervisor
from rehearsal.stand_in.documents import Document
from tests.unit.components import OPENSHIFT
from tests.unit.recordings import deployed
from tests.unit.stack_files import STACKS, values

pytestmark = [pytest.mark.cluster, pytest.mark.drill]

_NAMESPACE = "gallery"
_ROUTE = {"apiVersion": "route.openshift.io/v1", "kind": "Route", "metadata": {"name": "shop"}}


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    """A cluster with its nodes and the mesh's kinds, for all the stacks and controls."""
    supervisor = Supervisor(tmp_path_factory.mktemp("cluster"))
    try:
        if lacking := installed.absent():
            pytest.skip(f"not built yet: {', '.join(lacking)}; `make proof` builds them with Go")
        made = judging(supervisor, lambda _line: None)
    except UserError as fault:
        pytest.skip(str(fault))
    supervisor.begin("test", "as it was")
    try:
        made.begin()
        made.complete()
        yield made
    finally:
        supervisor.stop_all()


def _on_openshift(place: Path) -> dict[str, str]:
    """The `deployed/` tree of `dev` on OpenShift."""
    config = values("dev")
    config["gallery:cluster"] = {"existing": OPENSHIFT}
    (place / "stacks").mkdir()
    (place / "__main__.py").symlink_to(PROJECT / "__main__.py")
    (place / "stacks" / "Pulumi.openshift.yaml").write_text(yaml.safe_dump({"config": config}))
    return documents(recording("openshift", place))


@pytest.fixture
def thorough(request: pytest.FixtureRequest) -> None:
    """For what takes a minute: `make test` leaves it to `make proof`."""
    if not request.config.getoption("--every-proof"):
        pytest.skip("takes a minute, and is left to `make proof`")


@pytest.fixture
def objects(tmp_path: Path) -> Callable[[str], Objects]:
    """The objects of a stack by its name, `openshift` too."""

    def read(stack: str) -> Objects:
        tree = _on_openshift(tmp_path) if stack == "openshift" else deployed(stack)
        (tmp_path / "resources.json").write_text(tree["resources.json"])
        (tmp_path / "prometheus.yml").write_text(tree["collector/prometheus.yml"])
        return declared.read(tmp_path)

    return read


def _moved(objects: Objects, namespace: str) -> Objects:
    """The same objects in a namespace of their own, so that one cluster can judge many stacks."""
    text = json.dumps([each.manifest for each in objects.declared])
    manifests = json.loads(
        text.replace(f'"namespace": "{_NAMESPACE}"', f'"namespace": "{namespace}"')
    )
    for each in manifests:
        if each["kind"] == "Namespace":
            each["metadata"]["name"] = namespace
    return Objects(
        declared=tuple(Declared(name="moved", manifest=each) for each in manifests),
        charts=objects.charts,
    )


@pytest.fixture
def verdict(judge: Judge, tmp_path: Path) -> Callable[[Objects, str], Verdict]:
    """A function that gives the verdict on objects, put into a namespace of that name."""

    def admit(objects: Objects, namespace: str) -> Verdict:
        return judge.admit(namespace, _moved(objects, namespace), tmp_path / "prometheus.yml")

    return admit


def _changed(
    objects: Objects, kind: str, name: str, change: Callable[[Document], object]
) -> Objects:
    """The objects with one of them changed."""
    copy = deepcopy(objects)
    (found,) = [
        each.manifest
        for each in copy.declared
        if each.manifest["kind"] == kind and each.manifest["metadata"]["name"] == name
    ]
    change(found)
    return copy


@pytest.mark.parametrize("stack", [*STACKS, "openshift"])
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
    broken = _changed(objects("dev"), "Deployment", "emailservice", _without_drop)
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
    broken = _changed(
        objects("dev"), "Service", "frontend", lambda each: each["spec"].update(typ="ClusterIP")
    )
    (refused,) = verdict(broken, "misspelt").of(Outcome.REFUSED)
    assert (refused.kind, refused.name) == ("Service", "frontend")
    assert "typ" in refused.why


def test_a_value_that_the_meshs_kind_has_not_is_refused(
    objects: Callable[[str], Objects], verdict: Callable[[Objects, str], Verdict]
) -> None:
    broken = _changed(
        objects("dev"), "ServiceEntry", "prober", lambda each: each["spec"].update(resolution="no")
    )
    (refused,) = verdict(broken, "resolution").of(Outcome.REFUSED)
    assert refused.kind == "ServiceEntry"
    assert "resolution" in refused.why


@pytest.mark.usefixtures("thorough")
def test_pods_beyond_the_quota_are_told(
    objects: Callable[[str], Objects], verdict: Callable[[Objects, str], Verdict]
) -> None:
    broken = _changed(
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
    broken = _changed(
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
    broken = _changed(
        objects("dev"), "Role", "collector", lambda each: each["rules"][0].update(verbs=["get"])
    )
    missed, *said = verdict(broken, "no-list").faults
    assert missed.startswith("the collector's account finds no pod adservice-")
    assert any("cannot list resource" in each for each in said)


@pytest.mark.usefixtures("thorough")
@pytest.mark.parametrize("stack", STACKS)
def test_all_that_a_stack_runs_can_be_rolled_at_once_within_the_quota(
    stack: str,
    judge: Judge,
    objects: Callable[[str], Objects],
    verdict: Callable[[Objects, str], Verdict],
) -> None:
    namespace = f"{stack}-rolled"
    assert not verdict(objects(stack), namespace).faults
    api = judge.api()
    root = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    rolled = [str(each["metadata"]["name"]) for each in api.items(root)]
    for name in rolled:
        api.merge(f"{root}/{name}", _RESTARTED)
    deadline = time.monotonic() + _ROLLED_WITHIN_SECONDS
    while late := [each["metadata"]["name"] for each in api.items(root) if not _rolled(each)]:
        judge.supervisor.refuse_dead()
        assert time.monotonic() < deadline, late
        time.sleep(0.5)
    assert len(rolled) >= 12
    assert not list(_refusals(api, namespace))


_ROLLED_WITHIN_SECONDS = 120.0
_RESTARTED: Document = {
    "spec": {
        "template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "now"}}}
    }
}


def _rolled(deployment: Document) -> bool:
    """Whether all of its pods are of the newest kind, and none of another is left."""
    status, wanted = deployment["status"], deployment["spec"]["replicas"]
    seen = status["observedGeneration"] >= deployment["metadata"]["generation"]
    counts = [status.get(each, 0) for each in ("replicas", "updatedReplicas", "readyReplicas")]
    return seen and counts == [wanted] * 3


def _refusals(api: Api, namespace: str) -> Iterator[str]:
    for event in api.items(f"/api/v1/namespaces/{namespace}/events"):
        if event["reason"] == "FailedCreate":
            yield f"{event['involvedObject']['name']}: {event['message']}"
