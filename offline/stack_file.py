"""Reads a stack file as the Pulumi CLI does, without a CLI and without decrypting anything."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from gallery.stack_file.credentials import placeholder
from gallery.stack_file.document import document, mapping, whole_file
from gallery.stack_file.errors import StackFileError, nearest
from gallery.stack_file.keys import PREFIX
from gallery.stack_file.parse import structured
from offline.errors import UserError

_STACKS = Path("stacks")
_FILE = re.compile(r"Pulumi\.(?P<stack>.+)\.yaml")


@dataclass(frozen=True, kw_only=True)
class StackFile:
    """What stands under `config:`.

    Values are as the engine hands them to a program: text, and JSON for structures. Those of
    `secret_keys` are placeholders.
    """

    stack: str
    config: dict[str, str]
    secret_keys: tuple[str, ...]

    def with_placeholders(self, names: tuple[str, ...]) -> StackFile:
        """The same with a placeholder for every one of these secrets."""
        keys = tuple(f"gallery:{name}" for name in names)
        return StackFile(
            stack=self.stack,
            config=self.config | {key: placeholder(key.removeprefix(PREFIX)) for key in keys},
            secret_keys=tuple(sorted({*self.secret_keys, *keys})),
        )

    def digest(self) -> str:
        """A digest of all that it says; comments, order and what is encrypted do not count."""
        document = json.dumps([self.config, self.secret_keys], sort_keys=True)
        return hashlib.sha256(document.encode()).hexdigest()

    def values(self) -> dict[str, Any]:
        """The configuration as plain values."""
        return {
            key: text if key in self.secret_keys else structured(key, text)
            for key, text in self.config.items()
        }


def known_stacks(project: Path) -> tuple[str, ...]:
    """The stacks that have a file, sorted."""
    found = (_FILE.fullmatch(path.name) for path in sorted((project / _STACKS).iterdir()))
    return tuple(match["stack"] for match in found if match)


def read(project: Path, stack: str) -> StackFile:
    """Read `stacks/Pulumi.<stack>.yaml`. Raises UserError for an unknown or broken one."""
    path = project / _STACKS / f"Pulumi.{stack}.yaml"
    if not path.is_file():
        raise UserError(f'stack "{stack}" has no file; {nearest(stack, known_stacks(project))}')
    try:
        given = _config(path, project_name(project))
    except StackFileError as error:
        raise UserError(str(error)) from None
    secrets = tuple(sorted(key for key, value in given.items() if encrypted(value)))
    config = {
        key: placeholder(key.removeprefix(PREFIX)) if key in secrets else _text(value)
        for key, value in given.items()
    }
    return StackFile(stack=stack, config=config, secret_keys=secrets)


def project_name(project: Path) -> str:
    """The project's name: the namespace of keys that have none."""
    path = project / "Pulumi.yaml"
    if not path.is_file():
        return PREFIX.rstrip(":")
    name = mapping(document(_text_of(path), path.name), path.name, "name:").get("name")
    return name if isinstance(name, str) else PREFIX.rstrip(":")


def _config(path: Path, namespace: str) -> dict[str, Any]:
    """What stands under `config:`, by full keys. Raises StackFileError for what cannot be read."""
    config = mapping(
        whole_file(_text_of(path), path.name).get("config"),
        f"{path.name}: config",
        f"{PREFIX}name: value",
    )
    found = dict[str, Any]()
    errors = list[str]()
    for key, value in config.items():
        full = _full_key(key, namespace)
        if full is None:
            errors.append(f"the key {key} has too many colons; write {PREFIX}name")
        elif full in found:
            errors.append(f"the key {full} is given twice, with and without {namespace}:; keep one")
        else:
            found[full] = value
    if errors:
        raise StackFileError(f"{path.name}: {error}" for error in errors)
    return found


def _full_key(key: str, namespace: str) -> str | None:
    """A key without a namespace is the project's; `gallery:config:name` is an old spelling."""
    match key.split(":"):
        case [name]:
            return f"{namespace}:{name}"
        case [_, _]:
            return key
        case [package, "config", name] if package and name:
            return f"{package}:{name}"
        case _:
            return None


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"{path.name} is not UTF-8 text: {error}; save it as UTF-8") from None


def encrypted(value: object) -> bool:
    """Whether a value is encrypted, or holds one that is: the CLI decrypts and hides it whole."""
    if isinstance(value, list):
        return any(encrypted(part) for part in cast("list[object]", value))
    if not isinstance(value, dict):
        return False
    section = cast("dict[str, Any]", value)
    if set(section) == {"secure"} and isinstance(section["secure"], str):
        return True
    return any(encrypted(part) for part in section.values())


def _text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)
