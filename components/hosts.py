"""EC2 hosts outside the cluster: open to the collector alone, entered through Session Manager."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.kubernetes import PodSource
from components.names import keeps_its_name
from gallery.metrics import labels
from gallery.metrics.ports import NODE_EXPORTER_PORT
from gallery.plan.instance_types import Architecture, architecture
from gallery.plan.model import Network, PlannedHost
from gallery.plan.stack import Stack
from gallery.render import iam
from gallery.render.cloud_init import user_data

_AMI_PARAMETER = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{}"
_ANYWHERE = "0.0.0.0/0"


@dataclass(frozen=True, kw_only=True)
class HostsArgs:
    """`sources` are where the collector's pods come from, `network` where hosts stand.

    `kms_key_arn` encrypts the disks; with None it is the account's own key for EBS.
    """

    stack: Stack
    cluster: str
    hosts: tuple[PlannedHost, ...]
    network: Network
    sources: tuple[PodSource, ...]
    kms_key_arn: pulumi.Input[str] | None


class Hosts(pulumi.ComponentResource):
    """The instances of every group. `instance_ids` are by host name, empty without hosts.

    A newer image, another user data or other subnets replace no host: they take effect when the
    group's `generation` is raised, which names its instances anew.
    """

    instance_ids: dict[str, pulumi.Output[str]]

    def __init__(
        self, name: str, args: HostsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("gallery:components:Hosts", name, None, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        self.instance_ids = self._instances() if args.hosts else {}
        self.register_outputs({"instance_ids": self.instance_ids})

    def _instances(self) -> dict[str, pulumi.Output[str]]:
        hosts = self._args.hosts
        if not self._args.sources:
            raise ValueError("hosts need sources: otherwise nobody could scrape them")
        architectures = {host.name: architecture(host.instance_type) for host in hosts}
        images = {each: self._image(each) for each in sorted(set(architectures.values()))}
        documents = {each: user_data(each) for each in images}
        group, profile = self._security_group(), self._profile()
        return {
            host.name: self._instance(
                host,
                ami=images[architectures[host.name]],
                document=documents[architectures[host.name]],
                group=group,
                profile=profile,
            )
            for host in hosts
        }

    def _image(self, kind: Architecture) -> pulumi.Output[str]:
        return aws.ssm.get_parameter_output(
            name=_AMI_PARAMETER.format(kind),
            opts=pulumi.InvokeOutputOptions(parent=self),
        ).insecure_value

    def _security_group(self) -> pulumi.Output[str]:
        prefix, name = self._args.stack.prefix, self._name
        group = aws.ec2.SecurityGroup(
            f"{name}-group",
            name=f"{prefix}-hosts",
            description="Hosts of the Red Hat Gallery",
            vpc_id=self._args.network.vpc,
            tags={"Name": f"{prefix}-hosts"},
            opts=keeps_its_name(self),
        )
        for source in self._args.sources:
            aws.vpc.SecurityGroupIngressRule(
                f"{name}-metrics-{source.key}",
                security_group_id=group.id,
                description="node_exporter, for the collector",
                ip_protocol="tcp",
                from_port=NODE_EXPORTER_PORT,
                to_port=NODE_EXPORTER_PORT,
                referenced_security_group_id=source.security_group,
                cidr_ipv4=source.cidr,
                opts=self._child,
            )
        # Session Manager, packages and node_exporter's release speak TLS; a resolver that the
        # VPC does not bring itself is asked by name.
        for key, protocol, port in (
            ("https", "tcp", 443),
            ("dns", "udp", 53),
            ("dns-tcp", "tcp", 53),
        ):
            aws.vpc.SecurityGroupEgressRule(
                f"{name}-{key}",
                security_group_id=group.id,
                description=key,
                ip_protocol=protocol,
                from_port=port,
                to_port=port,
                cidr_ipv4=_ANYWHERE,
                opts=self._child,
            )
        return group.id

    def _profile(self) -> pulumi.Output[str]:
        stack, name = self._args.stack, self._name
        role = aws.iam.Role(
            f"{name}-role",
            name=stack.iam_name("hosts"),
            description="Hosts of the Red Hat Gallery: Session Manager alone",
            assume_role_policy=iam.instance_trust(),
            opts=keeps_its_name(self),
        )
        aws.iam.RolePolicyAttachment(
            f"{name}-session-manager",
            role=role.name,
            policy_arn=iam.session_manager_policy_arn(stack.region),
            opts=self._child,
        )
        return aws.iam.InstanceProfile(
            f"{name}-profile",
            name=stack.iam_name("hosts"),
            role=role.name,
            opts=keeps_its_name(self),
        ).name

    def _instance(
        self,
        host: PlannedHost,
        *,
        ami: pulumi.Output[str],
        document: str,
        group: pulumi.Output[str],
        profile: pulumi.Output[str],
    ) -> pulumi.Output[str]:
        args = self._args
        kept = args.stack.production and host.stateful
        tags = _tags(args, host)
        disk: aws.ec2.InstanceRootBlockDeviceArgsDict = {
            "delete_on_termination": not kept,
            "encrypted": True,
            "tags": tags,
            "volume_size": host.disk_gib,
            "volume_type": "gp3",
        }
        if args.kms_key_arn is not None:
            disk["kms_key_id"] = args.kms_key_arn
        return aws.ec2.Instance(
            # A dot is in no group's name, so no two hosts and generations meet in one.
            f"{self._name}-{host.name}.{host.generation}",
            ami=ami,
            instance_type=host.instance_type,
            subnet_id=args.network.subnets[host.subnet],
            vpc_security_group_ids=[group],
            associate_public_ip_address=False,
            disable_api_termination=kept,
            iam_instance_profile=profile,
            metadata_options={
                "http_endpoint": "enabled",
                "http_put_response_hop_limit": 1,
                "http_tokens": "required",
            },
            root_block_device=disk,
            tags=tags,
            user_data=document,
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=kept,
                # Neither a newer image nor what the world does replaces a host: an address that
                # somebody attaches reads as if it had been asked for.
                ignore_changes=["ami", "associatePublicIpAddress", "subnetId", "userData"],
            ),
        ).id


def _tags(args: HostsArgs, host: PlannedHost) -> dict[str, str]:
    """Explicit on the instance: discovery reads them, and a provider's defaults may change."""
    return {
        "Name": host.name,
        labels.TAG_CLUSTER: args.cluster,
        labels.TAG_ENVIRONMENT: args.stack.environment,
        labels.TAG_HOST: host.name,
        labels.TAG_HOST_GROUP: host.group,
        labels.TAG_SERVICE: host.service,
    }
