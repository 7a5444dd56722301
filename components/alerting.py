"""Who is told of what: Grafana's rules and policies, and AMP's Alertmanager."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumiverse_grafana as grafana

from components.dashboards import Dashboards
from components.grafana import Grafana
from components.names import keeps_its_name
from components.prometheus import Prometheus
from gallery.contact_points.model import SECRET_KEY, Engine
from gallery.plan.model import Plan
from gallery.render.alertmanager import Addresses, definition
from gallery.render.documents import json_text
from gallery.render.grafana import contact_points, policies, rule_groups
from gallery.render.iam import secret_policy
from gallery.render.message import MESSAGE_TEMPLATE, templates


@dataclass(frozen=True, kw_only=True)
class AlertingArgs:
    """`secrets` are credentials by name, `topics` ARNs by contact point.

    Grafana's rules ask the dashboards' data source for what the `collector` brings.
    """

    plan: Plan
    account: pulumi.Input[str]
    key_arn: pulumi.Input[str]
    prometheus: Prometheus
    grafana: Grafana
    dashboards: Dashboards
    collector: pulumi.Resource
    secrets: Mapping[str, pulumi.Output[str]]
    topics: Mapping[str, pulumi.Input[str]]


@dataclass(frozen=True, kw_only=True)
class _Secret:
    """A secret's ARN, and what must be there before AMP can read it."""

    arn: pulumi.Output[str]
    readable: tuple[pulumi.Resource, ...]


class Alerting(pulumi.ComponentResource):
    """The rules and routes of the stack's engine, and always those of the heartbeat."""

    def __init__(
        self, name: str, args: AlertingArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("gallery:components:Alerting", name, None, opts)
        self._prefix, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        self._amp(self._credentials())
        if args.plan.engine is Engine.GRAFANA:
            self._grafana()
        self.register_outputs({})

    def _credentials(self) -> dict[str, _Secret]:
        """AMP reads credentials from Secrets Manager. By contact point."""
        args = self._args
        if args.plan.engine is not Engine.ALERTMANAGER:
            return {}
        return {
            point.name: self._secret(point.name, args.secrets[point.secret])
            for point in args.plan.contact_points
            if point.secret is not None
        }

    def _secret(self, point: str, value: pulumi.Output[str]) -> _Secret:
        args = self._args
        secret = aws.secretsmanager.Secret(
            f"{self._prefix}-{point}",
            name=f"{args.plan.stack.prefix}/{point}",
            kms_key_id=args.key_arn,
            # A copy of a Pulumi secret: nothing to recover, and its name must be free at once.
            recovery_window_in_days=0,
            opts=keeps_its_name(self),
        )
        policy = aws.secretsmanager.SecretPolicy(
            f"{self._prefix}-{point}",
            secret_arn=secret.arn,
            policy=pulumi.Output.all(args.prometheus.arn, args.account).apply(
                lambda known: secret_policy(workspace_arn=known[0], account=known[1])
            ),
            opts=self._child,
        )
        version = aws.secretsmanager.SecretVersion(
            f"{self._prefix}-{point}",
            secret_id=secret.id,
            secret_string=value.apply(lambda key: json_text({SECRET_KEY: key})),
            opts=self._child,
        )
        return _Secret(arn=secret.arn, readable=(policy, version))

    def _amp(self, secrets: Mapping[str, _Secret]) -> None:
        args, plan = self._args, self._args.plan
        # Once with what the plan knows, so that a fault shows even where ARNs are unknown.
        definition(
            plan,
            Addresses(
                topics=dict.fromkeys(args.topics, "arn"),
                secrets=dict.fromkeys(secrets, "arn"),
                grafana_url="https://grafana",
            ),
        )
        aws.amp.AlertManagerDefinition(
            f"{self._prefix}-routes",
            workspace_id=args.prometheus.workspace_id,
            definition=pulumi.Output.all(
                topics=args.topics,
                secrets={name: secret.arn for name, secret in secrets.items()},
                url=args.grafana.url,
            ).apply(
                lambda known: definition(
                    plan,
                    Addresses(
                        topics=known["topics"],
                        secrets=known["secrets"],
                        grafana_url=known["url"],
                    ),
                )
            ),
            # The ARN alone is known before the key can be read, and a page would be lost.
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[part for secret in secrets.values() for part in secret.readable],
            ),
        )

    def _grafana(self) -> None:
        args, plan = self._args, self._args.plan
        content = args.grafana.content(self)
        points = self._contact_points(content)
        policy = grafana.alerting.NotificationPolicy(
            f"{self._prefix}-policies",
            **policies(plan, {receiver: point.name for receiver, point in points.items()}),
            opts=content,
        )
        # A rule that is there sooner, or longer, than what it asks and what leads its alerts to
        # somebody finds nothing, or tells whomever Grafana's default names.
        first = [args.dashboards.data_source, args.collector, policy]
        last = pulumi.ResourceOptions.merge(content, pulumi.ResourceOptions(depends_on=first))
        for group, rules in rule_groups(plan).items():
            grafana.alerting.RuleGroup(
                f"{self._prefix}-{group}",
                name=group,
                folder_uid=args.dashboards.folder_uid,
                interval_seconds=round(plan.timings.evaluate.seconds),
                rules=rules,  # pyright: ignore[reportArgumentType] - the SDK's own dict form
                opts=last,
            )

    def _contact_points(
        self, content: pulumi.ResourceOptions
    ) -> dict[str, grafana.alerting.ContactPoint]:
        args = self._args
        text = grafana.alerting.MessageTemplate(
            f"{self._prefix}-text",
            name=MESSAGE_TEMPLATE,
            template=templates(None),
            opts=content,
        )
        after = pulumi.ResourceOptions.merge(content, pulumi.ResourceOptions(depends_on=[text]))
        documents: dict[str, dict[str, Any]] = contact_points(args.plan, args.secrets, args.topics)
        return {
            receiver: grafana.alerting.ContactPoint(
                f"{self._prefix}-{receiver}", name=receiver, **fields, opts=after
            )
            for receiver, fields in documents.items()
        }
