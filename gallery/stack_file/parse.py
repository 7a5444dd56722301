"""Reads a stack file.

`parse` reads what stands under `config:`. It checks shapes, names and units, and reports every
error at once; whether the whole can work is `gallery.plan`'s to say.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import cast

from pydantic import ValidationError

from gallery.stack_file.errors import StackFileError
from gallery.stack_file.keys import PREFIX, default_providers, empty, encrypted_whole, of_no_package
from gallery.stack_file.plain_credentials import Found, kind_of, without_credentials
from gallery.stack_file.providers import REGION, unread
from gallery.stack_file.sections import Settings
from gallery.stack_file.sentences import readable

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
    secrets = {key if ":" in key else f"{PREFIX}{key}" for key in secret_keys}
    given, told = _without_credentials(
        {key: value for key, value in mapping.items() if key not in secrets}
    )
    document = {
        key.removeprefix(PREFIX): value for key, value in given.items() if key.startswith(PREFIX)
    }
    told |= dict(encrypted_whole(sorted(secrets), _NAMES))
    for key, value in document.items():
        told |= dict(empty(f"{PREFIX}{key}", value))
    if REGION in given:
        document["region"] = given[REGION]
    strangers = [key for key in given if key not in told]
    errors = [
        *told.values(),
        *unread(strangers),
        *of_no_package(strangers, _NAMES),
        *default_providers(given),
    ]
    try:
        # JSON, because that is what a stack's configuration is: strict there means that a
        # number is no text, while names of enumerations are still text.
        settings = Settings.model_validate_json(json.dumps(document, default=str))
    except ValidationError as error:
        found = readable(error, Settings)
        errors += [words for words in found if not any(_same(words, key) for key in told)]
        raise StackFileError(errors) from None
    if errors:
        raise StackFileError(errors)
    return settings


_NAMES = tuple(name for name in Settings.model_fields if name != "region")


def _same(words: str, key: str) -> bool:
    """Whether a sentence is about a key of which the cause is told already."""
    parent, _, name = key.rpartition(".")
    return words.startswith(tuple(f"{key}{end}" for end in " :.[")) or (
        words.startswith(f"{parent}:") and name in words
    )


# Text of this shape has no place at the top of a stack file, whoever has issued it.
_OPAQUE = re.compile(r"[0-9a-zA-Z+/]{20,}")


def _without_credentials(
    mapping: Mapping[str, object],
) -> tuple[dict[str, object], dict[str, str]]:
    """The mapping without credentials in plain text, and an error for each key of one."""
    named = {f"{PREFIX}{name}" for name in _secret_names(mapping)}
    given, errors = dict[str, object](), dict[str, str]()
    for key, value in sorted(mapping.items()):
        kind = kind_of(key)
        if kind:
            errors["config"] = f"config has a key that is a credential ({kind}); {_REVOKE}"
            continue
        opaque = isinstance(value, str) and _OPAQUE.fullmatch(value)
        if key.startswith(PREFIX) and (key in named or opaque):
            errors[key] = _whole(key)
            continue
        given[key], found = without_credentials(key, value)
        for one in found if key.startswith(PREFIX) else (one for one in found if one.certain):
            errors[one.where] = _whole(key) if one.where == key else _within(one)
    return given, errors


_REVOKE = "remove it and revoke it: whoever reads the file has it"


def _whole(key: str) -> str:
    name = key.removeprefix(PREFIX)
    if ":" in name:
        return f"{key} holds a credential in plain text; {_REVOKE}"
    cure = f"remove it, revoke it, and run `{set_command(name)}`"
    return f"{key} holds a credential in plain text; {cure}"


def _within(found: Found) -> str:
    if found.where.endswith(".secret"):
        return (
            f"{found.where} must be the name of a Pulumi secret, and not the credential itself; "
            f"revoke that, and run `{set_command('NAME')}` with another"
        )
    holds = "has a key that is a credential" if found.in_key else "holds a credential"
    return (
        f"{found.where} {holds} in plain text ({found.kind}); {_REVOKE}. Where one is needed, "
        f"run `{set_command('NAME')}` and write `secret: NAME`"
    )


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
    redis = {settings.store.redis.secret} if settings.store.redis else set[str]()
    found = {*names, *redis, *settings.cluster.existing.secrets}
    return tuple(sorted(name for name in found if name))
