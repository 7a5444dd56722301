"""What a change of a stack's file, of the world or of the calendar does, and what it spares."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import cast

import pytest

from .aws_kinds import INSTANCE, RULE_NAMESPACE, TOKEN, WORKSPACE
from .cloud import Made
from .grafana_kinds import CONTACT_POINT, DASHBOARD, POLICY, RULE_GROUP
from .kubernetes_kinds import (
    AUTOSCALER,
    CLAIM,
    CONFIG_MAP,
    DEPLOYMENT,
    PRIORITY_CLASS,
    SECRET,
    SERVICE,
    STATEFUL_SET,
)
from .project import OWN, Project
from .values import Json, Properties, at, text_at

pytestmark = pytest.mark.engine

WRITING = ("create", "update", "delete")


def test_one_host_more_makes_one_host_and_deletes_nothing(deployed: Project) -> None:
    hosts = _hosts(deployed)
    first = hosts[0]
    assert isinstance(first, dict)
    first["count"] = int(text_at(first, "count")) + 1
    deployed.configure({"gallery:hosts": hosts})
    before = _instances(deployed)
    _ = deployed.up()
    assert [call.type for call in deployed.cloud.calls if call.verb == "create"] == [INSTANCE]
    assert [str(call) for call in deployed.cloud.calls if call.verb == "delete"] == []
    after = _instances(deployed)
    assert len(after) == len(before) + 1
    assert before.items() <= after.items()


def test_another_image_and_user_data_replace_no_host(deployed: Project) -> None:
    _ = _hosts(deployed)
    deployed.cloud.images |= {"ami-0fedcba98765432a": "arm64", "ami-0fedcba98765432b": "x86_64"}
    longer = (
        "\n_rendered = user_data\n\n\ndef user_data(*known):\n"
        '    return _rendered(*known) + "# another line\\n"\n'
    )
    with deployed.changed("gallery/render/cloud_init.py", lambda text: text + longer):
        assert str(deployed.preview("--expect-no-changes")) == "nothing"


def test_other_subnets_move_no_host_before_its_next_generation(deployed: Project) -> None:
    hosts = _hosts(deployed)
    subnets = ["subnet-0fedcba9876543210", "subnet-0fedcba9876543211"]
    network: Json = {"existing": {"vpc": OWN["vpc-0abc"], "private_subnets": [*subnets]}}
    deployed.configure({"gallery:network": network})
    assert str(deployed.preview("--expect-no-changes")) == "nothing"
    group = _raise_generation(hosts)
    deployed.configure({"gallery:hosts": hosts})
    plan = deployed.preview()
    assert {step.op for step in plan.of(INSTANCE)} == {"create", "delete"}
    for step in plan.of(INSTANCE):
        assert text_at({**step.before, **step.after}, "tags.Name").startswith(f"{group}-")
    moved = {text_at(step.after, "subnetId") for step in plan.of(INSTANCE) if step.op == "create"}
    assert moved == {*subnets}


def test_a_new_generation_replaces_its_group_alone(deployed: Project) -> None:
    hosts = _hosts(deployed)
    group = _raise_generation(hosts)
    deployed.configure({"gallery:hosts": hosts})
    before = _instances(deployed)
    _ = deployed.up()
    after = _instances(deployed)
    assert after.keys() == before.keys()
    replaced = {name for name in before if before[name] != after[name]}
    assert replaced == {name for name in before if name.startswith(f"{group}-")}
    assert replaced


def test_another_architecture_replaces_its_hosts_with_what_it_can_run(deployed: Project) -> None:
    hosts = _hosts(deployed)
    group = _group(hosts, protected=False)
    group["instance_type"] = "t3.small"
    deployed.configure({"gallery:hosts": hosts})
    before = _instances(deployed)
    _ = deployed.up()
    after = _instances(deployed)
    assert after.keys() == before.keys()
    replaced = {name for name in before if before[name] != after[name]}
    assert replaced == {name for name in before if name.startswith(f"{at(group, 'name')}-")}


@pytest.mark.parametrize("change", [{"generation": 2}, {"instance_type": "m7i.large"}])
def test_a_host_that_holds_data_is_not_replaced_before_it_is_released(
    deployed: Project, change: Properties
) -> None:
    if not deployed.protected(INSTANCE):
        pytest.skip(f"{deployed.stack} protects no host")
    hosts = _hosts(deployed)
    _group(hosts, protected=True).update(change)
    deployed.configure({"gallery:hosts": hosts})
    before = _instances(deployed)
    run = deployed.attempt("up")
    assert not run.ok
    assert "protect" in run.output
    assert _instances(deployed) == before


def test_an_override_changes_its_own_rule_and_what_tells_of_it(deployed: Project) -> None:
    alerting = _alerting(deployed)
    overrides = alerting.get("overrides")
    others = overrides if isinstance(overrides, dict) else {}
    alerting["overrides"] = {**others, "EndpointDown": {"hold": "90s"}}
    deployed.configure({"gallery:alerting": alerting})
    plan = deployed.preview()
    assert {step.op for step in plan.steps} == {"update"}
    # What is recorded for budgets leaves out what EndpointDown tells.
    telling = {RULE_GROUP, RULE_NAMESPACE, DASHBOARD, "pulumi:pulumi:Stack"}
    assert {step.type for step in plan.steps} <= telling
    groups = plan.of(RULE_GROUP)
    assert len(groups) == 1, str(plan)
    changed = [
        at(rule, "name")
        for rule, was in zip(_rules(groups[0].after), _rules(groups[0].before), strict=True)
        if rule != was
    ]
    assert changed == ["EndpointDown"]


def test_a_renamed_contact_point_is_never_missing(deployed: Project) -> None:
    """The policy names the old one until the new one is there, and lets go before it leaves."""
    if not deployed.cloud.all(POLICY):
        pytest.skip(f"{deployed.stack} has no notification policy")
    alerting = _alerting(deployed)
    renamed = cast("Properties", json.loads(json.dumps(alerting).replace('"chat"', '"room"')))
    deployed.configure({"gallery:alerting": renamed})
    _ = deployed.up()
    calls = [call for call in deployed.cloud.calls if call.type in {CONTACT_POINT, POLICY}]
    verbs = [call.verb for call in calls]
    policy = calls.index(next(call for call in calls if call.type == POLICY))
    assert set(verbs[:policy]) == {"create"}
    assert verbs[policy] == "update"
    assert set(verbs[policy + 1 :]) == {"delete"}


def test_an_agent_keeps_its_configuration_until_it_is_replaced(deployed: Project) -> None:
    def mounted() -> str:
        (agents,) = (one for one in deployed.cloud.all(STATEFUL_SET) if one.name == "collector")
        volumes = at(dict(agents.inputs), "spec.template.spec.volumes")
        assert isinstance(volumes, list)
        (name,) = (at(each, "configMap.name") for each in volumes if at(each, "name") == "config")
        return str(name)

    def maps() -> set[str]:
        return {one.text("metadata.name") for one in deployed.cloud.all(CONFIG_MAP)}

    before, monitoring = mounted(), deployed.configuration()["gallery:monitoring"]
    assert isinstance(monitoring, dict)
    deployed.configure({"gallery:monitoring": {**monitoring, "remote_write_deadline": "900ms"}})
    _ = deployed.up()
    after = mounted()
    assert before not in maps()
    assert after in maps() - {before}
    calls = [call for call in deployed.cloud.calls if call.name == "collector"]
    kinds = [(call.verb, call.type) for call in calls if call.verb in WRITING]
    made, rolled, removed = (
        kinds.index(step)
        for step in (("create", CONFIG_MAP), ("update", STATEFUL_SET), ("delete", CONFIG_MAP))
    )
    assert made < rolled < removed


def test_a_service_that_becomes_headless_takes_no_agent_with_it(configured: Project) -> None:
    """A Service's address cannot change; what a StatefulSet is called by can neither."""

    def spreading(text: str) -> str:
        return text.replace('"cluster_ip": "None",\n', "\n")

    with configured.changed("components/collector.py", spreading):
        _ = configured.up()
    plan = configured.preview()
    replaced = {(step.type, step.name) for step in plan.destructive}
    assert replaced == {(SERVICE, "collector")}, str(plan)
    _ = configured.up()


@pytest.mark.usefixtures("on_eks")
def test_a_renamed_priority_takes_no_namespace_with_it(deployed: Project) -> None:
    """The namespace comes after the class that its pods name, and must not go with it."""

    def renamed(text: str) -> str:
        return text.replace('cluster_name("watchers")', 'cluster_name("lookouts")')

    with deployed.changed("gallery/plan/model.py", renamed):
        plan = deployed.preview()
        assert {step.type for step in plan.destructive} == {PRIORITY_CLASS}, str(plan)
        _ = deployed.up()
        assert str(deployed.preview("--expect-no-changes")) == "nothing"


def test_another_password_starts_whoever_reads_it_anew_and_keeps_the_carts(
    deployed: Project,
) -> None:
    name = "redis-password"
    if name not in deployed.secrets:
        pytest.skip(f"{deployed.stack} has no password for its carts")
    claims = deployed.cloud.all(CLAIM)
    assert claims
    assert deployed.secrets[name] not in deployed.state()
    other = "0123456789abcdef" * 2
    _ = deployed.must("config", "set", "-s", deployed.stack, "--secret", f"gallery:{name}", other)
    _ = deployed.up()
    calls = [call for call in deployed.cloud.calls if call.verb in WRITING]
    assert {(call.verb, call.type) for call in calls} == {
        ("create", SECRET),
        ("update", DEPLOYMENT),
        ("delete", SECRET),
    }
    started = {call.name for call in calls if call.type == DEPLOYMENT}
    assert started == {"store-cartservice", "store-redis-cart"}
    # The old one is there for as long as a pod may name it.
    assert calls[-1].verb == "delete"
    assert deployed.cloud.all(CLAIM) == claims
    assert other not in deployed.state()


def test_what_the_world_changes_replaces_and_reverts_nothing(deployed: Project) -> None:
    """An address attached to a host, and how many pods load has made."""
    cloud = deployed.cloud
    for host in cloud.all(INSTANCE):
        cloud.become(host, "associatePublicIpAddress", True)  # noqa: FBT003 - a property's value
    scaled = {scaler.text("spec.scaleTargetRef.name") for scaler in cloud.all(AUTOSCALER)}
    for deployment in cloud.all(DEPLOYMENT):
        if deployment.text("metadata.name") in scaled:
            cloud.become(deployment, "spec.replicas", 4)
    _ = deployed.must("refresh", "--yes", "--skip-preview", "-s", deployed.stack)
    assert str(deployed.preview("--expect-no-changes")) == "nothing"


def test_what_hands_changed_in_the_cluster_stops_no_deployment(deployed: Project) -> None:
    """During an outage people scale by hand, and whoever changed a field owns it."""
    counted, path = _count_of_the_frontend(deployed)
    deployed.cloud.change_by_hand(counted, path, 7)
    store = deepcopy(deployed.configuration()["gallery:store"])
    assert isinstance(store, dict)
    deployed.configure({"gallery:store": {**store, "replicas": {"frontend": 3}}})
    _ = deployed.up()
    again, _path = _count_of_the_frontend(deployed)
    assert at(dict(again.inputs), path) == 3


def _count_of_the_frontend(project: Project) -> tuple[Made, str]:
    """What says how many frontends run, and where: its autoscaler, or without one itself."""
    for type_token, path in ((AUTOSCALER, "spec.minReplicas"), (DEPLOYMENT, "spec.replicas")):
        for made in project.cloud.all(type_token):
            if made.text("metadata.name") == "frontend":
                return made, path
    raise AssertionError("nobody says how many frontends run")


def test_a_turned_week_replaces_the_token_and_nothing_else(deployed: Project) -> None:
    content, tokens = _content(deployed), deployed.cloud.all(TOKEN)
    with deployed.turned(days=7):
        _ = deployed.up()
    (old,) = tokens
    changing = [call for call in deployed.cloud.calls if call.verb in WRITING]
    assert [call.verb for call in changing] == ["create", "delete"]
    assert {(call.type, call.name) for call in changing} == {(TOKEN, old.name)}
    assert _content(deployed) == content


def test_a_stack_left_alone_until_its_token_died_deploys_again(deployed: Project) -> None:
    content = _content(deployed)
    with deployed.turned(days=35):
        _ = deployed.up()
    assert _content(deployed) == content


def test_a_replaced_workspace_gets_its_content_again(deployed: Project) -> None:
    workspaces = deployed.cloud.all(WORKSPACE)
    if not workspaces:
        pytest.skip(f"{deployed.stack} uses an existing Grafana")
    if deployed.protected(WORKSPACE):
        pytest.skip(f"{deployed.stack} protects its workspace from replacement")
    (old,) = workspaces
    content = {(made.kind.type, made.name) for made in _inside(deployed, old)}
    assert content
    (urn,) = (urn for urn in _urns(deployed) if f"{WORKSPACE}::" in urn)
    _ = deployed.up("--replace", urn)
    (new,) = deployed.cloud.all(WORKSPACE)
    assert new.id != old.id
    assert {(made.kind.type, made.name) for made in _inside(deployed, new)} == content
    assert _inside(deployed, old) == []


def _hosts(project: Project) -> list[Json]:
    hosts = project.configuration().get("gallery:hosts")
    if not isinstance(hosts, list) or not hosts:
        pytest.skip(f"{project.stack} has no hosts")
    return deepcopy(hosts)


def _raise_generation(hosts: list[Json]) -> str:
    """Raise the generation of the first group that is not protected; its name."""
    group = _group(hosts, protected=False)
    group["generation"] = 2
    return text_at(group, "name")


def _group(hosts: list[Json], *, protected: bool) -> Properties:
    """The first group that is protected or not."""
    for group in hosts:
        assert isinstance(group, dict)
        if bool(group.get("stateful")) is protected:
            return group
    pytest.skip("the stack has no such group of hosts")


def _alerting(project: Project) -> Properties:
    alerting = deepcopy(project.configuration()["gallery:alerting"])
    assert isinstance(alerting, dict)
    return alerting


def _rules(group: Properties) -> list[Json]:
    rules = group["rules"]
    assert isinstance(rules, list)
    return rules


def _instances(project: Project) -> dict[str, str]:
    """The instances' ids by the host's name."""
    instances = project.cloud.all(INSTANCE)
    by_name = {str(at(made.inputs, "tags.Name")): made.id for made in instances}
    assert len(by_name) == len(instances), "two instances answer to one host"
    return by_name


def _content(project: Project) -> set[tuple[str, str, str]]:
    """Everything in every Grafana and cluster, by identity."""
    return {
        (made.kind.type, made.name, made.id)
        for made in project.cloud.all()
        if made.scope != "account"
    }


def _inside(project: Project, workspace: Made) -> list[Made]:
    return project.cloud.all(scope=workspace.text("endpoint"))


def _urns(project: Project) -> list[str]:
    return [text_at(item, "urn") for item in project.resources()]
