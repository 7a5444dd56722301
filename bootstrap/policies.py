"""Who may take the roles of the workflows, and what each may do, as IAM reads it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bootstrap.rights import actions
from gallery.render.documents import json_text
from gallery.render.iam import partition

ISSUER = "token.actions.githubusercontent.com"
_AUDIENCE = "sts.amazonaws.com"
# Services that one region does not have to itself.
_GLOBAL = ("organizations:", "sso:")
# What the program makes in IAM is called so.
_PREFIX = "gallery-"


def trust(*, provider_arn: str, subjects: Sequence[str]) -> str:
    """GitHub's jobs of these subjects, and no others, may take the role."""
    condition = {"StringEquals": {f"{ISSUER}:aud": _AUDIENCE, f"{ISSUER}:sub": sorted(subjects)}}
    return _policy(
        [
            {
                "Effect": "Allow",
                "Principal": {"Federated": provider_arn},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": condition,
            }
        ]
    )


def preview_subjects(repository: str) -> list[str]:
    """A pull request that a reviewer allowed, and what is on main."""
    return [f"repo:{repository}:environment:preview", f"repo:{repository}:ref:refs/heads/main"]


def deploy_subjects(repository: str, stacks: Iterable[str]) -> list[str]:
    """The environments that admit main alone."""
    return [f"repo:{repository}:environment:{name}" for name in ("nightly", *stacks)]


def preview_policy(*, account: str, region: str, bucket_arn: str, key_arn: str) -> str:
    """Read what the program has made, and the state with its secrets; write nothing."""
    return _rights(
        actions(writing=False),
        account,
        region,
        [
            _allow(["s3:ListBucket"], bucket_arn),
            _allow(["s3:GetObject"], f"{bucket_arn}/*"),
            _allow(["kms:Decrypt", "kms:DescribeKey"], key_arn),
        ],
    )


def deploy_policy(*, account: str, region: str, bucket_arn: str, key_arn: str) -> str:
    """Make, change and remove what the program declares, and write the state."""
    linked = "role/aws-service-role/grafana.amazonaws.com/*"
    return _rights(
        actions(writing=True),
        account,
        region,
        [
            _allow(["s3:ListBucket"], bucket_arn),
            _allow(["s3:DeleteObject", "s3:GetObject", "s3:PutObject"], f"{bucket_arn}/*"),
            _allow(
                ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"], key_arn
            ),
            # The first Grafana of an account makes it.
            _allow(
                ["iam:CreateServiceLinkedRole"],
                f"arn:{partition(region)}:iam::{account}:{linked}",
            ),
        ],
    )


def _rights(
    needed: frozenset[str], account: str, region: str, state: Sequence[Mapping[str, object]]
) -> str:
    """Within one region and, of IAM, on what the program's names begin with."""
    iam = sorted(each for each in needed if each.startswith("iam:"))
    anywhere = sorted(each for each in needed if each.startswith(_GLOBAL))
    here = sorted(needed - {*iam, *anywhere})
    own = f"arn:{partition(region)}:iam::{account}"
    names = [f"{own}:{what}/{_PREFIX}*" for what in ("instance-profile", "role")]
    within = {"Condition": {"StringEquals": {"aws:RequestedRegion": region}}}
    return _policy(
        [
            # Most have no name before they are made: the region bounds them.
            {**_allow(here, "*"), **within},
            _allow(iam, names),
            *([_allow(anywhere, "*")] if anywhere else []),
            *state,
        ]
    )


def _allow(allowed: Sequence[str], resource: object) -> Mapping[str, object]:
    return {"Effect": "Allow", "Action": [*allowed], "Resource": resource}


def _policy(statements: Sequence[Mapping[str, object]]) -> str:
    return json_text({"Version": "2012-10-17", "Statement": [*statements]})
