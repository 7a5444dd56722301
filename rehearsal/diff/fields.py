"""Which fields of a document changed, and from what to what where that is short and no secret."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from gallery.stack_file.credentials import placeholder
from rehearsal.diff.markdown import code

# Whatever JSON can hold.
_Value = Any
_SHORT = 60


@dataclass(frozen=True, kw_only=True)
class Field:
    """A field by its path, as `spec.template.containers[0].image`; None where it is not there."""

    path: str
    before: _Value
    now: _Value

    def text(self, secrets: Sequence[str] = ()) -> str:
        """The path, and both values if each can stand in a line.

        `secrets` are the names of a resource's inputs of which nothing is shown.
        """
        secret = self.path.split(".")[0].split("[")[0] in secrets
        if secret or not (_shown(self.before) and _shown(self.now)):
            return code(self.path)
        return f"{code(self.path)} {_word(self.before)} → {_word(self.now)}"


def changed(before: _Value, now: _Value, path: str = "") -> Iterator[Field]:
    """The fields in which the two differ.

    What is inside a text that holds JSON, as a dashboard's, is compared too.
    """
    before, now = _opened(before), _opened(now)
    old, new = _items(before), _items(now)
    same_shape = old is not None and new is not None and type(before) is type(now)
    if old is None or new is None or not same_shape or _other_length(before, now):
        if before != now:
            yield Field(path=path, before=before, now=now)
        return
    # Of a list both have the same, and ten comes after nine.
    for key in old if isinstance(before, list) else sorted({*old, *new}):
        inner = f"{path}{key}" if isinstance(before, list) else f"{path}.{key}".removeprefix(".")
        yield from changed(old.get(key), new.get(key), inner)


def _other_length(before: _Value, now: _Value) -> bool:
    return isinstance(before, list) and len(cast("list[_Value]", before)) != len(now)


def _shown(value: _Value) -> bool:
    if isinstance(value, str):
        return len(value) <= _SHORT and placeholder("") not in value
    return value is None or isinstance(value, bool | int | float)


def _word(value: _Value) -> str:
    if value is None:
        return "nothing"
    return code(value if isinstance(value, str) else json.dumps(value))


def _opened(value: _Value) -> _Value:
    """What a text holds that is JSON; anything else as it is."""
    if not isinstance(value, str) or not value.startswith(("{", "[")):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _items(value: _Value) -> dict[str, _Value] | None:
    """What is inside a mapping or a list, by what a path says of it; None of anything else."""
    if isinstance(value, dict):
        return cast("dict[str, _Value]", value)
    if isinstance(value, list):
        return {f"[{number}]": each for number, each in enumerate(cast("list[_Value]", value))}
    return None
