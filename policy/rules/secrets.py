"""What may stand nowhere in clear text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .model import Deployment, Resource, Rule, Violation

_POINT = "grafana:alerting/contactPoint:ContactPoint"
# Type, and its inputs that are credentials. A Slack or Teams address is one: who has it may post.
_CREDENTIALS = {
    _POINT: (
        "pagerduties[].integrationKey",
        "slacks[].token",
        "slacks[].url",
        "teams[].url",
        "webhooks[].authorizationCredentials",
        "webhooks[].basicAuthPassword",
    ),
    "kubernetes:core/v1:Secret": ("data", "stringData"),
    "aws:secretsmanager/secretVersion:SecretVersion": ("secretString",),
    "pulumi:providers:aws": ("secretKey", "token"),
    "pulumi:providers:grafana": ("auth",),
    "pulumi:providers:kubernetes": ("clientKey", "token"),
}


def _in_clear(deployment: Deployment) -> Iterator[Violation]:
    for resource in deployment.resources:
        for pattern in _CREDENTIALS.get(resource.type, ()):
            for path in _paths(resource, pattern):
                if not _covered(path, resource.secrets):
                    yield Violation(
                        resource=resource,
                        why=f"{path} stands in state in clear text; pass it as a secret",
                    )


def _paths(resource: Resource, pattern: str) -> Iterator[str]:
    """Each place that a pattern like `slacks[].url` names and that has a value."""
    head, each, rest = pattern.partition("[].")
    if not each:
        if resource.at(pattern):
            yield pattern
        return
    for number, item in enumerate(resource.at(f"{head}[]")):
        if item.get(rest):
            yield f"{head}[{number}].{rest}"


def _covered(path: str, secrets: Sequence[str]) -> bool:
    """Whether a path, or what it is a part of, is marked."""
    return any(path == one or path.startswith((f"{one}.", f"{one}[")) for one in secrets)


SECRETS_MARKED = Rule(
    name="secrets-marked",
    reason="State, plans and logs show what was not marked secret.",
    judge=_in_clear,
)
