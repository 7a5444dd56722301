"""Reads a stack file as the Pulumi CLI does, without a CLI and without decrypting anything."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from gallery.stack_file.errors import nearest
from offline.errors import UserError

_STACKS = Path("stacks")
_FILE = re.compile(r"Pulumi\.(?P<stack>.+)\.yaml")
_BOOLEANS = re.compile(r"true|True|TRUE|false|False|FALSE")
_INTEGERS = re.compile(r"[-+]?[0-9]+")
_FLOATS = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


class _Loader(yaml.SafeLoader):
    """YAML 1.2's core schema: `no`, `on`, `1:30` and a date are text, as they are to the CLI."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", _BOOLEANS, "tTfF"),
    ("int", _INTEGERS, "-+0123456789"),
    ("float", _FLOATS, "-+.0123456789"),
    ("null", re.compile(r"~|null|Null|NULL|"), ["~", "n", "N", ""]),
):
    _Loader.add_implicit_resolver(  # pyright: ignore[reportUnknownMemberType] - untyped stubs
        f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern.pattern})$"), list(_first)
    )


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
            config=self.config | {key: placeholder(key) for key in keys},
            secret_keys=tuple(sorted({*self.secret_keys, *keys})),
        )

    def digest(self) -> str:
        """A digest of all that it says; comments, order and what is encrypted do not count."""
        document = json.dumps([self.config, self.secret_keys], sort_keys=True)
        return hashlib.sha256(document.encode()).hexdigest()

    def values(self) -> dict[str, Any]:
        """The configuration as plain values."""
        return {
            key: text if key in self.secret_keys else _value(text)
            for key, text in self.config.items()
        }


def placeholder(key: str) -> str:
    """What stands for a secret in everything that is rendered."""
    return f"secret:{key.split(':', 1)[-1]}"


def known_stacks(project: Path) -> tuple[str, ...]:
    """The stacks that have a file, sorted."""
    found = (_FILE.fullmatch(path.name) for path in sorted((project / _STACKS).iterdir()))
    return tuple(match["stack"] for match in found if match)


def read(project: Path, stack: str) -> StackFile:
    """Read `stacks/Pulumi.<stack>.yaml`. Raises UserError for an unknown or broken one."""
    path = project / _STACKS / f"Pulumi.{stack}.yaml"
    if not path.is_file():
        raise UserError(f'stack "{stack}" has no file; {nearest(stack, known_stacks(project))}')
    given = _config(path)
    secrets = tuple(sorted(key for key, value in given.items() if _encrypted(value)))
    config = {
        key: placeholder(key) if key in secrets else _text(value) for key, value in given.items()
    }
    return StackFile(stack=stack, config=config, secret_keys=secrets)


def _config(path: Path) -> dict[str, Any]:
    """What stands under `config:`. Raises UserError for what no CLI could read either."""
    try:
        text = path.read_text(encoding="utf-8")
        document = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader
    except UnicodeDecodeError as error:
        raise UserError(f"{path.name} is not UTF-8 text: {error}; save it as UTF-8") from None
    except yaml.YAMLError as error:
        raise UserError(f"{path.name} is not YAML: {error}") from None
    whole = _mapping(document, path.name, "config:")
    config = _mapping(whole.get("config"), f"{path.name}: config", "gallery:name: value")
    odd = [key for key in config if not isinstance(key, str)]
    if odd:
        keys = ", ".join(json.dumps(key, default=str) for key in odd)
        raise UserError(
            f"{path.name}: config has keys that are no names: {keys}; write each as `gallery:name`"
        )
    return cast("dict[str, Any]", config)


def _mapping(value: object, what: str, form: str) -> dict[object, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise UserError(f"{what} is {_kind(value)}; write keys with values, as `{form}`")
    return cast("dict[object, Any]", value)


def _kind(value: object) -> str:
    return "a list" if isinstance(value, list) else json.dumps(value, default=str)


def _encrypted(value: object) -> bool:
    return isinstance(value, dict) and set(cast("dict[str, Any]", value)) == {"secure"}


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value)


def _value(text: str) -> Any:  # noqa: ANN401 - whatever the stack file holds
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text
