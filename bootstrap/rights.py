"""What the workflows must be allowed in AWS, by what the program declares and asks.

Source: the service authorization reference, and the API calls of the AWS provider's resources.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Rights:
    """The actions of one service: `reads` change nothing, `writes` make, change and remove."""

    service: str
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()

    def actions(self, *, writing: bool) -> frozenset[str]:
        """In IAM's words, as `sns:Publish`."""
        names = (*self.reads, *(self.writes if writing else ()))
        return frozenset(f"{self.service}:{name}" for name in names)


def _made(service: str, what: str, read: str, *others: str) -> Rights:
    """What is created, deleted and tagged; `others` write too."""
    tags = ("TagResource", "UntagResource")
    return Rights(
        service=service,
        reads=(read, "ListTagsForResource"),
        writes=(f"Create{what}", f"Delete{what}", *tags, *others),
    )


_ROLE = (
    "GetRole",
    "GetRolePolicy",
    "ListAttachedRolePolicies",
    "ListInstanceProfilesForRole",
    "ListRolePolicies",
    "ListRoleTags",
)
_RULE_READS = ("DescribeSecurityGroupRules", "DescribeSecurityGroups", "DescribeTags")
_SSO = (
    "AssociateProfile",
    "CreateManagedApplicationInstance",
    "DeleteManagedApplicationInstance",
    "DisassociateProfile",
    "GetManagedApplicationInstance",
    "GetProfile",
    "ListDirectoryAssociations",
    "ListProfileAssociations",
    "ListProfiles",
)

# By the type of a resource, as the engine has it.
RESOURCES: Mapping[str, tuple[Rights, ...]] = {
    "aws:amp/alertManagerDefinition:AlertManagerDefinition": (
        Rights(
            service="aps",
            reads=("DescribeAlertManagerDefinition",),
            writes=(
                "CreateAlertManagerDefinition",
                "DeleteAlertManagerDefinition",
                "PutAlertManagerDefinition",
            ),
        ),
    ),
    "aws:amp/ruleGroupNamespace:RuleGroupNamespace": (
        _made(
            "aps", "RuleGroupsNamespace", "DescribeRuleGroupsNamespace", "PutRuleGroupsNamespace"
        ),
    ),
    "aws:amp/workspace:Workspace": (
        _made("aps", "Workspace", "DescribeWorkspace", "UpdateWorkspaceAlias"),
        Rights(
            service="aps",
            reads=("DescribeLoggingConfiguration",),
            writes=(
                "CreateLoggingConfiguration",
                "DeleteLoggingConfiguration",
                "UpdateLoggingConfiguration",
            ),
        ),
        # AMP sets up its log in the caller's name.
        Rights(
            service="logs",
            reads=("DescribeResourcePolicies", "GetLogDelivery", "ListLogDeliveries"),
            writes=(
                "CreateLogDelivery",
                "DeleteLogDelivery",
                "PutResourcePolicy",
                "UpdateLogDelivery",
            ),
        ),
    ),
    "aws:amp/workspaceConfiguration:WorkspaceConfiguration": (
        Rights(
            service="aps",
            reads=("DescribeWorkspaceConfiguration",),
            writes=("UpdateWorkspaceConfiguration",),
        ),
    ),
    "aws:cloudwatch/logGroup:LogGroup": (
        _made(
            "logs",
            "LogGroup",
            "DescribeLogGroups",
            "AssociateKmsKey",
            "DeleteRetentionPolicy",
            "DisassociateKmsKey",
            "PutRetentionPolicy",
        ),
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": (
        Rights(
            service="cloudwatch",
            reads=("DescribeAlarms", "ListTagsForResource"),
            writes=("DeleteAlarms", "PutMetricAlarm", "TagResource", "UntagResource"),
        ),
    ),
    "aws:ec2/instance:Instance": (
        Rights(
            service="ec2",
            reads=(
                "DescribeIamInstanceProfileAssociations",
                "DescribeInstanceAttribute",
                "DescribeInstanceCreditSpecifications",
                "DescribeInstanceTypes",
                "DescribeInstances",
                "DescribeTags",
                "DescribeVolumes",
            ),
            writes=(
                "CreateTags",
                "DeleteTags",
                "ModifyInstanceAttribute",
                "ModifyInstanceMetadataOptions",
                "RunInstances",
                "StartInstances",
                "StopInstances",
                "TerminateInstances",
            ),
        ),
        # The stack's key encrypts the disks, and EC2 is let use it.
        Rights(service="kms", writes=("CreateGrant", "GenerateDataKeyWithoutPlaintext")),
    ),
    "aws:ec2/securityGroup:SecurityGroup": (
        Rights(
            service="ec2",
            reads=("DescribeNetworkInterfaces", *_RULE_READS),
            writes=(
                "CreateSecurityGroup",
                "CreateTags",
                "DeleteSecurityGroup",
                "DeleteTags",
                "RevokeSecurityGroupEgress",
            ),
        ),
    ),
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": (
        _made(
            "eks",
            "PodIdentityAssociation",
            "DescribePodIdentityAssociation",
            "UpdatePodIdentityAssociation",
        ),
        Rights(service="iam", reads=("GetRole",), writes=("PassRole",)),
    ),
    "aws:grafana/roleAssociation:RoleAssociation": (
        Rights(service="grafana", reads=("ListPermissions",), writes=("UpdatePermissions",)),
    ),
    "aws:grafana/workspace:Workspace": (
        _made(
            "grafana",
            "Workspace",
            "DescribeWorkspace",
            "UpdateWorkspace",
            "UpdateWorkspaceAuthentication",
            "UpdateWorkspaceConfiguration",
        ),
        Rights(
            service="grafana",
            reads=("DescribeWorkspaceAuthentication", "DescribeWorkspaceConfiguration"),
        ),
        Rights(service="iam", writes=("PassRole",)),
        # To let people in by Identity Center.
        Rights(service="organizations", writes=("DescribeOrganization",)),
        Rights(service="sso", writes=_SSO),
    ),
    "aws:grafana/workspaceServiceAccount:WorkspaceServiceAccount": (
        Rights(
            service="grafana",
            reads=("ListWorkspaceServiceAccounts",),
            writes=("CreateWorkspaceServiceAccount", "DeleteWorkspaceServiceAccount"),
        ),
    ),
    "aws:grafana/workspaceServiceAccountToken:WorkspaceServiceAccountToken": (
        Rights(
            service="grafana",
            reads=("ListWorkspaceServiceAccountTokens",),
            writes=("CreateWorkspaceServiceAccountToken", "DeleteWorkspaceServiceAccountToken"),
        ),
    ),
    "aws:iam/instanceProfile:InstanceProfile": (
        Rights(
            service="iam",
            reads=("GetInstanceProfile", "ListInstanceProfileTags"),
            writes=(
                "AddRoleToInstanceProfile",
                "CreateInstanceProfile",
                "DeleteInstanceProfile",
                "PassRole",
                "RemoveRoleFromInstanceProfile",
                "TagInstanceProfile",
                "UntagInstanceProfile",
            ),
        ),
    ),
    "aws:iam/role:Role": (
        Rights(
            service="iam",
            reads=_ROLE,
            writes=(
                "CreateRole",
                "DeleteRole",
                "TagRole",
                "UntagRole",
                "UpdateAssumeRolePolicy",
                "UpdateRole",
                "UpdateRoleDescription",
            ),
        ),
    ),
    "aws:iam/rolePolicy:RolePolicy": (
        Rights(
            service="iam",
            reads=("GetRolePolicy",),
            writes=("DeleteRolePolicy", "PutRolePolicy"),
        ),
    ),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": (
        Rights(
            service="iam",
            reads=("ListAttachedRolePolicies",),
            writes=("AttachRolePolicy", "DetachRolePolicy"),
        ),
    ),
    "aws:kms/alias:Alias": (
        Rights(
            service="kms",
            reads=("ListAliases",),
            writes=("CreateAlias", "DeleteAlias", "UpdateAlias"),
        ),
    ),
    "aws:kms/key:Key": (
        Rights(
            service="kms",
            reads=(
                "DescribeKey",
                "GetKeyPolicy",
                "GetKeyRotationStatus",
                "ListResourceTags",
            ),
            writes=(
                "CreateKey",
                "EnableKeyRotation",
                "PutKeyPolicy",
                "ScheduleKeyDeletion",
                "TagResource",
                "UntagResource",
                "UpdateKeyDescription",
            ),
        ),
    ),
    "aws:secretsmanager/secret:Secret": (
        Rights(
            service="secretsmanager",
            reads=("DescribeSecret", "GetResourcePolicy"),
            writes=(
                "CreateSecret",
                "DeleteSecret",
                "TagResource",
                "UntagResource",
                "UpdateSecret",
            ),
        ),
    ),
    "aws:secretsmanager/secretPolicy:SecretPolicy": (
        Rights(
            service="secretsmanager",
            reads=("GetResourcePolicy",),
            writes=("DeleteResourcePolicy", "PutResourcePolicy"),
        ),
    ),
    "aws:secretsmanager/secretVersion:SecretVersion": (
        Rights(
            service="secretsmanager",
            reads=("DescribeSecret",),
            # Reading the value is for whoever writes it: the provider compares.
            writes=("GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage"),
        ),
        Rights(service="kms", writes=("Decrypt", "GenerateDataKey")),
    ),
    "aws:sns/topic:Topic": (_made("sns", "Topic", "GetTopicAttributes", "SetTopicAttributes"),),
    "aws:sns/topicPolicy:TopicPolicy": (
        Rights(service="sns", reads=("GetTopicAttributes",), writes=("SetTopicAttributes",)),
    ),
    "aws:sns/topicSubscription:TopicSubscription": (
        Rights(
            service="sns",
            reads=("GetSubscriptionAttributes", "ListSubscriptionsByTopic"),
            writes=("SetSubscriptionAttributes", "Subscribe", "Unsubscribe"),
        ),
    ),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": (
        Rights(
            service="ec2",
            reads=_RULE_READS,
            writes=(
                "AuthorizeSecurityGroupEgress",
                "ModifySecurityGroupRules",
                "RevokeSecurityGroupEgress",
            ),
        ),
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": (
        Rights(
            service="ec2",
            reads=_RULE_READS,
            writes=(
                "AuthorizeSecurityGroupIngress",
                "ModifySecurityGroupRules",
                "RevokeSecurityGroupIngress",
            ),
        ),
    ),
}

# By the name of a data source.
ASKED: Mapping[str, tuple[Rights, ...]] = {
    "aws:amp/getWorkspace:getWorkspace": (
        Rights(service="aps", reads=("DescribeWorkspace", "ListTagsForResource")),
    ),
    "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings": (
        Rights(service="ec2", reads=("DescribeInstanceTypeOfferings",)),
    ),
    "aws:ec2/getSubnet:getSubnet": (Rights(service="ec2", reads=("DescribeSubnets",)),),
    "aws:eks/getAddon:getAddon": (Rights(service="eks", reads=("DescribeAddon",)),),
    "aws:eks/getCluster:getCluster": (Rights(service="eks", reads=("DescribeCluster",)),),
    "aws:grafana/getWorkspace:getWorkspace": (
        Rights(service="grafana", reads=("DescribeWorkspace",)),
    ),
    # Whoever has credentials may ask.
    "aws:index/getCallerIdentity:getCallerIdentity": (),
    "aws:ssm/getParameter:getParameter": (Rights(service="ssm", reads=("GetParameter",)),),
}


def actions(*, writing: bool, kinds: Iterable[str] = (*RESOURCES, *ASKED)) -> frozenset[str]:
    """What is needed for these resources and data sources; KeyError names one of no rights."""
    known = {**RESOURCES, **ASKED}
    return frozenset(
        action
        for kind in kinds
        for rights in known[kind]
        for action in rights.actions(writing=writing)
    )
