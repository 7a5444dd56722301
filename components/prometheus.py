"""Amazon Managed Service for Prometheus: where series live, and the rules AMP evaluates."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.names import keeps_its_name
from gallery.plan.model import Plan
from gallery.render.rules import amp_rule_files


@dataclass(frozen=True, kw_only=True)
class PrometheusArgs:
    """`kms_key_arn` encrypts the workspace's samples and its log."""

    plan: Plan
    kms_key_arn: pulumi.Input[str]


class Prometheus(pulumi.ComponentResource):
    """A workspace, or an existing one, with the stack's rule files and its log."""

    workspace_id: pulumi.Output[str]
    arn: pulumi.Output[str]
    endpoint: pulumi.Output[str]
    remote_write_url: pulumi.Output[str]
    # The log group; empty where the workspace is another's, who decides where it logs.
    log: pulumi.Output[str]

    def __init__(
        self, name: str, args: PrometheusArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("gallery:components:Prometheus", name, None, opts)
        plan = args.plan
        if plan.existing_prometheus is None:
            self._create(name, args)
        else:
            self._adopt(plan.existing_prometheus)
        self.remote_write_url = self.endpoint.apply(lambda url: f"{url}api/v1/remote_write")
        for namespace, document in amp_rule_files(plan).items():
            aws.amp.RuleGroupNamespace(
                f"{name}-{namespace}",
                # Its own name in AMP: an existing workspace may hold rules of others.
                name=f"{plan.stack.prefix}-{namespace}",
                workspace_id=self.workspace_id,
                data=document,
                opts=keeps_its_name(self),
            )
        self.register_outputs(
            {
                "workspace_id": self.workspace_id,
                "arn": self.arn,
                "endpoint": self.endpoint,
                "remote_write_url": self.remote_write_url,
                "log": self.log,
            }
        )

    def _create(self, name: str, args: PrometheusArgs) -> None:
        plan = args.plan
        kept = pulumi.ResourceOptions(parent=self, protect=plan.production)
        log = aws.cloudwatch.LogGroup(
            f"{name}-log",
            # AWS lets services write to groups with this prefix without a policy that could be
            # full (CloudWatch Logs user guide, "Enable logging from AWS services").
            name=f"/aws/vendedlogs/prometheus/{plan.stack.prefix}",
            kms_key_id=args.kms_key_arn,
            retention_in_days=90,
            opts=keeps_its_name(self, protect=plan.production),
        )
        workspace = aws.amp.Workspace(
            f"{name}-workspace",
            alias=plan.stack.prefix,
            kms_key_arn=args.kms_key_arn,
            logging_configuration={"log_group_arn": log.arn.apply(lambda arn: f"{arn}:*")},
            opts=kept,
        )
        aws.amp.WorkspaceConfiguration(
            f"{name}-configuration",
            workspace_id=workspace.id,
            retention_period_in_days=plan.retention_days,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.workspace_id, self.arn = workspace.id, workspace.arn
        self.endpoint, self.log = workspace.prometheus_endpoint, log.name

    def _adopt(self, workspace_id: str) -> None:
        found = aws.amp.get_workspace_output(
            workspace_id=workspace_id, opts=pulumi.InvokeOutputOptions(parent=self)
        )
        self.workspace_id, self.arn = found.workspace_id, found.arn
        self.endpoint, self.log = found.prometheus_endpoint, pulumi.Output.from_input("")
