"""Property values as the engine sends them, and the few things the stand-ins ask of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias, cast

from google.protobuf import json_format, struct_pb2

Json: TypeAlias = "bool | float | str | list[Json] | dict[str, Json] | None"
Properties: TypeAlias = dict[str, Json]

# What the engine writes where a value is not known yet (sdk/go/common/resource/plugin/rpc.go).
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

# How the engine marks a secret where it sends one as such, in a provider's configuration
# (sdk/go/common/resource/sig/sig.go).
_MARK = "4dabf18193072939515e22adb298388d"


def from_struct(struct: struct_pb2.Struct) -> Properties:
    """The properties of a message, secrets opened, whole numbers as ints."""
    return cast("Properties", _plain(cast("Json", json_format.MessageToDict(struct))))


def to_struct(properties: Mapping[str, Json]) -> struct_pb2.Struct:
    """The message that carries these properties."""
    struct = struct_pb2.Struct()
    _ = json_format.ParseDict(dict(properties), struct)
    return struct


def _plain(value: Json) -> Json:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        if _MARK in value:
            return _plain(value.get("value"))
        return {key: _plain(item) for key, item in value.items()}
    return value


def at(properties: Json, path: str) -> Json:
    """The value at a dotted path such as `spec.selector`; None where there is nothing.

    A list on the way is looked through at its first element, as the providers' schemas do with
    blocks that occur at most once.
    """
    value = properties
    for key in path.split("."):
        if isinstance(value, list):
            value = value[0] if value else None
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def text_at(properties: Json, path: str) -> str:
    """The value at a dotted path as text, empty where there is nothing."""
    value = at(properties, path)
    return "" if value is None else str(value)


def leaves(value: Json) -> Iterator[str]:
    """Every text inside a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from leaves(item)


def has_unknown(value: Json) -> bool:
    """Whether anything inside the value is not known yet."""
    return any(leaf == UNKNOWN for leaf in leaves(value))


def filled(template: Json, names: Mapping[str, object]) -> Json:
    """The template with every `{name}` in its texts replaced."""
    if isinstance(template, str):
        return template.format_map(names)
    if isinstance(template, list):
        return [filled(item, names) for item in template]
    if isinstance(template, dict):
        return {key: filled(item, names) for key, item in template.items()}
    return template
