"""Amazon Managed Grafana: a workspace people can log in to, and a provider that fills it."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
import pulumiverse_grafana as grafana

from components.names import keeps_its_name
from gallery.alerts.grafana_release import recent
from gallery.plan.model import Plan
from gallery.render.iam import grafana_policy, grafana_trust

# AMG's own limit is 30 days. A token older than a week is replaced by the next deployment.
_TOKEN_SECONDS = 30 * 24 * 3600
# A workspace has taken longer than the provider's ten minutes, and was then there unknown
# (hashicorp/terraform-provider-aws#31422).
_CREATION = "30m"


@dataclass(frozen=True, kw_only=True)
class GrafanaArgs:
    """`week` is the calendar week; `topic_arns` are those Grafana may publish to."""

    plan: Plan
    account: pulumi.Input[str]
    key_arn: pulumi.Input[str]
    prometheus_arn: pulumi.Input[str]
    topic_arns: list[pulumi.Input[str]]
    week: str


class Grafana(pulumi.ComponentResource):
    """A workspace, or an existing one. `provider` speaks to it with a token of its own."""

    url: pulumi.Output[str]
    workspace_id: pulumi.Output[str]
    workspace: aws.grafana.Workspace | None
    provider: grafana.Provider

    def __init__(
        self, name: str, args: GrafanaArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("gallery:components:Grafana", name, None, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        plan = args.plan
        if plan.existing_grafana is None:
            self.workspace = self._create(name, args)
            self.workspace_id, endpoint = self.workspace.id, self.workspace.endpoint
        else:
            self.workspace = None
            found = aws.grafana.get_workspace_output(
                workspace_id=plan.existing_grafana,
                opts=pulumi.InvokeOutputOptions(parent=self),
            )
            self.workspace_id, endpoint = found.workspace_id, found.apply(_usable)
        self.url = endpoint.apply(lambda host: f"https://{host}")
        self.provider = self._content_provider(name, args)
        self.register_outputs({"url": self.url, "workspace_id": self.workspace_id})

    def content(self, parent: pulumi.Resource) -> pulumi.ResourceOptions:
        """How what is made through `provider` lives and dies.

        It is lost with the workspace, so that nobody tries to delete it at a dead address, and
        made anew with the provider, so that it follows to another one.
        """
        return pulumi.ResourceOptions(
            parent=parent, deleted_with=self.workspace, replace_with=[self.provider]
        )

    def _create(self, name: str, args: GrafanaArgs) -> aws.grafana.Workspace:
        plan = args.plan
        role = aws.iam.Role(
            f"{name}-role",
            name=plan.stack.iam_name("grafana"),
            assume_role_policy=pulumi.Output.from_input(args.account).apply(
                lambda account: grafana_trust(account=account, region=plan.region)
            ),
            opts=keeps_its_name(self),
        )
        aws.iam.RolePolicy(
            f"{name}-role",
            name="read-metrics-and-notify",
            role=role.name,
            policy=pulumi.Output.all(
                args.prometheus_arn, args.key_arn, pulumi.Output.all(*args.topic_arns)
            ).apply(
                lambda known: grafana_policy(
                    workspace_arn=known[0],
                    engine=plan.engine,
                    key_arn=known[1],
                    topic_arns=known[2],
                )
            ),
            opts=self._child,
        )
        workspace = aws.grafana.Workspace(
            f"{name}-workspace",
            name=plan.stack.prefix,
            account_access_type="CURRENT_ACCOUNT",
            authentication_providers=["AWS_SSO"],
            permission_type="CUSTOMER_MANAGED",
            role_arn=role.arn,
            data_sources=["PROMETHEUS"],
            notification_destinations=["SNS"],
            grafana_version=plan.grafana_version,
            kms_key_id=args.key_arn,
            configuration=json.dumps(
                {"plugins": {"pluginAdminEnabled": False}, "unifiedAlerting": {"enabled": True}},
                sort_keys=True,
            ),
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=plan.production,
                custom_timeouts=pulumi.CustomTimeouts(create=_CREATION),
            ),
        )
        if plan.grafana_admins:
            aws.grafana.RoleAssociation(
                f"{name}-admins",
                role="ADMIN",
                group_ids=list(plan.grafana_admins),
                workspace_id=workspace.id,
                opts=self._child,
            )
        return workspace

    def _content_provider(self, name: str, args: GrafanaArgs) -> grafana.Provider:
        plan = args.plan
        account = aws.grafana.WorkspaceServiceAccount(
            f"{name}-deployer",
            # An existing Grafana may have others, and its tokens' names are one space for all.
            name=plan.stack.prefix,
            grafana_role="ADMIN",
            workspace_id=self.workspace_id,
            opts=keeps_its_name(self),
        )
        token = aws.grafana.WorkspaceServiceAccountToken(
            f"{name}-deployer",
            # A token cannot be replaced in place by one of the same name.
            name=f"{plan.stack.prefix}-{args.week}",
            service_account_id=account.service_account_id,
            workspace_id=self.workspace_id,
            seconds_to_live=_TOKEN_SECONDS,
            opts=pulumi.ResourceOptions(
                parent=self,
                replacement_trigger=args.week,
                additional_secret_outputs=["key"],
            ),
        )
        return grafana.Provider(
            f"{name}-provider",
            url=self.url,
            auth=pulumi.Output.secret(token.key),
            # Another address is another Grafana: what is made through this provider follows by
            # replace_with, since a changed provider alone would leave it "unchanged", and lost.
            opts=pulumi.ResourceOptions(parent=self, replace_on_changes=["url"]),
        )


def _usable(found: aws.grafana.GetWorkspaceResult) -> str:
    """The endpoint of an existing workspace. Raises RunError before anything is created."""
    try:
        recent(found.grafana_version)
    except ValueError as fault:
        raise pulumi.RunError(
            f"gallery:grafana.existing is {found.workspace_id}: {fault}; update that workspace"
        ) from None
    return found.endpoint
