"""What the shipped stacks do not use: existing workspaces, the other engine."""

from __future__ import annotations

from copy import deepcopy

import pytest

from .aws_kinds import PROMETHEUS, SECRET, WORKSPACE
from .grafana_kinds import CONTACT_POINT, POLICY, RULE_GROUP
from .project import Project
from .values import Json, Properties, at

pytestmark = pytest.mark.engine


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
    # Secrets Manager keeps the name of a deleted secret, unless told to forget it at once.
    assert configured.attempt("destroy").ok
    assert configured.up().ok
