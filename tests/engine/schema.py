"""Whether inputs fit the provider's schema, as its Python SDK states it.

The engine passes a dict through as it stands, so that a misspelt nested key, a missing required
one or a number in place of a text reaches the provider, which refuses it. So do the stand-ins,
with the SDK's input types for a schema.
"""

# Types are values here, taken from SDKs at run time: nothing static is known of them.
# ruff: noqa: ANN401
# pyright: reportAny=false, reportExplicitAny=false, reportPrivateUsage=false

from __future__ import annotations

import collections.abc
import functools
import importlib
import typing
from collections.abc import Iterator
from typing import Any, cast

from pulumi import Output, _types

from .values import UNKNOWN, Json, Properties

_SDKS = {"aws": "pulumi_aws", "kubernetes": "pulumi_kubernetes", "grafana": "pulumiverse_grafana"}
_SCALARS: dict[object, tuple[type, ...]] = {
    str: (str,),
    bool: (bool,),
    int: (int,),
    float: (int, float),
}


def faults(type_token: str, inputs: Properties) -> list[str]:
    """What the provider would refuse of these inputs; empty for types that have no SDK class."""
    arguments = _arguments(type_token)
    return [] if arguments is None else list(_of_object(arguments, inputs, ""))


def outputs(type_token: str) -> frozenset[str]:
    """The outputs that the SDK knows of a resource type.

    Raises:
        LookupError: the SDK has no such type.
    """
    resource = _named(type_token, "")
    if resource is None:
        raise LookupError(type_token)
    return frozenset(_types.resource_types(resource))


def results(data_source: str) -> frozenset[str]:
    """The keys that the SDK knows of a data source's answer.

    Raises:
        LookupError: the SDK has no such data source.
    """
    package, module, name = data_source.split(":")
    result = _named(f"{package}:{module}:G{name.removeprefix('g')}Result", "")
    if result is None:
        raise LookupError(data_source)
    return frozenset(_types.output_type_types(result))


@functools.cache
def _arguments(type_token: str) -> type | None:
    """The SDK class of a resource's arguments, such as pulumi_aws.iam.RoleArgs.

    The Init form exists where the plain name is taken by an input type of that name.
    """
    return _named(type_token, "InitArgs") or _named(type_token, "Args")


def _named(type_token: str, suffix: str) -> type | None:
    package, module_path, name = type_token.split(":")
    parts = module_path.split("/")
    if package == "kubernetes":
        # networking.k8s.io/v1 is pulumi_kubernetes.networking.v1.
        module = ".".join((parts[0].partition(".")[0], *parts[1:]))
    else:
        module = "" if parts[0] == "index" else parts[0]
    try:
        sdk = importlib.import_module(f"{_SDKS[package]}.{module}".rstrip("."))
    except ModuleNotFoundError:
        return None  # a custom resource
    return cast("type | None", getattr(sdk, f"{name}{suffix}", None))


def _of_object(cls: type, value: Properties, path: str) -> Iterator[str]:
    known = _properties(cls)
    for key, item in value.items():
        if key not in known:
            yield f"{path}{key}: {cls.__name__} has no such property"
        else:
            yield from _of_value(known[key], item, f"{path}{key}")
    for key in sorted(_required(cls) - value.keys()):
        yield f"{path}{key}: missing, {cls.__name__} requires it"


def _of_value(expected: Any, value: Json, path: str) -> Iterator[str]:
    if value is None or value == UNKNOWN:
        return
    choices = list(_choices(expected))
    if not any(_has_shape(choice, value) for choice in choices):
        names = " or ".join(sorted({_label(choice) for choice in choices}))
        yield f"{path}: expected {names}, got {value!r}"
        return
    for choice in choices:
        if _has_shape(choice, value):
            yield from _inside(choice, value, path)
            return


def _inside(choice: Any, value: Json, path: str) -> Iterator[str]:
    if isinstance(value, list):
        (item_type,) = typing.get_args(choice) or (Any,)
        for index, item in enumerate(value):
            yield from _of_value(item_type, item, f"{path}[{index}]")
    elif isinstance(value, dict) and _is_object(choice):
        yield from _of_object(choice, value, f"{path}.")
    elif isinstance(value, dict):
        _, value_type = typing.get_args(choice) or (str, Any)
        for key, item in value.items():
            yield from _of_value(value_type, item, f"{path}.{key}")


def _choices(expected: Any) -> Iterator[Any]:
    """The types that a value may have, without the wrappers of inputs."""
    if typing.get_origin(expected) is not typing.Union:
        yield expected
        return
    for member in typing.get_args(expected):
        origin = typing.get_origin(member)
        wrapper = origin in (collections.abc.Awaitable, Output) or member is Output
        if not wrapper and member is not type(None) and not typing.is_typeddict(member):
            yield from _choices(member)


def _has_shape(choice: Any, value: Json) -> bool:
    if choice is Any or isinstance(choice, (str, typing.ForwardRef)):
        return True
    if isinstance(value, list):
        return typing.get_origin(choice) is collections.abc.Sequence
    if isinstance(value, dict):
        return _is_object(choice) or typing.get_origin(choice) is collections.abc.Mapping
    if typing.get_origin(choice) is typing.Literal:
        return value in typing.get_args(choice)
    if isinstance(choice, type) and issubclass(choice, str):
        return isinstance(value, str)
    accepted = _SCALARS.get(cast("object", choice), ())
    return isinstance(value, accepted) and not (isinstance(value, bool) and bool not in accepted)


def _is_object(choice: Any) -> bool:
    return isinstance(choice, type) and _types.is_input_type(choice)


def _label(choice: Any) -> str:
    return str(getattr(choice, "__name__", choice))


@functools.cache
def _properties(cls: type) -> dict[str, Any]:
    return cast("dict[str, Any]", _types.input_type_types(cls))


@functools.cache
def _required(cls: type) -> frozenset[str]:
    return _types._required_property_names(cls)
