"""What a person says of the account: `pulumi config set KEY VALUE`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

_REPOSITORY = re.compile(r"[\w.-]+(@\d+)?/[\w.-]+(@\d+)?")
_STACK = re.compile(r"[A-Za-z0-9][\w.-]*")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
# What the environments of the workflows are called that are no stack's.
_TAKEN = {"preview", "nightly"}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """`provider_arn` is GitHub's OIDC provider where the account has it already."""

    region: str
    repository: str
    bucket: str
    stacks: Sequence[str]
    provider_arn: str | None


def settings() -> Settings:
    """What is configured. Raises RunError with every problem and its cure."""
    config, region = pulumi.Config("gallery-bootstrap"), pulumi.Config("aws").get("region") or ""
    found = Settings(
        region=region,
        repository=config.get("repository") or "",
        bucket=config.get("bucket") or "",
        stacks=[each for each in (config.get("stacks") or "").split(",") if each],
        provider_arn=config.get("oidc_provider"),
    )
    if problems := _problems(found):
        raise pulumi.RunError("\n".join(("the account is not described:", *problems)))
    return found


def _problems(found: Settings) -> list[str]:
    problems: list[str] = []
    if not found.region:
        problems.append("  - say the region: `pulumi config set aws:region eu-west-1`")
    if not _REPOSITORY.fullmatch(found.repository):
        problems.append(
            f'  - repository is "{found.repository}"; say OWNER/NAME, or OWNER@ID/NAME@ID where '
            "GitHub's token does: `pulumi config set repository OWNER/NAME`"
        )
    if not _BUCKET.fullmatch(found.bucket):
        problems.append(
            f'  - bucket is "{found.bucket}"; say 3 to 63 small letters, digits, dots and hyphens: '
            "`pulumi config set bucket NAME`"
        )
    wrong = [each for each in found.stacks if not _STACK.fullmatch(each) or each in _TAKEN]
    if wrong or not found.stacks:
        problems.append(
            f"  - stacks are {','.join(found.stacks) or 'none'}; say their names, which are none "
            f"of {', '.join(sorted(_TAKEN))}: `pulumi config set stacks dev,prod`"
        )
    return problems
