"""Turns pydantic's findings into sentences that name the key, the value and the cure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from gallery.stack_file.errors import nearest

_WANTED = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "string_type": "text",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a number",
}
_BOUNDS = {
    "greater_than_equal": "{ge} or more",
    "greater_than": "more than {gt:g}",
    "less_than_equal": "{le} or less",
    "too_short": "a list of {min_length} or more",
}
_LONGEST_SHOWN = 80
_QUOTE = "'"
_TYPE_TAG = re.compile(r"^((?:list|dict)\[).*$")
# A value at these keys may be a credential in the wrong place: it is never shown.
_SHY = frozenset({"secret", "token", "url", "key", "password", "routing_key", "webhook", "value"})


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Where a finding is: the keys as a user wrote them, and the type that holds the last one.

    `tag` is the alternative of a union that the holder is, and `others` are those it is not.
    """

    path: tuple[str, ...]
    holder: object
    tag: str = ""
    others: tuple[tuple[str, object], ...] = ()

    def __str__(self) -> str:
        text = ".".join(self.path).replace(".[", "[")
        return "aws:region" if text == "region" else f"gallery:{text}"


def readable(error: ValidationError, model: type[BaseModel]) -> Iterator[str]:
    """One sentence for each error. `model` is what was being read."""
    found = [(detail, _place(detail["loc"], model)) for detail in error.errors(include_url=False)]
    paths = [place.path for _, place in found]
    told = set[tuple[str, ...]]()
    for detail, place in found:
        if detail["type"] not in _WANTED:
            yield from _sentences(detail, place)
            continue
        # The alternatives of a union each complain of a value that none of them takes; where one
        # of them takes its shape, what is wrong inside says more.
        deeper = any(path[: len(place.path)] == place.path != path for path in paths)
        if not deeper and place.path not in told:
            told.add(place.path)
            wanted = dict.fromkeys(
                _WANTED[other["type"]]
                for other, there in found
                if there.path == place.path and other["type"] in _WANTED
            )
            yield f"{place} is {_shown(place, detail)}; it must be {' or '.join(wanted)}"


def _sentences(detail: ErrorDetails, place: _Place) -> Iterator[str]:
    context: dict[str, Any] = detail.get("ctx", {})
    match detail["type"]:
        case "missing":
            yield f"{place} is missing"
        case "extra_forbidden":
            yield f"{place} is not a known key; {_instead(place)}"
        case "value_error":
            for line in str(context["error"]).split("\n"):
                yield f"{place}: {_discreet(place, line)}"
        case "string_pattern_mismatch":
            shown = _shown(place, detail)
            yield f"{place} is {shown}, which does not match {context['pattern']}"
        case "enum" | "literal_error" | "union_tag_invalid" | "union_tag_not_found":
            yield _choice(detail, place, context)
        case kind if kind in _BOUNDS:
            bound = _BOUNDS[kind].format(**context)
            yield f"{place} is {_shown(place, detail)}; it must be {bound}"
        case _:
            message = detail["msg"]
            yield f"{place} is {_shown(place, detail)}: {message[0].lower()}{message[1:]}"


def _choice(detail: ErrorDetails, place: _Place, context: dict[str, Any]) -> str:
    """What is not one of a few words."""
    if detail["type"] == "union_tag_not_found":
        return f"{place}.{context['discriminator'].strip(_QUOTE)} is missing"
    names = str(context["expected" if "expected" in context else "expected_tags"])
    known = re.findall(r"'([^']*)'", names)
    if detail["type"] == "union_tag_invalid":
        key, given = context["discriminator"].strip(_QUOTE), str(context["tag"])
        return f"{place}.{key} is {given!r}; {nearest(given, known)}"
    allowed = nearest(str(detail["input"]), known)
    if detail["loc"][-1] == "[key]":
        return f"{place} is not a known key; {allowed}"
    return f"{place} is {_shown(place, detail)}; {allowed}"


def _instead(place: _Place) -> str:
    """What to write in the place of an unknown key."""
    key = place.path[-1]
    for tag, other in place.others:
        if key in _keys(other):
            return (
                f"it belongs to {tag}, and this is {place.tag}; remove it. "
                f"allowed: {', '.join(_keys(place.holder))}"
            )
    return nearest(key, _keys(place.holder))


def _shown(place: _Place, detail: ErrorDetails) -> str:
    value: object = detail["input"]
    if _SHY & set(place.path):
        return "not shown"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    if isinstance(value, dict):
        return "a mapping" if value else "an empty mapping"
    text = repr(value) if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def _discreet(place: _Place, line: str) -> str:
    if place.path and place.path[-1] == "secret":
        return "must be the name of a Pulumi secret, and not the credential itself"
    return line


def _place(loc: tuple[int | str, ...], model: type[BaseModel]) -> _Place:
    """Pydantic's path without the tags of its unions, which no user has written."""
    here: object = model
    place = _Place(path=(), holder=model)
    tag, others = "", tuple[tuple[str, object], ...]()
    for step in loc:
        if step == "[key]":
            continue
        alternatives = dict(_alternatives(here))
        name = _TYPE_TAG.sub(r"\1", str(step))
        if name in alternatives:
            tag, here = name, alternatives.pop(name)
            others = tuple(alternatives.items())
            continue
        shown = f"[{step}]" if isinstance(step, int) else step
        place = _Place(path=(*place.path, shown), holder=here, tag=tag, others=others)
        tag, others, here = "", (), _inside(here, step)
    return place


def _keys(annotation: object) -> tuple[str, ...]:
    return tuple(
        name
        for member in _members(annotation)
        if isinstance(member, type) and issubclass(member, BaseModel)
        for name in member.model_fields
        if name != "region"
    )


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


def _alternatives(annotation: object) -> Iterator[tuple[str, object]]:
    """The members of a union under the tags by which pydantic tells them apart."""
    members = _members(annotation)
    if len(members) == 1:
        return
    for member in members:
        if isinstance(member, type) and issubclass(member, BaseModel):
            for field in member.model_fields.values():
                if get_origin(field.annotation) is Literal:
                    yield from ((str(tag), member) for tag in get_args(field.annotation))
        else:
            # Pydantic writes out what a list or mapping holds; its kind is enough to tell.
            yield ("list[" if get_origin(member) is list else "dict["), member
