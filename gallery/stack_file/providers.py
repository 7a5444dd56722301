"""Settings of Pulumi's providers, which a stack file seems to give and nobody reads.

Every resource names a provider of the stack's own (`pulumi:disable-default-providers`), and such
a provider is given its arguments by the program: a profile or an account in the stack file would
be ignored, and everything made wherever whoever deploys is logged in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

REGION = "aws:region"
_LOGIN = "log in with AWS_PROFILE or your shell's credentials instead"
_ROLE = "name the role in a profile of ~/.aws/config, and log in with AWS_PROFILE"
_ACCOUNT = "write gallery:account instead"
_AWS = {
    "profile": _LOGIN,
    "accessKey": _LOGIN,
    "secretKey": _LOGIN,
    "token": _LOGIN,
    "sharedCredentialsFiles": _LOGIN,
    "sharedConfigFiles": _LOGIN,
    "assumeRole": _ROLE,
    "assumeRoles": _ROLE,
    "assumeRoleWithWebIdentity": _ROLE,
    "allowedAccountIds": _ACCOUNT,
    "forbiddenAccountIds": _ACCOUNT,
    "defaultTags": "every resource is tagged with the stack's environment, and with nothing else",
}
_PACKAGES = {
    "aws": f"of this package {REGION} alone is read",
    "kubernetes": "gallery:cluster says which cluster it is, and how it is reached",
    "grafana": "gallery:grafana says which Grafana it is",
}


def unread(keys: Iterable[str]) -> Iterator[str]:
    """One sentence, with its cure, for each key that sets up a provider. Values are not seen."""
    for key in keys:
        package, _, name = key.partition(":")
        if package in _PACKAGES and key != REGION:
            cure = _AWS.get(name, _PACKAGES[package]) if package == "aws" else _PACKAGES[package]
            yield (
                f"{key} is not read: the stack's own providers are set up by the program; "
                f"remove it: {cure}"
            )
