"""Where the state lives, and the roles that the workflows take."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from bootstrap import policies


class State(pulumi.ComponentResource):
    """A bucket for the states of stacks, and a key for the secrets in them; both are protected."""

    bucket_arn: pulumi.Output[str]
    key_arn: pulumi.Output[str]

    def __init__(self, name: str, bucket: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("gallery:bootstrap:State", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        kept = pulumi.ResourceOptions(parent=self, protect=True)
        key = aws.kms.Key(
            f"{name}-key",
            description="Pulumi secrets of the Gallery",
            enable_key_rotation=True,
            deletion_window_in_days=30,
            opts=kept,
        )
        aws.kms.Alias(
            f"{name}-alias", name="alias/gallery-state", target_key_id=key.key_id, opts=child
        )
        made = aws.s3.Bucket(f"{name}-bucket", bucket=bucket, opts=kept)
        aws.s3.BucketVersioning(
            f"{name}-versions",
            bucket=made.id,
            versioning_configuration={"status": "Enabled"},
            opts=child,
        )
        aws.s3.BucketPublicAccessBlock(
            f"{name}-private",
            bucket=made.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=child,
        )
        aws.s3.BucketServerSideEncryptionConfiguration(
            f"{name}-encryption",
            bucket=made.id,
            rules=[
                {
                    "apply_server_side_encryption_by_default": {
                        "sse_algorithm": "aws:kms",
                        "kms_master_key_id": key.arn,
                    },
                    "bucket_key_enabled": True,
                }
            ],
            opts=child,
        )
        self.bucket_arn, self.key_arn = made.arn, key.arn
        self.register_outputs({"bucket_arn": self.bucket_arn, "key_arn": self.key_arn})


@dataclass(frozen=True, kw_only=True)
class RoleArgs:
    """`trust` and `policy` are IAM's documents."""

    trust: pulumi.Input[str]
    policy: pulumi.Input[str]


class Role(pulumi.ComponentResource):
    """A role that jobs of one repository take, for an hour at most."""

    arn: pulumi.Output[str]

    def __init__(
        self, name: str, args: RoleArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("gallery:bootstrap:Role", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        role = aws.iam.Role(
            f"{name}-role",
            # Not `gallery-…`: what a workflow may make in IAM is called that, and it may not
            # change its own rights.
            name=f"workflow-of-gallery-{name}",
            description=f"Taken by the Gallery's workflows: {name}",
            assume_role_policy=args.trust,
            max_session_duration=3600,
            opts=child,
        )
        aws.iam.RolePolicy(
            f"{name}-policy", name=name, role=role.name, policy=args.policy, opts=child
        )
        self.arn = role.arn
        self.register_outputs({"arn": self.arn})


def provider(existing: str | None, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """The ARN of GitHub's OIDC provider, which an account has once."""
    if existing:
        return pulumi.Output.from_input(existing)
    return aws.iam.OpenIdConnectProvider(
        "github",
        url=f"https://{policies.ISSUER}",
        client_id_lists=["sts.amazonaws.com"],
        opts=opts,
    ).arn
