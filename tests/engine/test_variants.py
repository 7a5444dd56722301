"""What the shipped stacks do not use: OpenShift, existing workspaces, the other engine."""

from __future__ import annotations

from copy import deepcopy

import pytest

from .aws_kinds import PROMETHEUS, SECRET, WORKSPACE
from .grafana_kinds import CONTACT_POINT, POLICY, RULE_GROUP
from .project import OPENSHIFT, Project
from .values import Json, Properties, at

pytestmark = pytest.mark.engine


def _deploy(project: Project, changes: Properties) -> None:
    """Configure, deploy and find nothing left to do."""
    if at(dict(project.configuration()), "gallery:environment") == "prod":
        pytest.skip("the variants are those of a stack outside production")
    project.configure(changes)
    project.set_secrets()
    _ = project.up()
    assert str(project.preview("--expect-no-changes")) == "nothing"


def test_an_openshift_cluster_and_existing_workspaces_deploy(configured: Project) -> None:
    configured.cloud.adopt([OPENSHIFT])
    existing = "g-0123456789"
    _deploy(
        configured,
        {
            "gallery:cluster": {
                "existing": {
                    "platform": "openshift",
                    "kubeconfig": {"secret": "kubeconfig", "context": "gallery"},
                    "egress_cidrs": ["203.0.113.0/28"],
                    "oidc_provider": (
                        "arn:aws:iam::111122223333:oidc-provider/oidc.example.org/gallery"
                    ),
                }
            },
            "gallery:prometheus": {"existing": "ws-01234567-89ab-cdef-0123-456789abcdef"},
            "gallery:grafana": {"existing": existing, "replace_notification_policy": True},
        },
    )
    assert configured.cloud.all(WORKSPACE) == configured.cloud.all(PROMETHEUS) == []
    assert configured.cloud.all(scope=OPENSHIFT)
    (policy,) = configured.cloud.all(POLICY)
    assert policy.scope.startswith(existing)
    assert configured.secrets["kubeconfig"] not in configured.state()


def test_the_alertmanager_engine_deploys_without_grafanas_rules(configured: Project) -> None:
    alerting = deepcopy(configured.configuration()["gallery:alerting"])
    assert isinstance(alerting, dict)
    points: Json = {
        "pager": {"kind": "pagerduty", "secret": "pagerduty-key"},
        "chat": {"kind": "sns"},
    }
    alerting |= {"engine": "alertmanager", "contact_points": points}
    monitoring = deepcopy(configured.configuration()["gallery:monitoring"])
    assert isinstance(monitoring, dict)
    # One engine, one interval: that of AMP's ruler.
    del monitoring["evaluate"]
    monitoring["group_wait"] = "61s"
    _deploy(configured, {"gallery:alerting": alerting, "gallery:monitoring": monitoring})
    assert configured.cloud.all(RULE_GROUP) == configured.cloud.all(CONTACT_POINT) == []
    assert configured.cloud.all(SECRET)
    assert configured.secrets["pagerduty-key"] not in configured.state()
