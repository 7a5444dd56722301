"""The AWS resource types the program uses, but for networks and clusters.

What replaces a resource is what the provider's schema marks so (ForceNew or RequiresReplace in
hashicorp/terraform-provider-aws, internal/service).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from .kinds import Kind, Reference, table
from .values import Properties, at, text_at

if TYPE_CHECKING:
    from .cloud import Cloud, Made

ROLE = "aws:iam/role:Role"
WORKSPACE = "aws:grafana/workspace:Workspace"
SERVICE_ACCOUNT = "aws:grafana/workspaceServiceAccount:WorkspaceServiceAccount"
RULE_NAMESPACE = "aws:amp/ruleGroupNamespace:RuleGroupNamespace"
TOKEN = "aws:grafana/workspaceServiceAccountToken:WorkspaceServiceAccountToken"
PROMETHEUS = "aws:amp/workspace:Workspace"
TOPIC = "aws:sns/topic:Topic"
INSTANCE = "aws:ec2/instance:Instance"
INSTANCE_PROFILE = "aws:iam/instanceProfile:InstanceProfile"
SECURITY_GROUP = "aws:ec2/securityGroup:SecurityGroup"
KEY = "aws:kms/key:Key"
SECRET = "aws:secretsmanager/secret:Secret"
POLICY = "aws:iam/policy:Policy"
METRIC_ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"


def _user_data_replaces(old: Properties, new: Properties) -> frozenset[str]:
    """User data replaces an instance only where the program asked for it."""
    changed = {key for key in ("userData", "userDataBase64") if old.get(key) != new.get(key)}
    return frozenset(changed) if new.get("userDataReplaceOnChange") else frozenset()


# Instance families by the architecture of their processors.
_FAMILIES = {"t4g": "arm64", "m7g": "arm64", "t3": "x86_64", "m7i": "x86_64"}


def _architecture(inputs: Properties) -> str:
    """The architecture of an instance's type, empty where the type does not exist."""
    return _FAMILIES.get(text_at(inputs, "instanceType").partition(".")[0], "")


def _host_replaced(old: Properties, new: Properties) -> frozenset[str]:
    """A new type stops and starts an instance, unless its disk cannot boot there."""
    same = _architecture(old) == _architecture(new)
    return _user_data_replaces(old, new) | frozenset(() if same else ("instanceType",))


def _boots(cloud: Cloud, made: Made) -> str | None:
    wanted, found = _architecture(made.inputs), cloud.images.get(made.text("ami"))
    if wanted == found:
        return None
    return f"{made.name}: {made.text('instanceType')} is {wanted}, and its image is {found}"


def _source_type_replaces(old: Properties, new: Properties) -> frozenset[str]:
    """A security group rule cannot change from one type of source to another."""
    sources = ("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId")
    was = next((source for source in sources if source in old), "")
    becomes = next((source for source in sources if source in new), "")
    return frozenset({was, becomes} - {""}) if was != becomes else frozenset()


def _one_source(_cloud: Cloud, made: Made) -> str | None:
    sources = ("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId")
    given = [source for source in sources if source in made.inputs]
    return None if len(given) == 1 else f"{made.name}: exactly one of {sources}, got {given}"


def _token_lives_at_most_thirty_days(_cloud: Cloud, made: Made) -> str | None:
    seconds = made.inputs.get("secondsToLive")
    if isinstance(seconds, int) and 1 <= seconds <= 2_592_000:
        return None
    return f"{made.name}: secondsToLive must be between 1 and 2592000, got {seconds}"


def _expiry(cloud: Cloud, inputs: Properties) -> Properties:
    seconds = inputs.get("secondsToLive")
    ends = cloud.now + (seconds if isinstance(seconds, int) else 0)
    stamp = datetime.fromtimestamp(ends, tz=UTC)
    return {"expiresAt": stamp.strftime("%Y-%m-%dT%H:%M:%SZ")}


def _kept_for_recovery(inputs: Properties) -> bool:
    """A deleted secret keeps its name until its recovery window ends."""
    return at(inputs, "recoveryWindowInDays") != 0


def _alarm_dimensions(_cloud: Cloud, made: Made) -> str | None:
    """An alarm watches either one metric or a list of metric queries."""
    simple, queries = "metricName" in made.inputs, "metricQueries" in made.inputs
    return None if simple != queries else f"{made.name}: either metricName or metricQueries"


def _arn(service: str, resource: str, *, regional: bool = True) -> str:
    region = "{region}" if regional else ""
    return f"arn:aws:{service}:{region}:{{account}}:{resource}"


def _group_rule(token: str) -> Kind:
    return Kind(
        type=token,
        id="sgr-0{hex}",
        outputs={"securityGroupRuleId": "{id}", "arn": _arn("ec2", "security-group-rule/{id}")},
        identity=(
            "securityGroupId",
            "ipProtocol",
            "fromPort",
            "toPort",
            "cidrIpv4",
            "cidrIpv6",
            "prefixListId",
            "referencedSecurityGroupId",
        ),
        replaced_by=frozenset({"securityGroupId"}),
        replaced_when=_source_type_replaces,
        references=(
            Reference(path="securityGroupId", type=SECURITY_GROUP),
            Reference(path="referencedSecurityGroupId", type=SECURITY_GROUP, holds=True),
        ),
        refusals=(_one_source,),
    )


IDENTITY = (
    Kind(
        type=ROLE,
        id="{name}",
        outputs={
            "arn": _arn("iam", "role/{name}", regional=False),
            "uniqueId": "AROA{hex}",
            "createDate": "2026-01-01T00:00:00Z",
        },
        identity=("name",),
        autonamed="name",
        replaced_by=frozenset({"name", "namePrefix", "path"}),
    ),
    Kind(
        type="aws:iam/rolePolicy:RolePolicy",
        id="{role}:{name}",
        identity=("role", "name"),
        autonamed="name",
        replaced_by=frozenset({"name", "namePrefix", "role"}),
        references=(Reference(path="role", type=ROLE, holds=True),),
    ),
    Kind(
        type="aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        id="{role}-{hex}",
        identity=("role", "policyArn"),
        replaced_by=frozenset({"role", "policyArn"}),
        references=(Reference(path="role", type=ROLE, holds=True),),
    ),
    Kind(
        type=POLICY,
        id=_arn("iam", "policy/{name}", regional=False),
        outputs={"arn": "{id}", "policyId": "ANPA{hex}", "attachmentCount": 0},
        identity=("name",),
        autonamed="name",
        replaced_by=frozenset({"name", "namePrefix", "path", "description"}),
    ),
    Kind(
        type=INSTANCE_PROFILE,
        id="{name}",
        outputs={
            "arn": _arn("iam", "instance-profile/{name}", regional=False),
            "uniqueId": "AIPA{hex}",
        },
        identity=("name",),
        autonamed="name",
        replaced_by=frozenset({"name", "namePrefix", "path"}),
        references=(Reference(path="role", type=ROLE, holds=True),),
    ),
)

PROMETHEUS_KINDS = (
    Kind(
        type=PROMETHEUS,
        id="ws-0{hex}",
        outputs={
            "arn": _arn("aps", "workspace/{id}"),
            "prometheusEndpoint": "https://aps-workspaces.{region}.amazonaws.com/workspaces/{id}/",
        },
        replaced_by=frozenset({"kmsKeyArn"}),
    ),
    Kind(
        type=RULE_NAMESPACE,
        id=_arn("aps", "rulegroupsnamespace/{workspaceId}/{name}"),
        outputs={"arn": "{id}"},
        identity=("workspaceId", "name"),
        autonamed="name",
        replaced_by=frozenset({"name", "workspaceId"}),
        references=(Reference(path="workspaceId", type=PROMETHEUS),),
    ),
    *(
        Kind(
            type=token,
            id="{workspaceId}",
            identity=("workspaceId",),
            replaced_by=frozenset({"workspaceId"}),
            references=(Reference(path="workspaceId", type=PROMETHEUS),),
        )
        for token in (
            "aws:amp/alertManagerDefinition:AlertManagerDefinition",
            "aws:amp/workspaceConfiguration:WorkspaceConfiguration",
            "aws:amp/queryLoggingConfiguration:QueryLoggingConfiguration",
            "aws:amp/resourcePolicy:ResourcePolicy",
        )
    ),
)

GRAFANA_KINDS = (
    Kind(
        type=WORKSPACE,
        id="g-{hex}",
        outputs={
            "arn": _arn("grafana", "/workspaces/{id}"),
            "endpoint": "{id}.grafana-workspace.{region}.amazonaws.com",
            "samlConfigurationStatus": "",
        },
        autonamed="name",
        replaced_by=frozenset({"authenticationProviders", "kmsKeyId"}),
        houses="endpoint",
    ),
    Kind(
        type=SERVICE_ACCOUNT,
        id="{workspaceId},{number}",
        outputs={"serviceAccountId": "{number}"},
        identity=("workspaceId", "name"),
        replaced_by=frozenset({"name", "grafanaRole", "workspaceId"}),
        references=(Reference(path="workspaceId", type=WORKSPACE),),
    ),
    Kind(
        type=TOKEN,
        id="{workspaceId},{serviceAccountId},{number}",
        outputs={
            "serviceAccountTokenId": "{number}",
            "key": "glsa_{hex}{hex}",
            "createdAt": "2026-01-01T00:00:00Z",
        },
        identity=("workspaceId", "name"),
        replaced_by=frozenset({"name", "secondsToLive", "serviceAccountId", "workspaceId"}),
        references=(Reference(path="workspaceId", type=WORKSPACE),),
        derived=_expiry,
        derives=("expiresAt",),
        refusals=(_token_lives_at_most_thirty_days,),
    ),
    Kind(
        type="aws:grafana/roleAssociation:RoleAssociation",
        id="{workspaceId}/{role}",
        identity=("workspaceId", "role"),
        replaced_by=frozenset({"role", "workspaceId"}),
        references=(Reference(path="workspaceId", type=WORKSPACE),),
    ),
    Kind(
        type="aws:grafana/workspaceSamlConfiguration:WorkspaceSamlConfiguration",
        id="{workspaceId}",
        outputs={"status": "CONFIGURED"},
        identity=("workspaceId",),
        replaced_by=frozenset({"workspaceId"}),
        references=(Reference(path="workspaceId", type=WORKSPACE),),
    ),
)

HOST_KINDS = (
    Kind(
        type=INSTANCE,
        id="i-0{hex}",
        outputs={
            "arn": _arn("ec2", "instance/{id}"),
            "instanceState": "running",
            "privateIp": "10.40.1.{number}",
            "privateDns": "ip-10-40-1-{number}.{region}.compute.internal",
            "primaryNetworkInterfaceId": "eni-0{hex}",
            "availabilityZone": "{region}a",
        },
        replaced_by=frozenset(
            {
                "ami",
                "availabilityZone",
                "subnetId",
                "privateIp",
                "keyName",
                "placementGroup",
                "tenancy",
                "associatePublicIpAddress",
                "rootBlockDevice.encrypted",
                "rootBlockDevice.kmsKeyId",
                "ebsBlockDevices",
            }
        ),
        replaced_when=_host_replaced,
        refusals=(_boots,),
        references=(
            Reference(path="vpcSecurityGroupIds", type=SECURITY_GROUP, holds=True),
            Reference(path="iamInstanceProfile", type=INSTANCE_PROFILE, holds=True),
        ),
    ),
    Kind(
        type=SECURITY_GROUP,
        id="sg-0{hex}",
        outputs={"arn": _arn("ec2", "security-group/{id}"), "ownerId": "{account}"},
        identity=("vpcId", "name"),
        autonamed="name",
        replaced_by=frozenset({"name", "namePrefix", "description", "vpcId"}),
    ),
    _group_rule("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"),
    _group_rule("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"),
)

MESSAGE_KINDS = (
    Kind(
        type=TOPIC,
        id=_arn("sns", "{name}"),
        outputs={"arn": "{id}", "owner": "{account}"},
        identity=("name",),
        autonamed="name",
        replaced_by=frozenset({"name", "namePrefix", "fifoTopic"}),
    ),
    Kind(
        type="aws:sns/topicPolicy:TopicPolicy",
        id="{arn}",
        outputs={"owner": "{account}"},
        identity=("arn",),
        replaced_by=frozenset({"arn"}),
        references=(Reference(path="arn", type=TOPIC),),
    ),
    Kind(
        type="aws:sns/topicSubscription:TopicSubscription",
        id="{topic}:{hex}",
        outputs={"arn": "{id}", "ownerId": "{account}", "pendingConfirmation": True},
        identity=("topic", "protocol", "endpoint"),
        replaced_by=frozenset({"topic", "protocol", "endpoint"}),
        references=(Reference(path="topic", type=TOPIC),),
    ),
    Kind(
        type=METRIC_ALARM,
        id="{name}",
        outputs={"arn": _arn("cloudwatch", "alarm:{name}")},
        identity=("name",),
        autonamed="name",
        replaced_by=frozenset({"name"}),
        refusals=(_alarm_dimensions,),
    ),
)

KEEPING_KINDS = (
    Kind(
        type="aws:cloudwatch/logGroup:LogGroup",
        id="{name}",
        outputs={"arn": _arn("logs", "log-group:{name}")},
        identity=("name",),
        autonamed="name",
        replaced_by=frozenset({"name", "namePrefix", "logGroupClass"}),
    ),
    Kind(
        type="aws:cloudwatch/logResourcePolicy:LogResourcePolicy",
        id="{policyName}",
        identity=("policyName",),
        replaced_by=frozenset({"policyName"}),
    ),
    Kind(
        type=KEY,
        id="{hex}",
        outputs={"arn": _arn("kms", "key/{id}"), "keyId": "{id}"},
        replaced_by=frozenset(
            {"customKeyStoreId", "customerMasterKeySpec", "keyUsage", "multiRegion", "xksKeyId"}
        ),
    ),
    Kind(
        type="aws:kms/alias:Alias",
        id="{name}",
        outputs={"arn": _arn("kms", "{name}"), "targetKeyArn": _arn("kms", "key/{targetKeyId}")},
        identity=("name",),
        autonamed="name",
        replaced_by=frozenset({"name", "namePrefix"}),
        references=(Reference(path="targetKeyId", type=KEY),),
    ),
    Kind(
        type=SECRET,
        id=_arn("secretsmanager", "secret:{name}-{number}"),
        outputs={"arn": "{id}"},
        identity=("name",),
        autonamed="name",
        replaced_by=frozenset({"name", "namePrefix"}),
        lingers=_kept_for_recovery,
    ),
    Kind(
        type="aws:secretsmanager/secretVersion:SecretVersion",
        id="{secretId}|{hex}",
        outputs={"arn": "{secretId}", "versionId": "{hex}"},
        replaced_by=frozenset({"secretId", "secretString", "secretBinary"}),
        references=(Reference(path="secretId", type=SECRET),),
    ),
    Kind(
        type="aws:secretsmanager/secretPolicy:SecretPolicy",
        id="{secretArn}",
        identity=("secretArn",),
        replaced_by=frozenset({"secretArn"}),
        references=(Reference(path="secretArn", type=SECRET),),
    ),
)

AWS_KINDS = table(
    *IDENTITY, *PROMETHEUS_KINDS, *GRAFANA_KINDS, *HOST_KINDS, *MESSAGE_KINDS, *KEEPING_KINDS
)
