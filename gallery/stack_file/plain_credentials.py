"""Finds credentials in plain text, anywhere in a stack file. What it finds is never shown.

The patterns are those of detect-secrets; below them stand the few that it does not have and that
a stack file is likely to meet.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from detect_secrets.plugins.aws import AWSKeyDetector
from detect_secrets.plugins.azure_storage_key import AzureStorageKeyDetector
from detect_secrets.plugins.base import RegexBasedDetector
from detect_secrets.plugins.basic_auth import BasicAuthDetector
from detect_secrets.plugins.cloudant import CloudantDetector
from detect_secrets.plugins.discord import DiscordBotTokenDetector
from detect_secrets.plugins.github_token import GitHubTokenDetector
from detect_secrets.plugins.gitlab_token import GitLabTokenDetector
from detect_secrets.plugins.high_entropy_strings import Base64HighEntropyString
from detect_secrets.plugins.jwt import JwtTokenDetector
from detect_secrets.plugins.keyword import DENYLIST
from detect_secrets.plugins.mailchimp import MailchimpDetector
from detect_secrets.plugins.npm import NpmDetector
from detect_secrets.plugins.openai import OpenAIDetector
from detect_secrets.plugins.private_key import PrivateKeyDetector
from detect_secrets.plugins.pypi_token import PypiTokenDetector
from detect_secrets.plugins.sendgrid import SendGridDetector
from detect_secrets.plugins.slack import SlackDetector
from detect_secrets.plugins.square_oauth import SquareOAuthDetector
from detect_secrets.plugins.stripe import StripeDetector
from detect_secrets.plugins.twilio import TwilioKeyDetector

# Addresses of machines and assignments in source code are no concern here; Artifactory's
# passwords look like any word that begins with AP, and Telegram's tokens like a topic's ARN.
_DETECTORS: tuple[type[RegexBasedDetector], ...] = (
    AWSKeyDetector,
    AzureStorageKeyDetector,
    BasicAuthDetector,
    CloudantDetector,
    DiscordBotTokenDetector,
    GitHubTokenDetector,
    GitLabTokenDetector,
    JwtTokenDetector,
    MailchimpDetector,
    NpmDetector,
    OpenAIDetector,
    PrivateKeyDetector,
    PypiTokenDetector,
    SendGridDetector,
    SlackDetector,
    SquareOAuthDetector,
    StripeDetector,
    TwilioKeyDetector,
)
# What detect-secrets 1.5 does not have.
_PATTERNS = {
    "Slack Token": re.compile(
        r"hooks\.slack\.com/(services|workflows|triggers)/|\bxapp-\d-|\bxox[a-z](\.xox[a-z])?-\d"
    ),
    "Teams Webhook": re.compile(
        r"\.webhook\.office\.com/|(\.logic\.azure\.com|\.powerplatform\.com).*[?&]sig="
    ),
    "Discord Webhook": re.compile(r"discord(app)?\.com/api/webhooks/"),
    "PagerDuty address": re.compile(
        r"events\.pagerduty\.com/(integration|generic)/|\.pagerduty\.com/integration/"
    ),
    "Telegram Token": re.compile(r"(?<!\d)\d{8,10}:[-\w]{35}(?![-\w])"),
    "GitHub Token": re.compile(r"\bgithub_pat_\w{22,}"),
    "Grafana Token": re.compile(r"\b(glsa|glc)_[A-Za-z0-9+/=_]{20,}"),
    "Google API Key": re.compile(r"\bAIza[-\w]{35}"),
    "OpenShift Token": re.compile(r"\bsha256~[-\w]{30,}"),
    "Pulumi Token": re.compile(r"\bpul-[0-9a-f]{40}\b"),
    "age Key": re.compile(r"\bAGE-SECRET-KEY-1"),
}
# PagerDuty's keys, and much else that a machine hands out.
_ISSUED = re.compile(r"(?=(?:\D*\d){4})(?=(?:[^a-zA-Z]*[a-zA-Z]){4})[0-9a-zA-Z]{32}")
_AWS_SECRET = re.compile(r"(?<![0-9a-zA-Z/+=])[0-9a-zA-Z/+]{40}(?![0-9a-zA-Z/+=])")
# Bits per character above which forty letters are no words; detect-secrets' own limit.
_RANDOM = 4.5
_NAMES = re.compile("|".join((*DENYLIST, r"\btoken", "access_?key", "secret_?key")), re.IGNORECASE)
SHOWN_INSTEAD = "not-shown"


@dataclass(frozen=True, kw_only=True)
class Found:
    """Where a credential stands, and what it looks like. `in_key`: it is the key itself.

    Not `certain`: nothing but the name of the key says so.
    """

    where: str
    kind: str
    in_key: bool = False
    certain: bool = True


def kind_of(text: str) -> str | None:
    """What sort of credential a text holds; None where it holds none."""
    for detector in _KNOWN:
        if next(iter(detector.analyze_string(text)), None):
            return detector.secret_type
    for kind, pattern in _PATTERNS.items():
        if pattern.search(text):
            return kind
    if _ISSUED.fullmatch(text):
        return "issued key"
    if any(_ENTROPY(part) > _RANDOM for part in _AWS_SECRET.findall(text)):
        return "AWS Secret Key"
    return None


def discreet(text: str) -> str:
    """A text for a message: what may be a credential is not shown."""
    return "not shown" if kind_of(text) else text


def without_credentials(key: str, value: object) -> tuple[object, tuple[Found, ...]]:
    """What stands at `key` with every credential replaced, and where each of them stood."""
    name = key.rpartition(".")[2].rpartition(":")[2]
    if isinstance(value, str):
        kind = kind_of(value)
        named = bool(value) and _names_one(name)
        if not kind and not named:
            return value, ()
        found = Found(where=key, kind=kind or "its key says so", certain=kind is not None)
        return SHOWN_INSTEAD, (found,)
    if isinstance(value, list):
        return _in_list(key, cast("Sequence[object]", value))
    if isinstance(value, Mapping):
        return _in_mapping(key, cast("Mapping[str, object]", value))
    return value, ()


def _in_list(key: str, parts: Sequence[object]) -> tuple[object, tuple[Found, ...]]:
    cleaned = [without_credentials(f"{key}[{index}]", part) for index, part in enumerate(parts)]
    return [part for part, _ in cleaned], tuple(found for _, some in cleaned for found in some)


def _in_mapping(key: str, section: Mapping[str, object]) -> tuple[object, tuple[Found, ...]]:
    kept, found = dict[str, object](), list[Found]()
    for name, value in section.items():
        kind = kind_of(name)
        if kind:
            found.append(Found(where=key, kind=kind, in_key=True))
            continue
        kept[name], more = without_credentials(f"{key}.{name}", value)
        found.extend(more)
    return kept, tuple(found)


def _names_one(name: str) -> bool:
    """Whether a key of this name would hold a credential; `secret` holds the name of one."""
    return name != "secret" and _NAMES.search(name) is not None


_KNOWN = tuple(detector() for detector in _DETECTORS)
_ENTROPY = Base64HighEntropyString(limit=_RANDOM).calculate_shannon_entropy
