"""Turns pydantic's findings into sentences that name the key, the value and the cure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import NoneType, UnionType
from typing import Annotated, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from gallery.stack_file.errors import nearest

_WANTED = {
    "int_type": "a whole number",
    "string_type": "text",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "float_type": "a number",
}
# A value at these keys may be a credential in the wrong place: it is never shown.
_SHY = frozenset({"secret", "token", "url", "key", "password", "routing_key", "webhook", "value"})


def readable(error: ValidationError, model: type[BaseModel]) -> Iterator[str]:
    """One sentence for each error. `model` is what was being read."""
    seen = set[tuple[str, ...]]()
    for detail in error.errors(include_url=False):
        path = tuple(_path(detail["loc"], model))
        # The members of a union each complain of the same value; the first says it.
        key = (*path, detail["type"])
        if key in seen:
            continue
        seen.add(key)
        yield from _sentences(detail, path, model)


def _sentences(
    detail: ErrorDetails, path: tuple[str, ...], model: type[BaseModel]
) -> Iterator[str]:
    where = _dotted(path)
    match detail["type"]:
        case "missing":
            yield f"{where} is missing"
        case "extra_forbidden":
            allowed = _keys_at(model, path[:-1])
            yield f"{where} is not a known key; {nearest(path[-1], allowed)}"
        case "value_error":
            for line in str(detail["ctx"]["error"]).split("\n") if "ctx" in detail else ():
                yield f"{where}: {_discreet(path, line)}"
        case "string_pattern_mismatch":
            pattern = detail["ctx"]["pattern"] if "ctx" in detail else ""
            yield f"{where} is {_shown(path, detail['input'])}, which does not match {pattern}"
        case kind:
            wanted = _WANTED.get(kind)
            shown = _shown(path, detail["input"])
            if wanted:
                yield f"{where} is {shown}; it must be {wanted}"
            else:
                yield f"{where} is {shown}: {detail['msg'][0].lower()}{detail['msg'][1:]}"


def _shown(path: tuple[str, ...], value: object) -> str:
    return "not shown" if _SHY & set(path) else repr(value)


def _discreet(path: tuple[str, ...], line: str) -> str:
    if path and path[-1] == "secret":
        return "must be the name of a Pulumi secret, and not the credential itself"
    return line


def _dotted(path: Iterable[str]) -> str:
    text = ".".join(path).replace(".[", "[")
    return "aws:region" if text == "region" else f"gallery:{text}"


def _path(loc: tuple[int | str, ...], model: type[BaseModel]) -> Iterator[str]:
    """The keys a user wrote: pydantic's path without the tags of its unions."""
    here: object = model
    for step in loc:
        if isinstance(step, int):
            here = _inside(here, step)
            yield f"[{step}]"
            continue
        if step == "[key]":
            continue
        following = _inside(here, step)
        if following is None and _is_tag(here, step):
            here = _tagged(here, step)
            continue
        here = following
        yield step


def _keys_at(model: type[BaseModel], path: tuple[str, ...]) -> tuple[str, ...]:
    here: object = model
    for step in path:
        here = _inside(here, step)
    keys = dict[str, None]()
    for member in _members(here):
        if isinstance(member, type) and issubclass(member, BaseModel):
            keys |= dict.fromkeys(name for name in member.model_fields if name != "region")
    return tuple(keys)


def _members(annotation: object) -> tuple[object, ...]:
    """The alternatives of an annotation, without None and metadata."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _members(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return tuple(
            member
            for part in get_args(annotation)
            if part is not NoneType
            for member in _members(part)
        )
    return (annotation,)


def _inside(annotation: object, step: int | str) -> object:
    """What stands at a key or index of a value of this type; None where nothing can."""
    for member in _members(annotation):
        origin, parts = get_origin(member), get_args(member)
        if origin is list:
            return parts[0]
        if origin is dict:
            return parts[1]
        if isinstance(member, type) and issubclass(member, BaseModel):
            found = member.model_fields.get(str(step))
            if found is not None:
                return found.annotation
    return None


def _is_tag(annotation: object, step: str) -> bool:
    return _tagged(annotation, step) is not annotation or step.startswith(("list[", "dict["))


def _tagged(annotation: object, tag: str) -> object:
    """The member of a discriminated union with this tag."""
    for member in _members(annotation):
        if isinstance(member, type) and issubclass(member, BaseModel):
            for found in member.model_fields.values():
                if get_origin(found.annotation) is Literal and tag in get_args(found.annotation):
                    return member
    return annotation
