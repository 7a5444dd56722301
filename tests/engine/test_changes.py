"""What a change of a stack's file, of the world or of the calendar does, and what it spares."""

from __future__ import annotations

from copy import deepcopy

import pytest

from .aws_kinds import INSTANCE, TOKEN, WORKSPACE
from .cloud import Made
from .project import Project
from .values import Json, at, text_at

pytestmark = pytest.mark.engine

GENERATION = "generation"


def _hosts(project: Project) -> list[Json]:
    hosts = project.configuration().get("gallery:hosts")
    if not isinstance(hosts, list) or not hosts:
        pytest.skip(f"{project.stack} has no hosts")
    return deepcopy(hosts)


def _content(project: Project) -> set[tuple[str, str, str]]:
    """Everything in every Grafana and cluster, by identity."""
    return {
        (made.kind.type, made.name, made.id)
        for made in project.cloud.all()
        if made.scope != "account"
    }


def _instances(project: Project) -> dict[str, Made]:
    return {made.name: made for made in project.cloud.all(INSTANCE)}


def test_one_host_more_makes_one_host_and_replaces_nothing(deployed: Project) -> None:
    hosts = _hosts(deployed)
    assert isinstance(hosts[0], dict)
    hosts[0]["count"] = int(text_at(hosts[0], "count")) + 1
    deployed.configure({"gallery:hosts": hosts})
    plan = deployed.preview()
    assert len(plan.of(INSTANCE)) == 1
    assert [step.type for step in plan.doing("create")] == [INSTANCE]
    assert plan.destructive == ()
    before = _instances(deployed)
    _ = deployed.up()
    after = _instances(deployed)
    assert len(after) == len(before) + 1
    assert {name: after[name].id for name in before} == {n: m.id for n, m in before.items()}


def test_a_newer_image_replaces_no_host(deployed: Project) -> None:
    _ = _hosts(deployed)
    for parameter in _parameters(deployed):
        deployed.cloud.parameters[parameter] = "ami-0fedcba9876543210"
    assert str(deployed.preview("--expect-no-changes")) == "nothing"


def _parameters(project: Project) -> set[str]:
    """The names of the SSM parameters that the program asks for."""
    _ = project.preview()
    return {name for name in project.cloud.existing if name.startswith("/aws/service/ami")}


def test_a_new_generation_replaces_its_group_alone(deployed: Project) -> None:
    hosts = _hosts(deployed)
    assert isinstance(hosts[0], dict)
    group = text_at(hosts[0], "name")
    hosts[0][GENERATION] = 2
    deployed.configure({"gallery:hosts": hosts})
    before = _instances(deployed)
    _ = deployed.up()
    after = _instances(deployed)
    assert after.keys() == before.keys()
    replaced = {name for name in before if before[name].id != after[name].id}
    assert replaced == {name for name, made in before.items() if _group(made) == group}
    assert replaced


def _group(made: Made) -> str:
    return text_at(made.inputs, "tags.gallery:group") or made.name.rpartition("-")[0]


def test_an_override_changes_its_own_rule_group_alone(deployed: Project) -> None:
    alerting = deepcopy(deployed.configuration()["gallery:alerting"])
    assert isinstance(alerting, dict)
    overrides = at(alerting, "overrides")
    others = overrides if isinstance(overrides, dict) else {}
    alerting["overrides"] = {**others, "EndpointDown": {"hold": "90s"}}
    deployed.configure({"gallery:alerting": alerting})
    plan = deployed.preview()
    rules = [step for step in plan.steps if step.type in RULES]
    assert len(rules) == 1, str(plan)
    assert "EndpointDown" in str(rules[0].after)
    assert {step.op for step in plan.steps} == {"update"}
    assert {step.type for step in plan.steps} <= {*RULES, "pulumi:pulumi:Stack"}


RULES = (
    "grafana:alerting/ruleGroup:RuleGroup",
    "aws:amp/ruleGroupNamespace:RuleGroupNamespace",
)


def test_a_turned_week_replaces_the_token_and_nothing_else(deployed: Project) -> None:
    content, tokens = _content(deployed), deployed.cloud.all(TOKEN)
    with deployed.turned(days=7):
        plan = deployed.preview()
        assert {step.type for step in plan.destructive} == {TOKEN}
        _ = deployed.up()
        assert str(deployed.preview("--expect-no-changes")) == "nothing"
    calls = [str(call) for call in deployed.cloud.calls if not call.preview]
    created = calls.index(f"create {TOKEN} {tokens[0].name}")
    deleted = calls.index(f"delete {TOKEN} {tokens[0].name}")
    assert created < deleted
    assert _content(deployed) == content
    assert {token.id for token in deployed.cloud.all(TOKEN)} != {token.id for token in tokens}


def test_a_stack_left_alone_until_its_token_died_deploys_again(deployed: Project) -> None:
    content = _content(deployed)
    with deployed.turned(days=35):
        _ = deployed.up()
    assert _content(deployed) == content


def test_a_replaced_workspace_gets_its_content_again(deployed: Project) -> None:
    workspaces = deployed.cloud.all(WORKSPACE)
    if not workspaces:
        pytest.skip(f"{deployed.stack} uses an existing Grafana")
    if _protected(deployed, WORKSPACE):
        pytest.skip(f"{deployed.stack} protects its workspace from replacement")
    (old,) = workspaces
    content = {(made.kind.type, made.name) for made in _inside(deployed, old)}
    assert content
    urn = next(urn for urn in _urns(deployed) if f"{WORKSPACE}::" in urn)
    _ = deployed.must("up", "--yes", "--skip-preview", "-s", deployed.stack, "--replace", urn)
    (new,) = deployed.cloud.all(WORKSPACE)
    assert new.id != old.id
    assert {(made.kind.type, made.name) for made in _inside(deployed, new)} == content
    assert _inside(deployed, old) == []


def _inside(project: Project, workspace: Made) -> list[Made]:
    return project.cloud.all(scope=workspace.text("endpoint"))


def _urns(project: Project) -> list[str]:
    return [text_at(item, "urn") for item in project.resources()]


def _protected(project: Project, type_token: str) -> bool:
    return any(
        item.get("protect") is True and text_at(item, "type") == type_token
        for item in project.resources()
    )
