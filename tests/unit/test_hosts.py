from __future__ import annotations

from functools import cache
from typing import Any

import pulumi
import pytest
import yaml

from components.hosts import Hosts, HostsArgs
from components.kubernetes import Kubernetes, KubernetesArgs, PodSource
from gallery.plan.instance_types import Architecture, architecture
from gallery.plan.model import Plan
from gallery.plan.resolve import resolve
from gallery.render.cloud_init import user_data
from gallery.stack_file.parse import parse
from offline.monitor import Recording, Resource
from tests.unit.components import on_openshift, recorded
from tests.unit.stack_files import planned, values, with_value

INSTANCE = "aws:ec2/instance:Instance"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
GROUP = "sg-0123"


SOURCES = (PodSource(key="cluster", security_group=GROUP),)


def hosts(
    plan: Plan, *, sources: tuple[PodSource, ...] = SOURCES, key: str | None = "arn:key"
) -> Recording:
    def declare(opts: pulumi.ResourceOptions) -> None:
        args = HostsArgs(
            stack=plan.stack,
            cluster=plan.cluster.name,
            hosts=plan.hosts,
            network=plan.network,
            sources=sources,
            kms_key_arn=key,
        )
        made = Hosts("hosts", args, opts)
        pulumi.export("instance_ids", made.instance_ids)

    return recorded(declare)


@cache
def dev() -> Recording:
    return hosts(planned("dev"))


@cache
def prod() -> Recording:
    return hosts(planned("prod"))


def named(recording: Recording) -> dict[str, Resource]:
    return {one.inputs["tags"]["Name"]: one for one in recording.of(INSTANCE)}


def with_group(**changes: object) -> Plan:
    config = values("dev")
    config["gallery:hosts"][0] |= changes
    return resolve(parse(config))


def test_every_planned_host_is_an_instance() -> None:
    assert set(named(prod())) == {host.name for host in planned("prod").hosts}
    assert len(named(prod())) == 5
    assert dev().stack_outputs["instance_ids"] == {
        "orders-db-1": "i-hosts-orders-db-1.1",
        "orders-db-2": "i-hosts-orders-db-2.1",
    }


def test_an_instance_carries_the_tags_that_discovery_reads() -> None:
    assert named(dev())["orders-db-2"].inputs["tags"] == {
        "Name": "orders-db-2",
        "gallery_cluster": "gallery-dev",
        "gallery_environment": "dev",
        "gallery_host": "orders-db-2",
        "gallery_host_group": "orders-db",
        "gallery_service": "checkoutservice",
    }


def test_an_instance_is_hardened() -> None:
    for name, instance in named(dev()).items():
        inputs = instance.inputs
        assert inputs["metadataOptions"] == {
            "httpEndpoint": "enabled",
            "httpPutResponseHopLimit": 1,
            "httpTokens": "required",
        }, name
        assert inputs["associatePublicIpAddress"] is False
        assert "keyName" not in inputs
        disk = inputs["rootBlockDevice"]
        assert disk["encrypted"] is True
        assert (disk["volumeType"], disk["volumeSize"]) == ("gp3", 30)
        assert disk["kmsKeyId"] == "arn:key"
        assert inputs["vpcSecurityGroupIds"] == ["sg-hosts-group"]
        assert inputs["iamInstanceProfile"] == "gallery-dev-eu-west-1-hosts"


def test_without_a_key_of_its_own_a_disk_is_encrypted_with_the_accounts() -> None:
    for instance in named(hosts(planned(), key=None)).values():
        disk = instance.inputs["rootBlockDevice"]
        assert disk["encrypted"] is True
        assert "kmsKeyId" not in disk


def test_hosts_spread_over_the_subnets() -> None:
    subnets = [one.inputs["subnetId"] for one in named(dev()).values()]
    assert subnets == ["subnet-0a", "subnet-0b"]


@pytest.mark.parametrize(
    ("instance_type", "kind"),
    [
        ("t4g.small", Architecture.ARM64),
        ("m7gd.16xlarge", Architecture.ARM64),
        ("c6gn.large", Architecture.ARM64),
        ("x2gd.metal", Architecture.ARM64),
        ("im4gn.large", Architecture.ARM64),
        ("g5g.xlarge", Architecture.ARM64),
        ("a1.medium", Architecture.ARM64),
        ("t3.small", Architecture.X86_64),
        ("g4dn.xlarge", Architecture.X86_64),
        ("g6e.xlarge", Architecture.X86_64),
        ("m7i-flex.large", Architecture.X86_64),
        ("m8g-flex.large", Architecture.ARM64),
        ("u-6tb1.metal", Architecture.X86_64),
        ("c7a.large", Architecture.X86_64),
    ],
)
def test_an_instance_type_says_its_architecture(instance_type: str, kind: Architecture) -> None:
    assert architecture(instance_type) is kind


@pytest.mark.parametrize(
    ("instance_type", "kind"),
    [("t4g.small", Architecture.ARM64), ("t3.small", Architecture.X86_64)],
)
def test_a_host_starts_with_what_its_architecture_needs(
    instance_type: str, kind: Architecture
) -> None:
    for instance in named(hosts(with_group(instance_type=instance_type))).values():
        assert instance.inputs["userData"] == user_data(kind)
        assert instance.inputs["ami"] == "ami-0123456789abcdef0"


def test_the_image_is_asked_for_by_architecture(monkeypatch: pytest.MonkeyPatch) -> None:
    from offline import provider_outputs

    asked = list[str]()
    answer = provider_outputs.INVOKES["aws:ssm/getParameter:getParameter"]

    def listening(args: Any) -> dict[str, Any]:  # noqa: ANN401
        asked.append(args["name"])
        return answer(args)

    monkeypatch.setitem(provider_outputs.INVOKES, "aws:ssm/getParameter:getParameter", listening)
    config = values("dev")
    config["gallery:hosts"].append(
        {**config["gallery:hosts"][0], "name": "x", "instance_type": "t3.small"}
    )
    hosts(resolve(parse(config)))
    prefix = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default"
    assert sorted(asked) == [f"{prefix}-arm64", f"{prefix}-x86_64"]


def test_neither_a_newer_image_nor_other_user_data_or_subnets_replace_a_host() -> None:
    for instance in named(dev()).values():
        ignored = instance.options["ignoreChanges"]
        assert ignored == ["ami", "associatePublicIpAddress", "subnetId", "userData"]


def test_a_raised_generation_replaces_exactly_its_group() -> None:
    config = with_value("hosts.0.generation", 2, "prod")
    after = {one.name for one in hosts(resolve(parse(config))).of(INSTANCE)}
    before = {one.name for one in prod().of(INSTANCE)}
    assert before - after == {"hosts-orders-db-1.1", "hosts-orders-db-2.1"}
    assert after - before == {"hosts-orders-db-1.2", "hosts-orders-db-2.2"}


def test_a_host_keeps_its_name_when_a_group_before_it_goes() -> None:
    config = values("prod")
    del config["gallery:hosts"][0]
    after = {one.name for one in hosts(resolve(parse(config))).of(INSTANCE)}
    assert after == {name for name in (one.name for one in prod().of(INSTANCE)) if "search" in name}


def test_what_keeps_data_is_protected_in_production_alone() -> None:
    for name, instance in named(prod()).items():
        stateful = name.startswith("orders-db")
        assert bool(instance.options.get("protect")) is stateful, name
        assert instance.inputs["disableApiTermination"] is stateful
        assert instance.inputs["rootBlockDevice"]["deleteOnTermination"] is not stateful
    for instance in named(hosts(with_group(stateful=True))).values():
        assert not instance.options.get("protect")


def test_the_metrics_port_opens_to_the_collector_alone() -> None:
    (rule,) = dev().of(INGRESS)
    assert rule.inputs["referencedSecurityGroupId"] == GROUP
    assert (rule.inputs["fromPort"], rule.inputs["toPort"]) == (9100, 9100)
    assert "cidrIpv4" not in rule.inputs
    (group,) = dev().of("aws:ec2/securityGroup:SecurityGroup")
    assert group.inputs["vpcId"] == "vpc-0abc"
    assert not {"ingress", "egress"} & group.inputs.keys()


def test_on_openshift_it_opens_to_the_clusters_egress_addresses() -> None:
    plan = on_openshift()
    sources = list[PodSource]()

    def declare(opts: pulumi.ResourceOptions) -> None:
        secrets = {"kubeconfig": pulumi.Output.from_input("{}")}
        args = KubernetesArgs(plan=plan, secrets=secrets)
        sources.extend(Kubernetes("kubernetes", args, opts).sources)

    recorded(declare)
    rules = hosts(plan, sources=tuple(sources)).of(INGRESS)
    assert [rule.inputs["cidrIpv4"] for rule in rules] == ["10.40.0.0/16", "10.50.0.0/16"]
    assert all("referencedSecurityGroupId" not in rule.inputs for rule in rules)


def test_hosts_that_nobody_could_scrape_are_refused() -> None:
    with pytest.raises(ValueError, match="nobody could scrape"):
        hosts(planned(), sources=())


def test_hosts_reach_out_by_tls_and_names_alone() -> None:
    ways = {
        (rule.inputs["ipProtocol"], rule.inputs["fromPort"], rule.inputs["toPort"])
        for rule in dev().of(EGRESS)
    }
    assert ways == {("tcp", 443, 443), ("udp", 53, 53), ("tcp", 53, 53)}


def test_the_role_is_for_session_manager_and_nothing_else() -> None:
    (attachment,) = dev().of("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
    assert attachment.inputs["policyArn"] == "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
    assert dev().of("aws:iam/rolePolicy:RolePolicy") == []
    (role,) = dev().of("aws:iam/role:Role")
    assert "managedPolicyArns" not in role.inputs
    statement = yaml.safe_load(role.inputs["assumeRolePolicy"])["Statement"][0]
    assert statement["Principal"] == {"Service": "ec2.amazonaws.com"}


def test_a_stack_without_hosts_has_nothing_of_them() -> None:
    config = values("dev")
    del config["gallery:hosts"]
    recording = hosts(resolve(parse(config)), sources=())
    assert [one.type for one in recording.resources if "providers" not in one.type] == [
        "gallery:components:Hosts"
    ]
