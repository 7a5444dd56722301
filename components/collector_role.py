"""The collector's identity in AWS: a role that its service account alone can take."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.names import keeps_its_name
from gallery.plan.cluster import Cluster
from gallery.plan.stack import Stack
from gallery.render import iam
from gallery.store.companions import COLLECTOR
from gallery.store.services import NAMESPACE

PLACEHOLDER_ARN = "arn:aws:aps:eu-west-1:123456789012:workspace/ws-placeholder"
PLACEHOLDER_ACCOUNT = "123456789012"


@dataclass(frozen=True, kw_only=True)
class CollectorRoleArgs:
    """`account` is the AWS account's number, `workspace_arn` the AMP workspace written to."""

    stack: Stack
    cluster: Cluster
    account: pulumi.Input[str]
    workspace_arn: pulumi.Input[str]


class CollectorRole(pulumi.ComponentResource):
    """A role with one inline policy.

    On EKS the pod gets it by Pod Identity, whose agent the cluster runs (Auto Mode has it built
    in); on OpenShift by the cluster's OIDC provider. `association` is what must be there well
    before the pods, None on OpenShift. It names its namespace and does not need it to exist.
    """

    arn: pulumi.Output[str]
    association: aws.eks.PodIdentityAssociation | None

    def __init__(
        self, name: str, args: CollectorRoleArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("gallery:components:CollectorRole", name, None, opts)
        stack, child = args.stack, pulumi.ResourceOptions(parent=self)
        role = aws.iam.Role(
            f"{name}-role",
            name=stack.iam_name(COLLECTOR.name),
            description="The Gallery's collector: writes to its AMP workspace and finds hosts",
            assume_role_policy=_trust(args),
            opts=keeps_its_name(self),
        )
        iam.collector_policy(workspace_arn=PLACEHOLDER_ARN, region=stack.region)
        aws.iam.RolePolicy(
            f"{name}-policy",
            name="write-metrics-and-find-hosts",
            role=role.name,
            policy=pulumi.Output.from_input(args.workspace_arn).apply(
                lambda arn: iam.collector_policy(workspace_arn=arn, region=stack.region)
            ),
            opts=child,
        )
        self.arn = role.arn
        self.association = (
            aws.eks.PodIdentityAssociation(
                f"{name}-association",
                cluster_name=args.cluster.name,
                namespace=NAMESPACE,
                service_account=COLLECTOR.name,
                role_arn=role.arn,
                opts=child,
            )
            if args.cluster.oidc_provider is None
            else None
        )
        self.register_outputs({"arn": self.arn})


def _trust(args: CollectorRoleArgs) -> pulumi.Output[str]:
    region, cluster = args.stack.region, args.cluster

    def document(account: str) -> str:
        if cluster.oidc_provider is not None:
            return iam.web_identity_trust(
                oidc_provider=cluster.oidc_provider,
                namespace=NAMESPACE,
                service_account=COLLECTOR.name,
            )
        arn = iam.cluster_arn(account=account, region=region, name=cluster.name)
        return iam.pod_identity_trust(
            cluster_arn=arn, namespace=NAMESPACE, service_account=COLLECTOR.name
        )

    document(PLACEHOLDER_ACCOUNT)
    return pulumi.Output.from_input(args.account).apply(document)
