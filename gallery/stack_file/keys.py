"""Keys that nobody reads, keys whose value nobody can read, and keys without a value."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import cast

from gallery.stack_file.errors import all_of

PREFIX = "gallery:"
_DEFAULT_PROVIDERS = "pulumi:disable-default-providers"
# Packages whose keys are looked at elsewhere, and Pulumi's own.
_KNOWN_PACKAGES = ("gallery", "aws", "kubernetes", "grafana", "pulumi")
_STACK_FILE_KEYS = ("config", "secretsprovider", "encryptedkey", "encryptionsalt", "environment")


def of_no_package(keys: Iterable[str], known: Iterable[str]) -> Iterator[str]:
    """One sentence for each key of a package that this program does not have.

    `known` are the names of the stack file's own keys.
    """
    full = [*(f"{PREFIX}{name}" for name in known), "aws:region", _DEFAULT_PROVIDERS]
    for key in keys:
        package, _, name = key.partition(":")
        if package in _KNOWN_PACKAGES:
            continue
        own = f"{PREFIX}{name}"
        close = [own] if own in full else difflib.get_close_matches(key, full, n=1, cutoff=0.7)
        cure = f'did you mean "{close[0]}"? ' if close else ""
        yield f"{key} is read by nobody; {cure}every key of the program begins with {PREFIX}"


def default_providers(values: Mapping[str, object]) -> Iterator[str]:
    """What is wrong where Pulumi may still make providers of its own."""
    given = values.get(_DEFAULT_PROVIDERS)
    if isinstance(given, list) and "*" in cast("list[object]", given):
        return
    alike = difflib.get_close_matches(_DEFAULT_PROVIDERS, set(values), n=1, cutoff=0.8)
    if given is not None:
        problem = "does not name all of them"
    elif alike:
        problem = f"is missing, and {alike[0]} is read by nobody"
    else:
        problem = "is missing"
    yield (
        f"{_DEFAULT_PROVIDERS} {problem}: a resource could be made with whatever login and region "
        f'the shell has; write {_DEFAULT_PROVIDERS}: ["*"]'
    )


def encrypted_whole(secret_keys: Iterable[str], known: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Keys of the program that are encrypted, or hold something that is, with the sentence."""
    names = {*(f"{PREFIX}{name}" for name in known), "aws:region"}
    for key in secret_keys:
        if key in names:
            words = (
                f"{key} holds an encrypted value, and Pulumi then hides the whole of it; encrypt "
                f"under a key of its own alone, with `pulumi config set --secret {PREFIX}NAME`, "
                "and write `secret: NAME` where it is needed"
            )
            yield key, words


def empty(key: str, value: object, *, top: bool = True) -> Iterator[tuple[str, str]]:
    """Where nothing stands after a key, with the sentence.

    The CLI hands over a key without a value as an empty text.
    """
    if value is None or (top and value == ""):
        hint = (
            '; what follows an unquoted # is a comment: write it in quotes, as "#gallery-alerts"'
            if key.endswith(".channel")
            else "; give it a value, or remove the key"
        )
        yield key, f"{key} is empty{hint}"
    elif isinstance(value, Mapping):
        for name, part in cast("Mapping[str, object]", value).items():
            yield from empty(f"{key}.{name}", part, top=False)
    elif isinstance(value, list):
        for index, part in enumerate(cast("list[object]", value)):
            yield from empty(f"{key}[{index}]", part, top=False)


def misplaced(names: Iterable[str]) -> Iterator[str]:
    """What is wrong with keys of the file itself, beside `config:`, that nobody reads."""
    stray = list[str]()
    for name in names:
        if name in _STACK_FILE_KEYS:
            continue
        close = difflib.get_close_matches(name, _STACK_FILE_KEYS, n=1, cutoff=0.7)
        # What has a prefix was meant to stand below, however its name reads.
        if close and ":" not in name:
            yield f'the key {name} is read by nobody; did you mean "{close[0]}"?'
        else:
            stray.append(name)
    if stray:
        what = "the key" if len(stray) == 1 else "the keys"
        stand = "stands" if len(stray) == 1 else "stand"
        yield (
            f"{what} {all_of(stray)} {stand} beside config: and would be read by nobody; indent "
            "what belongs below config:"
        )
