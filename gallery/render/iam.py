"""Who may do what in AWS: policy documents, built as data, each as narrow as its user's work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gallery.contact_points.model import Engine
from gallery.render.documents import json_text

Statement = Mapping[str, object]


def partition(region: str) -> str:
    """The first part of an ARN after `arn:`, which China and GovCloud have of their own."""
    special = {"cn": "aws-cn", "us-gov": "aws-us-gov"}
    return next(
        (name for prefix, name in special.items() if region.startswith(f"{prefix}-")), "aws"
    )


def session_manager_policy_arn(region: str) -> str:
    """AWS' own policy for an instance that is reached through Session Manager."""
    return f"arn:{partition(region)}:iam::aws:policy/AmazonSSMManagedInstanceCore"


def instance_trust() -> str:
    """EC2 instances may take the role."""
    return _policy([_trust("ec2.amazonaws.com")])


def pod_identity_trust(*, cluster_arn: str, namespace: str, service_account: str) -> str:
    """One service account of one EKS cluster may take the role.

    The conditions are the session tags that EKS Pod Identity sets (EKS user guide, "Create IAM
    role with trust policy required by EKS Pod Identity").
    """
    tags = {
        "eks-cluster-arn": cluster_arn,
        "kubernetes-namespace": namespace,
        "kubernetes-service-account": service_account,
    }
    condition = {"StringEquals": {f"aws:RequestTag/{tag}": own for tag, own in tags.items()}}
    trust = _trust("pods.eks.amazonaws.com", condition)
    return _policy([{**trust, "Action": ["sts:AssumeRole", "sts:TagSession"]}])


def cluster_arn(*, account: str, region: str, name: str) -> str:
    """The ARN of an EKS cluster."""
    return f"arn:{partition(region)}:eks:{region}:{account}:cluster/{name}"


def web_identity_trust(*, oidc_provider: str, namespace: str, service_account: str) -> str:
    """One service account of the cluster behind an OIDC provider (its ARN) may take the role."""
    issuer = oidc_provider.split(":oidc-provider/", 1)[1]
    return _policy(
        [
            {
                "Effect": "Allow",
                "Principal": {"Federated": oidc_provider},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {
                    "StringEquals": {
                        f"{issuer}:aud": "sts.amazonaws.com",
                        f"{issuer}:sub": f"system:serviceaccount:{namespace}:{service_account}",
                    }
                },
            }
        ]
    )


def collector_policy(*, workspace_arn: str, region: str) -> str:
    """Write to one workspace, and find the hosts. EC2's descriptions know no resource."""
    return _policy(
        [
            _allow("aps:RemoteWrite", resource=workspace_arn),
            {
                **_allow("ec2:DescribeAvailabilityZones", "ec2:DescribeInstances", resource="*"),
                "Condition": {"StringEquals": {"aws:RequestedRegion": region}},
            },
        ]
    )


def grafana_trust(*, account: str, region: str) -> str:
    """Grafana workspaces of this account and region may take the role."""
    workspaces = f"arn:{partition(region)}:grafana:{region}:{account}:/workspaces/*"
    return _policy([_trust("grafana.amazonaws.com", _from(account, workspaces))])


_ALERTS_OF_AMP = (
    "aps:GetAlertManagerStatus",
    "aps:ListAlertManagerAlertGroups",
    "aps:ListAlertManagerAlerts",
    "aps:ListAlertManagerSilences",
    "aps:ListRules",
)


def grafana_policy(
    *,
    workspace_arn: str,
    engine: Engine,
    topic_arns: Iterable[str] = (),
    key_arn: str | None = None,
) -> str:
    """Read one AMP workspace and publish to these topics, which `key_arn` encrypts.

    Where AMP alerts, Grafana shows what fires there: AMP user guide, "Integrate alerts with
    Amazon Managed Grafana or open source Grafana".
    """
    topics = sorted(topic_arns)
    publish = [_allow("sns:Publish", resource=topics)] if topics else []
    encrypt = (
        [_allow("kms:Decrypt", "kms:GenerateDataKey*", resource=key_arn)]
        if topics and key_arn
        else []
    )
    return _policy(
        [
            # Listing knows no resource.
            _allow("aps:ListWorkspaces", resource="*"),
            _allow(
                "aps:DescribeWorkspace",
                "aps:GetLabels",
                "aps:GetMetricMetadata",
                "aps:GetSeries",
                "aps:QueryMetrics",
                *(_ALERTS_OF_AMP if engine is Engine.ALERTMANAGER else ()),
                resource=workspace_arn,
            ),
            *publish,
            *encrypt,
        ]
    )


def topic_policy(*, topic_arn: str, account: str, workspace_arn: str, alarms: bool) -> str:
    """AMP's Alertmanager of one workspace may publish and, with `alarms`, CloudWatch's alarms.

    Source: AMP user guide, "Giving Amazon Managed Service for Prometheus permission to send
    messages to your Amazon SNS topic".
    """
    own = f"arn:{topic_arn.split(':')[1]}:cloudwatch:{topic_arn.split(':')[3]}:{account}:alarm:*"
    by_amp = _by_service(
        "aps.amazonaws.com",
        _allow("sns:GetTopicAttributes", "sns:Publish", resource=topic_arn),
        _from(account, workspace_arn),
    )
    by_alarms = _by_service(
        "cloudwatch.amazonaws.com",
        _allow("sns:Publish", resource=topic_arn),
        _from(account, own),
    )
    return _policy([by_amp, by_alarms] if alarms else [by_amp])


def secret_policy(*, workspace_arn: str, account: str) -> str:
    """AMP's Alertmanager of one workspace may read the secret that carries this policy.

    Source: AMP user guide, "Configure the alert manager to send to PagerDuty".
    """
    return _policy(
        [
            _by_service(
                "aps.amazonaws.com",
                _allow(
                    "secretsmanager:DescribeSecret",
                    "secretsmanager:GetSecretValue",
                    resource="*",
                ),
                _from(account, workspace_arn),
            )
        ]
    )


def key_policy(*, account: str, region: str) -> str:
    """The stack's own key: the account governs it, and AWS services use it for the account.

    CloudWatch encrypts log groups and, as AMP does, what it publishes to encrypted topics.
    Without the statements for them a beat or an alarm is lost without a word.
    """
    part = partition(region)
    use = _allow("kms:Decrypt", "kms:GenerateDataKey*", resource="*")
    keep = _allow(
        "kms:Decrypt",
        "kms:DescribeKey",
        "kms:Encrypt",
        "kms:GenerateDataKey*",
        "kms:ReEncrypt*",
        resource="*",
    )
    return _policy(
        [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:{part}:iam::{account}:root"},
                "Action": "kms:*",
                "Resource": "*",
            },
            # Not documented to name its source to KMS; a condition that never holds would
            # silence the heartbeat. The topic's policy names the workspace.
            _by_service("aps.amazonaws.com", use, None),
            _by_service(
                "cloudwatch.amazonaws.com",
                use,
                _from(account, f"arn:{part}:cloudwatch:{region}:{account}:alarm:*"),
            ),
            _by_service(
                f"logs.{region}.amazonaws.com",
                keep,
                {
                    "ArnLike": {
                        "kms:EncryptionContext:aws:logs:arn": (
                            f"arn:{part}:logs:{region}:{account}:log-group:*"
                        )
                    }
                },
            ),
        ]
    )


def _policy(statements: Iterable[Statement]) -> str:
    return json_text({"Version": "2012-10-17", "Statement": list(statements)})


def _allow(*actions: str, resource: str | list[str]) -> Statement:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource}


def _trust(service: str, condition: Statement | None = None) -> Statement:
    return _by_service(service, {"Effect": "Allow", "Action": "sts:AssumeRole"}, condition)


def _by_service(service: str, statement: Statement, condition: Statement | None) -> Statement:
    conditions = {"Condition": condition} if condition else {}
    return {**statement, "Principal": {"Service": service}, **conditions}


def _from(account: str, source_arn: str) -> Statement:
    """What keeps a service from doing another account's bidding (the confused deputy)."""
    return {
        "ArnLike": {"aws:SourceArn": source_arn},
        "StringEquals": {"aws:SourceAccount": account},
    }
