"""The stand-ins refuse what the real services refuse; without it the other tests prove little."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from . import data_sources, schema
from .aws_kinds import AWS_KINDS, INSTANCE, PROMETHEUS, ROLE, SECRET, TOKEN, TOPIC, WORKSPACE
from .cloud import FIRST_IMAGES, Cloud, Made, Refused
from .doors import cluster, grafana, replacing_cluster
from .grafana_kinds import CONTACT_POINT, DASHBOARD, FOLDER, GRAFANA_KINDS, POLICY, RULE_GROUP
from .kinds import Kind
from .kubernetes_kinds import DEPLOYMENT, KUBERNETES_KINDS, NAMESPACE, RELEASE, custom
from .provider import KINDS as PACKAGES
from .provider import kind_of, named, replacing
from .values import UNKNOWN, Json, Properties

KINDS = {**AWS_KINDS, **GRAFANA_KINDS, **KUBERNETES_KINDS}


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


@pytest.fixture
def make(cloud: Cloud) -> Callable[..., Made]:
    def made(kind: str | Kind, /, *, scope: str = "account", **inputs: object) -> Made:
        known = KINDS[kind] if isinstance(kind, str) else kind
        properties: Properties = inputs  # pyright: ignore[reportAssignmentType]
        return cloud.create(scope, known, "it", properties)

    return made


def test_an_unknown_type_is_refused_by_name() -> None:
    with pytest.raises(Refused, match="aws:rds/instance:Instance"):
        _ = kind_of("aws", "aws:rds/instance:Instance")


def test_an_unknown_data_source_is_refused_by_name(cloud: Cloud) -> None:
    with pytest.raises(Refused, match="getAmi"):
        _ = data_sources.read(cloud, "aws:ec2/getAmi:getAmi", {})


def test_a_second_resource_of_the_same_name_is_refused(make: Callable[..., Made]) -> None:
    _ = make(TOPIC, name="beats")
    with pytest.raises(Refused, match="beats already exists"):
        _ = make(TOPIC, name="beats")


def test_a_reference_to_nothing_is_refused(make: Callable[..., Made]) -> None:
    with pytest.raises(Refused, match="'ws-nowhere' does not exist"):
        _ = make("aws:amp/alertManagerDefinition:AlertManagerDefinition", workspaceId="ws-nowhere")


def test_what_is_in_use_cannot_be_deleted(cloud: Cloud, make: Callable[..., Made]) -> None:
    role = make(ROLE, name="collector")
    _ = make("aws:iam/rolePolicy:RolePolicy", name="write", role="collector")
    with pytest.raises(Refused, match="in use"):
        cloud.delete(role)


def test_what_lives_inside_goes_along(cloud: Cloud, make: Callable[..., Made]) -> None:
    workspace = make(PROMETHEUS)
    _ = make("aws:amp/workspaceConfiguration:WorkspaceConfiguration", workspaceId=workspace.id)
    cloud.delete(workspace)
    assert cloud.all() == []


def test_a_deleted_workspace_takes_its_grafana_along(
    cloud: Cloud, make: Callable[..., Made]
) -> None:
    workspace = make(WORKSPACE, name="gallery")
    _ = make(FOLDER, scope=workspace.text("endpoint"), uid="gallery", title="Gallery")
    cloud.delete(workspace)
    assert cloud.all(FOLDER) == []


def test_a_secret_keeps_its_name_for_its_recovery_window(
    cloud: Cloud, make: Callable[..., Made]
) -> None:
    cloud.delete(make(SECRET, name="kept"))
    cloud.delete(make(SECRET, name="purged", recoveryWindowInDays=0))
    _ = make(SECRET, name="purged")
    with pytest.raises(Refused, match="scheduled for deletion"):
        _ = make(SECRET, name="kept")


def test_an_unknown_value_never_reaches_a_service(make: Callable[..., Made]) -> None:
    with pytest.raises(Refused, match="unknown value"):
        _ = make(TOPIC, name=UNKNOWN)


def test_grafana_lets_nobody_in_with_an_expired_token(
    cloud: Cloud, make: Callable[..., Made]
) -> None:
    workspace = make(WORKSPACE, name="gallery")
    token = make(TOKEN, name="week", workspaceId=workspace.id, secondsToLive=2_592_000)
    config: Properties = {
        "url": f"https://{workspace.text('endpoint')}",
        "auth": token.text("key"),
    }
    assert grafana(cloud, config) == workspace.text("endpoint")
    cloud.advance(31 * 86400)
    with pytest.raises(Refused, match="401"):
        _ = grafana(cloud, config)


def test_a_replaced_grafana_is_not_there_any_more(cloud: Cloud) -> None:
    with pytest.raises(Refused, match="no such host"):
        _ = grafana(cloud, {"url": "https://g-gone.grafana-workspace", "auth": "glsa_x"})


def test_a_cluster_nobody_made_is_unreachable(cloud: Cloud) -> None:
    kubeconfig = '{"clusters": [{"cluster": {"server": "https://nowhere"}}]}'
    with pytest.raises(Refused, match="https://nowhere"):
        _ = cluster(cloud, {"kubeconfig": kubeconfig})


def test_an_unknown_kubeconfig_replaces_unless_an_identifier_stays() -> None:
    olds: Properties = {"kubeconfig": "{}"}
    assert replacing_cluster(olds, {"kubeconfig": UNKNOWN}) == {"kubeconfig"}
    kept: Properties = {"clusterIdentifier": "it"}
    assert replacing_cluster({**olds, **kept}, {"kubeconfig": UNKNOWN, **kept}) == frozenset()


def test_an_object_needs_its_namespace(make: Callable[..., Made]) -> None:
    account: Properties = {"metadata": {"name": "cart", "namespace": "gallery"}}
    with pytest.raises(Refused, match="'gallery' not found"):
        _ = make("kubernetes:core/v1:ServiceAccount", scope="k", **account)
    _ = make(NAMESPACE, scope="k", metadata={"name": "gallery"})
    assert make("kubernetes:core/v1:ServiceAccount", scope="k", **account).id == "gallery/cart"


def test_a_custom_resource_needs_its_definition(make: Callable[..., Made]) -> None:
    kind = custom("kubernetes:security.istio.io/v1:AuthorizationPolicy")
    assert kind is not None
    policy: Properties = {
        "apiVersion": "security.istio.io/v1",
        "kind": "AuthorizationPolicy",
        "metadata": {"name": "deny", "namespace": "default"},
    }
    with pytest.raises(Refused, match="no matches for kind AuthorizationPolicy"):
        _ = make(kind, scope="k", **policy)
    _ = make(RELEASE, scope="k", chart="base", name="istio-base", namespace="default")
    assert make(kind, scope="k", **policy).id == "default/deny"


def test_a_deployment_must_select_its_own_pods(make: Callable[..., Made]) -> None:
    spec: Properties = {
        "selector": {"matchLabels": {"app": "cart"}},
        "template": {"metadata": {"labels": {"app": "card"}}},
    }
    with pytest.raises(Refused, match="does not match"):
        _ = make(DEPLOYMENT, scope="k", metadata={"name": "cart"}, spec=spec)


def test_a_policy_needs_every_contact_point_it_names(
    cloud: Cloud, make: Callable[..., Made]
) -> None:
    chat = make(CONTACT_POINT, scope="g", name="chat")
    nested = [{"contactPoint": "pager"}]
    with pytest.raises(Refused, match="contactPoint 'pager' does not exist"):
        _ = make(POLICY, scope="g", contactPoint="chat", policies=nested)
    _ = make(CONTACT_POINT, scope="g", name="pager")
    _ = make(POLICY, scope="g", contactPoint="pager", policies=[{"contactPoint": "chat"}])
    with pytest.raises(Refused, match="in use"):
        cloud.delete(chat)


def test_a_dashboard_needs_its_folder_and_a_uid_of_its_own(make: Callable[..., Made]) -> None:
    with pytest.raises(Refused, match="folder gallery not found"):
        _ = make(DASHBOARD, scope="g", folder="gallery", configJson='{"uid": "api"}')
    _ = make(FOLDER, scope="g", uid="gallery")
    _ = make(DASHBOARD, scope="g", folder="gallery", configJson='{"uid": "api"}')
    with pytest.raises(Refused, match="uid api is taken"):
        _ = make(DASHBOARD, scope="g", folder="gallery", configJson='{"uid": "api"}')


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"intervalSeconds": 15}, "no multiple of 10"),
        ({"rules": [{"condition": "C", "datas": [{"refId": "A"}]}]}, "condition C is none"),
        (
            {"rules": [{"condition": "A", "datas": [{"refId": "A", "datasourceUid": "amp"}]}]},
            "data source amp not found",
        ),
    ],
)
def test_an_unsound_rule_group_is_refused(
    make: Callable[..., Made], change: Properties, reason: str
) -> None:
    _ = make(FOLDER, scope="g", uid="gallery")
    group: Properties = {"folderUid": "gallery", "name": "hosts", "intervalSeconds": 10}
    with pytest.raises(Refused, match=reason):
        _ = make(RULE_GROUP, scope="g", **{**group, **change})


@pytest.mark.parametrize(
    ("type_token", "inputs", "fault"),
    [
        ("aws:iam/role:Role", {}, "assumeRolePolicy: missing"),
        (
            "kubernetes:core/v1:Service",
            {"spec": {"ports": [{"port": "80"}]}},
            r"spec.ports\[0\].port: expected int, got '80'",
        ),
        (
            "kubernetes:apps/v1:Deployment",
            {"spec": {"selector": {"match_labels": {}}, "template": {}}},
            "spec.selector.match_labels: LabelSelectorArgs has no such property",
        ),
        (
            "grafana:alerting/ruleGroup:RuleGroup",
            {"folderUid": "gallery", "intervalSeconds": True, "rules": []},
            "intervalSeconds: expected int, got True",
        ),
    ],
)
def test_inputs_that_do_not_fit_the_schema_are_refused(
    type_token: str, inputs: Properties, fault: str
) -> None:
    assert any(re.search(fault, found) for found in schema.faults(type_token, inputs))


@pytest.mark.parametrize("package", sorted(PACKAGES))
def test_no_output_is_invented_that_the_sdk_does_not_know(package: str) -> None:
    for type_token, kind in PACKAGES[package].items():
        assert {*kind.outputs, *kind.derives} <= schema.outputs(type_token), type_token


def test_no_answer_has_a_key_that_the_sdk_does_not_know(cloud: Cloud) -> None:
    image = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
    addon = next(iter(cloud.addons))
    filters: list[Json] = [
        {"name": "instance-type", "values": ["m7g.large"]},
        {"name": "location", "values": ["eu-west-1a"]},
    ]
    args: Properties = {
        "name": image,
        "clusterName": "gallery",
        "addonName": addon,
        "filters": filters,
    }
    for token in data_sources.DATA_SOURCES:
        answer = data_sources.read(cloud, token, args)
        assert answer.keys() <= schema.results(token), token


def test_user_data_replaces_a_host_only_where_asked() -> None:
    host = AWS_KINDS["aws:ec2/instance:Instance"]
    asked: Properties = {"userDataReplaceOnChange": True}
    assert replacing(host, {"userData": "a"}, {"userData": "b"}) == frozenset()
    assert replacing(host, {"userData": "a", **asked}, {"userData": "b", **asked}) == {"userData"}


def test_a_host_moves_to_another_architecture_by_replacement_alone() -> None:
    host = AWS_KINDS[INSTANCE]
    assert replacing(host, {"instanceType": "t4g.small"}, {"instanceType": "m7g.large"}) == set()
    moved = replacing(host, {"instanceType": "t4g.small"}, {"instanceType": "t3.small"})
    assert moved == {"instanceType"}


def test_an_image_boots_on_its_own_architecture_alone(make: Callable[..., Made]) -> None:
    arm64, x86_64 = FIRST_IMAGES
    assert make(INSTANCE, instanceType="t3.small", ami=x86_64).text("ami") == x86_64
    with pytest.raises(Refused, match=r"t3\.small is x86_64, and its image is arm64"):
        _ = make(INSTANCE, instanceType="t3.small", ami=arm64)


def test_a_name_the_provider_gave_stays() -> None:
    role = KINDS[ROLE]
    first = named(role, "collector", b"\x01\x02\x03\x04", {}, {})
    again = named(role, "collector", b"\x05\x06\x07\x08", first, {})
    assert first["name"] == again["name"] == "collector-0102030"
