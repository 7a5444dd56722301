"""What the shipped stacks do not use: existing workspaces, the other engine."""

from __future__ import annotations

from copy import deepcopy

import pytest

from .aws_kinds import PROMETHEUS, RULE_NAMESPACE, SECRET, WORKSPACE
from .grafana_kinds import CONTACT_POINT, POLICY, RULE_GROUP
from .kubernetes_kinds import RELEASE, SUBSCRIPTION
from .project import OPENSHIFT, Project
from .test_changes import WRITING
from .values import Json, Properties, at

pytestmark = pytest.mark.engine

DEFINITION = "aws:amp/alertManagerDefinition:AlertManagerDefinition"
_OPENSHIFT_CLUSTER: Properties = {
    "platform": "openshift",
    "kubeconfig": {"secret": "kubeconfig", "context": "gallery"},
    "egress_cidrs": ["203.0.113.0/28"],
    "oidc_provider": "arn:aws:iam::123456789012:oidc-provider/oidc.example.org/gallery",
}


def _deploy(project: Project, changes: Properties) -> None:
    """Configure and deploy."""
    if at(dict(project.configuration()), "gallery:environment") != "dev":
        pytest.skip("the variants are those of a stack for development")
    project.configure(changes)
    project.set_secrets()
    _ = project.up()


def test_existing_workspaces_deploy(configured: Project) -> None:
    _deploy(
        configured,
        {
            "gallery:prometheus": {"existing": "ws-01234567-89ab-cdef-0123-456789abcdef"},
            "gallery:grafana": _existing("g-0123456789"),
        },
    )
    assert configured.cloud.all(WORKSPACE) == configured.cloud.all(PROMETHEUS) == []
    (policy,) = configured.cloud.all(POLICY)
    assert policy.scope.startswith("g-0123456789")


def _bare(project: Project) -> None:
    """An EKS cluster that knows no kind of a mesh's."""
    if at(dict(project.configuration()), "gallery:cluster.existing.platform") != "eks":
        pytest.skip("the cluster that a mesh is installed into is EKS'")
    project.cloud.existing.clear()


def test_a_mesh_is_installed_before_the_store_and_goes_after_it(configured: Project) -> None:
    """On EKS by charts. The stand-ins refuse an object whose kind nobody has defined yet."""
    _bare(configured)
    _deploy(configured, {"gallery:mesh": {"installed": {"version": "1.30.4"}}})
    releases = {made.text("name"): made for made in configured.cloud.all(RELEASE)}
    assert set(releases) == {"istio-base", "istio-cni", "istiod-1-30-4"}
    assert str(configured.preview("--expect-no-changes")) == "nothing"
    configured.configure({"gallery:mesh": {"installed": {"version": "1.30.5"}}})
    plan = configured.preview()
    # The store's own objects stay, and what holds data too.
    assert {step.name for step in plan.destructive} == {"mesh-istiod-1-30-4"}
    calls = len(configured.cloud.calls)
    _ = configured.up()
    assert "istiod-1-30-5" in {made.text("name") for made in configured.cloud.all(RELEASE)}
    last = [call for call in configured.cloud.calls[calls:] if call.verb in ("update", "delete")]
    assert last[-1].verb == "delete"
    run = configured.attempt("destroy")
    assert run.ok, run.output
    assert configured.cloud.all() == []


def test_a_stack_with_a_mesh_of_its_own_moves_to_openshift(configured: Project) -> None:
    """Another platform's mesh, by its operator, and nothing of the first one is left."""
    _bare(configured)
    configured.cloud.adopt([OPENSHIFT])
    _deploy(configured, {"gallery:mesh": {"installed": {"version": "1.30.4"}}})
    configured.configure(
        {
            "gallery:cluster": {"existing": _OPENSHIFT_CLUSTER},
            "gallery:mesh": {"installed": {"version": "3.2.1"}},
        }
    )
    configured.set_secrets()
    _ = configured.up()
    assert configured.cloud.all(RELEASE) == []
    (subscription,) = configured.cloud.all(SUBSCRIPTION)
    assert subscription.text("spec.startingCSV") == "servicemeshoperator3.v3.2.1"


def test_the_content_follows_to_another_existing_grafana(configured: Project) -> None:
    _deploy(configured, {"gallery:grafana": _existing("g-0123456789")})
    content = _content(configured, "g-0123456789")
    assert content
    configured.configure({"gallery:grafana": _existing("g-9876543210")})
    _ = configured.up()
    assert _content(configured, "g-9876543210") == content
    assert _content(configured, "g-0123456789") == set()


def _existing(workspace: str) -> Json:
    return {"existing": workspace, "replace_notification_policy": True}


def _content(project: Project, workspace: str) -> set[tuple[str, str]]:
    return {
        (made.kind.type, made.name)
        for made in project.cloud.all()
        if made.scope.startswith(workspace)
    }


def _alertmanager(project: Project) -> Properties:
    """The keys of the stack file for the other engine, which has one interval: AMP's ruler's."""
    alerting = deepcopy(project.configuration()["gallery:alerting"])
    assert isinstance(alerting, dict)
    points: Json = {
        "pager": {"kind": "pagerduty", "secret": "pagerduty-key"},
        "chat": {"kind": "sns"},
    }
    alerting |= {"engine": "alertmanager", "contact_points": points}
    monitoring = deepcopy(project.configuration()["gallery:monitoring"])
    assert isinstance(monitoring, dict)
    del monitoring["evaluate"]
    monitoring["group_wait"] = "61s"
    return {"gallery:alerting": alerting, "gallery:monitoring": monitoring}


def test_the_alertmanager_engine_deploys_without_grafanas_rules(configured: Project) -> None:
    _deploy(configured, _alertmanager(configured))
    assert configured.cloud.all(RULE_GROUP) == configured.cloud.all(CONTACT_POINT) == []
    assert configured.cloud.all(SECRET)
    assert configured.secrets["pagerduty-key"] not in configured.state()
    # Secrets Manager keeps the name of a deleted secret, unless told to forget it at once.
    assert configured.attempt("destroy").ok
    assert configured.up().ok


def test_another_engine_tells_before_the_first_is_silent_and_the_way_back_is_whole(
    deployed: Project,
) -> None:
    cloud, first = deployed.cloud, _alerting(deployed)
    keys = {
        key: deployed.configuration()[key] for key in ("gallery:alerting", "gallery:monitoring")
    }
    _deploy(deployed, _alertmanager(deployed))
    assert cloud.all(RULE_GROUP) == cloud.all(CONTACT_POINT) == cloud.all(POLICY) == []
    (routes,) = cloud.all(DEFINITION)
    assert "pagerduty_configs" in routes.text("definition")
    steps = [(call.verb, call.type) for call in cloud.calls if call.verb in WRITING]
    begins = max(n for n, step in enumerate(steps) if step[1] == DEFINITION)
    assert begins < steps.index(("delete", RULE_GROUP))
    assert str(deployed.preview("--expect-no-changes")) == "nothing"
    _deploy(deployed, keys)
    assert _alerting(deployed) == first
    assert cloud.all(SECRET) == []
    assert str(deployed.preview("--expect-no-changes")) == "nothing"


def _alerting(project: Project) -> set[tuple[str, str]]:
    """What alerts in Grafana and in AMP."""
    kinds = (RULE_GROUP, CONTACT_POINT, POLICY, RULE_NAMESPACE, DEFINITION)
    return {(made.kind.type, made.name) for kind in kinds for made in project.cloud.all(kind)}
