"""The stack's own key: what holds samples, logs, dashboards, topics and secrets is encrypted."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.names import keeps_its_name
from gallery.plan.stack import Stack
from gallery.render.iam import key_policy


@dataclass(frozen=True, kw_only=True)
class EncryptionArgs:
    """`account` is the AWS account's number."""

    stack: Stack
    account: pulumi.Input[str]


class Encryption(pulumi.ComponentResource):
    """A KMS key that rotates, usable by the services that need it and by nobody else."""

    key_arn: pulumi.Output[str]

    def __init__(
        self, name: str, args: EncryptionArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("gallery:components:Encryption", name, None, opts)
        stack = args.stack
        key = aws.kms.Key(
            f"{name}-key",
            description=f"{stack.prefix}: observability of the Red Hat Gallery",
            enable_key_rotation=True,
            deletion_window_in_days=30,
            policy=pulumi.Output.from_input(args.account).apply(
                lambda account: key_policy(account=account, region=stack.region)
            ),
            opts=pulumi.ResourceOptions(parent=self, protect=stack.production),
        )
        aws.kms.Alias(
            f"{name}-alias",
            name=f"alias/{stack.prefix}",
            target_key_id=key.key_id,
            opts=keeps_its_name(self),
        )
        self.key_arn = key.arn
        self.register_outputs({"key_arn": self.key_arn})
