"""Reads a stack file.

`parse` reads what stands under `config:`. It checks shapes, names and units, and reports every
error at once; whether the whole can work is `gallery.plan`'s to say.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import cast

from pydantic import ValidationError

from gallery.stack_file.errors import StackFileError
from gallery.stack_file.providers import REGION, unread
from gallery.stack_file.sections import Settings
from gallery.stack_file.sentences import readable

PREFIX = "gallery:"
# Levels of lists and mappings; the deepest key has six.
DEEPEST = 30


def structured(key: str, text: str) -> object:
    """The value of `key`, which the engine hands over as text: JSON for structures, else itself.

    Raises StackFileError for one that is nested deeper than anything here is.
    """
    try:
        value: object = json.loads(text)
    except json.JSONDecodeError:
        return text
    except RecursionError:
        raise StackFileError([too_deep(key)]) from None
    if _deeper(value, DEEPEST):
        raise StackFileError([too_deep(key)])
    return value


def _deeper(value: object, levels: int) -> bool:
    if isinstance(value, Mapping):
        parts: Iterable[object] = cast("Mapping[str, object]", value).values()
    elif isinstance(value, list):
        parts = cast("list[object]", value)
    else:
        return False
    return levels == 0 or any(_deeper(part, levels - 1) for part in parts)


def too_deep(key: str) -> str:
    """The sentence for a value that is nested without end."""
    return f"{key} is nested too deeply; no key needs more than ten levels"


def parse(mapping: Mapping[str, object], secret_keys: Iterable[str] = ()) -> Settings:
    """Read the stack's configuration.

    `mapping` has the full keys (`gallery:environment`, `aws:region`, …) with plain values,
    structures as mappings and lists. Keys of `secret_keys` hold encrypted values: they are only
    ever referred to by name, and their values are not looked at. Raises StackFileError with all
    errors of the file.
    """
    secrets = {key.removeprefix(PREFIX) for key in secret_keys}
    own = {
        key.removeprefix(PREFIX): value
        for key, value in mapping.items()
        if key.startswith(PREFIX) and key.removeprefix(PREFIX) not in secrets
    }
    plain = dict(_plain_credentials(own))
    document = {key: value for key, value in own.items() if key not in plain}
    if REGION in mapping:
        document["region"] = mapping[REGION]
    refused = [*plain.values(), *unread(mapping)]
    try:
        # JSON, because that is what a stack's configuration is: strict there means that a
        # number is no text, while names of enumerations are still text.
        settings = Settings.model_validate_json(json.dumps(document, default=str))
    except ValidationError as error:
        raise StackFileError([*refused, *readable(error, Settings)]) from None
    if refused:
        raise StackFileError(refused)
    return settings


# What Slack, Teams, PagerDuty and AWS hand out; long enough that nothing else looks like it.
_CREDENTIAL = re.compile(
    r"hooks\.slack\.com/services/|\.webhook\.office\.com/|\.logic\.azure\.com.*sig="
    r"|^[0-9a-zA-Z+/]{20,32}$|AKIA[0-9A-Z]{16}|-----BEGIN"
)


def _plain_credentials(own: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Top-level keys that hold a credential in plain text, with the error. Never the value."""
    for key in sorted(set(own) & (_secret_names(own) | _looks_secret(own))):
        cure = f"remove it, revoke it, and run `{set_command(key)}`"
        yield key, f"{PREFIX}{key} holds a credential in plain text; {cure}"


def _secret_names(value: object) -> set[str]:
    """Every name that something in the document refers to as `secret: NAME`."""
    if isinstance(value, Mapping):
        section = cast("Mapping[str, object]", value)
        name = section.get("secret")
        names = {name} if isinstance(name, str) else set[str]()
        return names.union(*(_secret_names(part) for part in section.values()))
    if isinstance(value, list):
        parts = cast("list[object]", value)
        return set[str]().union(*(_secret_names(part) for part in parts))
    return set()


def _looks_secret(own: Mapping[str, object]) -> set[str]:
    return {
        key for key, value in own.items() if isinstance(value, str) and _CREDENTIAL.search(value)
    }


def set_command(secret: str) -> str:
    """The command that puts a secret into the stack file."""
    return f"pulumi config set --secret {PREFIX}{secret}"


def require_secrets(settings: Settings, secret_keys: Iterable[str]) -> None:
    """Raise StackFileError with the cure for each referenced secret that the stack lacks."""
    present = {key.removeprefix(PREFIX) for key in secret_keys}
    missing = [name for name in referenced_secrets(settings) if name not in present]
    if missing:
        raise StackFileError(
            f'secret "{name}" is not set; run `{set_command(name)}`' for name in missing
        )


def referenced_secrets(settings: Settings) -> tuple[str, ...]:
    """The names of all secrets that the stack file refers to, sorted."""
    names = {point.secret for point in settings.alerting.contact_points.values()}
    return tuple(sorted(name for name in {*names, *settings.cluster.existing.secrets} if name))
