from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import grpc
import pulumi
import pytest

from components.kubernetes import Kubernetes, KubernetesArgs, PodSource
from gallery.alerts.grafana_release import recent
from gallery.plan.ground import OLDEST_KUBERNETES, Check, EksFacts, refused_cluster, refused_hosts
from gallery.plan.model import Plan
from gallery.plan.resolve import resolve
from gallery.stack_file.parse import parse
from gallery.stack_file.sections import Settings
from offline import provider_outputs
from offline.monitor import Recording
from tests.unit.components import on_openshift, recorded
from tests.unit.pages import DOCS, section
from tests.unit.recordings import variant
from tests.unit.stack_files import errors, planned, values, with_value
from tests.unit.test_stack_file_page import keys

GROUND = DOCS / "ground.md"

SOUND = EksFacts(status="ACTIVE", version="1.35", ip_family="ipv4", pod_identity=True)
CLUSTER = "aws:eks/getCluster:getCluster"
OFFERINGS = "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings"
ADDON = "aws:eks/getAddon:getAddon"


def refused(check: Check, facts: EksFacts) -> None:
    assert [found for found, _ in refused_cluster(facts)] == [check]


def old_mesh() -> None:
    """Of an Istio too old for the cluster, of one too new, and of none of which nobody knows."""
    for istio in ("1.28.3", "1.28", "1.24.1"):
        ((check, error),) = refused_cluster(SOUND, istio)
        assert check is Check.MESH_VERSION
        assert f"Istio {istio}" in error
    assert "tested with 1.30 to 1.34" in next(refused_cluster(SOUND, "1.28.3"))[1]
    assert [*refused_cluster(replace(SOUND, version="1.31"), "1.30.4")]
    assert not [*refused_cluster(SOUND, "1.30.4")]


def old_grafana() -> None:
    with pytest.raises(ValueError, match="too old"):
        recent("10.4")


def without(*missing: tuple[str, str]) -> list[tuple[Check, str]]:
    """What is said of production's hosts where EC2 lacks these types in these zones."""
    plan = planned("prod")
    zones = {subnet: f"eu-west-1{subnet[-1]}" for subnet in plan.network.subnets}
    offered = {(host.instance_type, zone) for host in plan.hosts for zone in zones.values()}
    return [*refused_hosts(plan.hosts, plan.network, zones, frozenset(offered - {*missing}))]


def no_such_type() -> None:
    assert {check for check, _ in without(("m7g.large", "eu-west-1a"))} == {Check.INSTANCE_TYPE}


PROVOKED: dict[Check, Callable[[], None]] = {
    Check.CLUSTER_SERVES: lambda: refused(Check.CLUSTER_SERVES, replace(SOUND, status="FAILED")),
    Check.CLUSTER_VERSION: lambda: refused(Check.CLUSTER_VERSION, replace(SOUND, version="1.29")),
    Check.MESH_VERSION: old_mesh,
    Check.CLUSTER_IPV4: lambda: refused(Check.CLUSTER_IPV4, replace(SOUND, ip_family="ipv6")),
    Check.POD_IDENTITY: lambda: refused(Check.POD_IDENTITY, replace(SOUND, pod_identity=False)),
    Check.INSTANCE_TYPE: no_such_type,
    Check.GRAFANA_RELEASE: old_grafana,
}


@pytest.mark.parametrize("check", Check)
def test_every_check_of_the_ground_can_fail(check: Check) -> None:
    PROVOKED[check]()


def test_a_sound_cluster_passes_and_one_that_is_being_updated_too() -> None:
    assert not list(refused_cluster(SOUND))
    assert not list(refused_cluster(replace(SOUND, status="UPDATING")))
    assert not list(refused_cluster(replace(SOUND, version="1.30")))
    assert list(refused_cluster(replace(SOUND, version="1.9")))


def test_a_type_that_a_zone_does_not_have_is_refused_with_its_group(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert without() == without(("m7g.xlarge", "eu-west-1c")) == []
    # Of the two groups, which have one type, one alone has a host in the third subnet.
    [(_, error)] = without(("m7g.large", "eu-west-1c"))
    for words in ("group catalogue-search", "m7g.large", "eu-west-1c", "subnet-0c"):
        assert words in error
    answers(monkeypatch, OFFERINGS, instanceTypes=[], locations=[], locationTypes=[])
    with pytest.raises(pulumi.RunError, match="group orders-db"):
        variant(values())


def kubernetes(plan: Plan) -> tuple[Recording, tuple[PodSource, ...]]:
    found = list[PodSource]()

    def declare(opts: pulumi.ResourceOptions) -> None:
        secrets = {"kubeconfig": pulumi.Output.from_input("{}")}
        args = KubernetesArgs(plan=plan, secrets=secrets)
        found.extend(Kubernetes("kubernetes", args, opts).sources)

    return recorded(declare), tuple(found)


def test_a_cluster_is_known_by_its_address_and_not_by_a_name_it_had_before() -> None:
    for plan in (planned(), on_openshift()):
        recording, _ = kubernetes(plan)
        provider = recording.one("pulumi:providers:kubernetes", "kubernetes-provider")
        assert "clusterIdentifier" not in provider.inputs


def eks(key: str, value: object) -> Plan:
    return resolve(parse(with_value(f"cluster.existing.{key}", value)))


def test_hosts_open_to_the_clusters_own_group_where_nothing_else_is_said() -> None:
    assert kubernetes(planned())[1] == (PodSource(key="cluster", security_group="sg-gallery-dev"),)


def test_where_nodes_carry_other_groups_hosts_open_to_those_instead() -> None:
    _, sources = kubernetes(eks("security_groups", ["sg-0123", "sg-4567"]))
    assert [source.security_group for source in sources] == ["sg-0123", "sg-4567"]
    _, sources = kubernetes(eks("egress_cidrs", ["10.40.0.0/16"]))
    assert [source.cidr for source in sources] == ["10.40.0.0/16"]


def test_addresses_of_an_eks_cluster_may_not_overlap_either() -> None:
    overlapping = with_value("cluster.existing.egress_cidrs", ["10.0.0.0/8", "10.40.0.0/16"])
    (error,) = errors(overlapping)
    assert "overlap" in error


def answers(monkeypatch: pytest.MonkeyPatch, token: str, **changes: object) -> None:
    usual = provider_outputs.INVOKES.get(token, dict)

    def answer(args: Any) -> dict[str, Any]:  # noqa: ANN401
        return {**usual(args), **changes}

    monkeypatch.setitem(provider_outputs.INVOKES, token, answer)


def test_a_wrong_cluster_is_refused_with_its_key_before_anything_is_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers(monkeypatch, CLUSTER, status="DELETING", version="1.27")
    with pytest.raises(pulumi.RunError) as raised:
        kubernetes(planned())
    for line in str(raised.value).splitlines():
        assert line.startswith("gallery:cluster.existing.name is gallery-dev: it ")
    assert "DELETING" in str(raised.value)
    assert "1.27" in str(raised.value)


class NoAddonError(grpc.RpcError):
    """What comes over the wire where a data source finds nothing."""

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNKNOWN

    def details(self) -> str:
        return "reading EKS Add-On: ResourceNotFoundException: No addon"


def test_without_auto_mode_the_agent_is_asked_for_unless_somebody_vouches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers(monkeypatch, CLUSTER, computeConfigs=[])

    def none(_: Any) -> dict[str, Any]:  # noqa: ANN401
        raise NoAddonError

    monkeypatch.setitem(provider_outputs.INVOKES, ADDON, none)
    with pytest.raises(pulumi.RunError, match="pod_identity_agent: true"):
        kubernetes(planned())
    kubernetes(eks("pod_identity_agent", True))  # noqa: FBT003 - a key's value
    monkeypatch.setitem(provider_outputs.INVOKES, ADDON, dict)
    kubernetes(planned())


def rows(title: str) -> list[str]:
    """The first cell of each row of a table in the page on the ground."""
    lines = section(GROUND, title).splitlines()
    cells = [line.split("|")[1].strip() for line in lines if line.startswith("| ")]
    return cells[1:]


def test_the_page_on_the_ground_has_every_check_and_no_other() -> None:
    assert rows("Checked before anything is made") == [f"`{check}`" for check in Check]


def test_every_key_that_the_page_on_the_ground_names_is_one() -> None:
    known = {key for key, _ in keys(Settings, "")}
    named = {cell.strip("`") for cell in rows("A key where clusters differ")}
    assert named <= known
    # What an existing cluster or mesh may be like is there whole.
    particular = {
        key
        for key in known
        if key.startswith(("cluster.existing.", "mesh.")) and "kubeconfig" not in key
    }
    sisters = {key for key in known if key.startswith("mesh.proxy.")} - named
    assert particular - sisters - named == {"cluster.existing.platform", "cluster.existing.name"}


def test_nothing_is_both_checked_and_merely_written_down() -> None:
    written = " ".join(rows("Written down"))
    assert written
    for check in Check:
        assert str(check) not in written


def test_the_page_on_the_ground_says_the_oldest_kubernetes_that_passes() -> None:
    oldest = ".".join(map(str, OLDEST_KUBERNETES))
    assert f"Kubernetes {oldest} or later" in GROUND.read_text()
