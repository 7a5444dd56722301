"""Reads YAML as the Pulumi CLI does, whose reader is gopkg.in/yaml.v3.

PyYAML finds the structure; what a plain word means, what may stand twice and how far aliases
expand follows yaml.v3: `010` is eight, `no` is text, a key that stands twice is an error.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, cast

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from gallery.stack_file.errors import StackFileError
from gallery.stack_file.keys import misplaced
from gallery.stack_file.parse import DEEPEST, too_deep
from gallery.stack_file.plain_credentials import discreet

# A stack of a thousand host groups has some eight thousand values.
_MOST_VALUES = 100_000
_PLAIN = "plain"
_STANDARD = "tag:yaml.org,2002:"
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("~", "null", "Null", "NULL", "")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(
    r"(?P<sign>[-+]?)(?:0[xX](?P<hex>[0-9a-fA-F]+)|0[bB](?P<binary>[01]+)"
    r"|0[oO]?(?P<octal>[0-7]+)|(?P<decimal>0|[1-9][0-9]*))"
)
_BASES = {"hex": 16, "binary": 2, "octal": 8, "decimal": 10}
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]+")
_NO_NUMBER = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_DATE = re.compile(
    r"\d{4}-\d{1,2}-\d{1,2}([Tt]\d{1,2}:\d{1,2}:\d{1,2}(\.\d+)?(Z|[-+]\d\d:\d\d)"
    r"| \d{1,2}:\d{1,2}:\d{1,2}(\.\d+)?)?"
)
# Where Go writes a float without an exponent, and its reader then finds an integer.
_LARGEST_PLAIN_FLOAT = 1e21


class _Composer(yaml.SafeLoader):
    """Finds the structure and leaves the meaning of plain words open."""

    def resolve(self, kind: type[Node], value: str | None, implicit: Any) -> str:  # noqa: ANN401
        if kind is ScalarNode and implicit[0]:
            return _PLAIN
        return str(super().resolve(kind, value, implicit))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType] - untyped stubs


def document(text: str, name: str) -> Any:  # noqa: ANN401 - whatever the file holds
    """What `text` says. Raises StackFileError, with every repeated key, for what cannot be read."""
    try:
        loader = _Composer(text)
        node = loader.get_single_node()
        if node is None:
            return None
        return _Reader(name).whole(node)
    except yaml.YAMLError as error:
        raise StackFileError([f"{name} is not YAML: {_where(error)}"]) from None
    except RecursionError:
        raise StackFileError([too_deep(name)]) from None


def whole_file(text: str, name: str) -> dict[str, Any]:
    """What a stack file says, by its own keys: `config` and what the CLI keeps beside it.

    Raises StackFileError for what cannot be read, and for keys that nobody reads.
    """
    found = mapping(document(text, name), name, "config:")
    if errors := [f"{name}: {words}" for words in misplaced(found)]:
        raise StackFileError(errors)
    return found


def mapping(value: object, what: str, form: str) -> dict[str, Any]:
    """The value, which may also be left out. Raises StackFileError for what has no keys."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        kind = "a list" if isinstance(value, list) else discreet(json.dumps(value, default=str))
        raise StackFileError([f"{what} is {kind}; write keys with values, as `{form}`"])
    return cast("dict[str, Any]", value)


class _Reader:
    """Turns the nodes of one document into values."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._count = 0
        self._open = set[int]()

    def whole(self, node: Node) -> Any:  # noqa: ANN401
        """The value of the document. Every repeated key is told at once."""
        repeated = dict.fromkeys(_repeated(node, set()))
        if repeated:
            raise StackFileError(f"{self._name}, {words}" for words in repeated)
        return self._value(node)

    def _value(self, node: Node) -> Any:  # noqa: ANN401
        self._count += 1
        if self._count > _MOST_VALUES:
            raise self._refused(node, f"aliases expand to more than {_MOST_VALUES} values")
        if isinstance(node, ScalarNode):
            return self._scalar(node)
        if id(node) in self._open:
            raise self._refused(node, "an anchor contains itself; write the value out")
        if len(self._open) >= DEEPEST:
            raise StackFileError([too_deep(f"{self._name}, line {_line(node)}")])
        self._open.add(id(node))
        try:
            if isinstance(node, SequenceNode):
                return [self._value(part) for part in node.value]
            if isinstance(node, MappingNode):
                return self._mapping(node)
        finally:
            self._open.discard(id(node))
        raise TypeError(node)

    def _mapping(self, node: MappingNode) -> dict[str, Any]:
        found = dict[str, Any]()
        merged = list[dict[str, Any]]()
        for key, value in node.value:
            if isinstance(key, ScalarNode) and key.value == "<<":
                merged.extend(self._merged(value))
            else:
                found[self._name_of(key)] = self._value(value)
        # What stands in the mapping wins over what is merged, and an earlier merge over a later.
        for other in merged:
            found = other | found
        return found

    def _name_of(self, key: Node) -> str:
        name = self._scalar(key) if isinstance(key, ScalarNode) else None
        if not isinstance(name, str):
            shown = discreet(key.value) if isinstance(key, ScalarNode) else "a list or a mapping"
            raise self._refused(
                key, f"the key {shown} is no name; write a name, or put it in quotes"
            )
        return name

    def _merged(self, node: Node) -> Iterator[dict[str, Any]]:
        parts = node.value if isinstance(node, SequenceNode) else [node]
        for part in parts:
            if not isinstance(part, MappingNode):
                raise self._refused(part, "`<<` merges mappings, and this is none")
            yield self._value(part)

    def _scalar(self, node: ScalarNode) -> bool | int | float | str | None:
        text, tag = str(node.value), node.tag
        if tag in {_STANDARD + "str", "!"}:
            return text
        value = self._plain(node, text)
        if tag == _PLAIN:
            return value
        wanted = _TAGS.get(tag.removeprefix(_STANDARD))
        if wanted is None or type(value) not in wanted:
            raise self._refused(node, f"the tag {discreet(tag)} is not read here; remove it")
        return value

    def _plain(self, node: ScalarNode, text: str) -> bool | int | float | str | None:
        if text in _WORDS:
            return _WORDS[text]
        if _NO_NUMBER.fullmatch(text):
            raise self._refused(node, f"{text} is no number that a program can be given")
        if _DATE.fullmatch(text):
            raise self._refused(
                node,
                f"{text} is a date, which the CLI rewrites to another text; "
                f'write it in quotes, as "{text}"',
            )
        digits = text.replace("_", "")
        if _LEADING_ZERO.fullmatch(digits):
            raise self._refused(
                node,
                f"{text} begins with a nought, which makes it {_number(digits)}; write that, or "
                f'put it in quotes, as "{text}"',
            )
        return _number(digits) if text[:1] in "+-.0123456789" else text

    def _refused(self, node: Node, words: str) -> StackFileError:
        return StackFileError([f"{self._name}, line {_line(node)}: {words}"])


_TAGS: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (float, int),
    "bool": (bool,),
    "null": (type(None),),
}


def _number(text: str) -> int | float | str:
    """A plain word that begins like a number; text where it is none."""
    integer = _INTEGER.fullmatch(text)
    if integer:
        sign = integer["sign"]
        whole = next(
            int(f"{sign}{integer[name]}", base) for name, base in _BASES.items() if integer[name]
        )
        if -(2**63) <= whole < 2**63:
            return whole
    if not _FLOAT.fullmatch(text):
        return text
    value = float(text)
    if value in {float("inf"), float("-inf")}:
        return text
    if value.is_integer() and abs(value) < _LARGEST_PLAIN_FLOAT:
        return int(Decimal(repr(value)))
    return value


def _repeated(node: Node, seen: set[int]) -> Iterator[str]:
    """Where a key stands twice in one mapping, in the order of the file."""
    if id(node) in seen or isinstance(node, ScalarNode):
        return
    seen.add(id(node))
    if isinstance(node, SequenceNode):
        for part in node.value:
            yield from _repeated(part, seen)
    elif isinstance(node, MappingNode):
        first = dict[str, int]()
        for key, value in node.value:
            yield from _repeated(value, seen)
            if not isinstance(key, ScalarNode):
                continue
            if key.value in first:
                name, line = discreet(key.value), first[key.value]
                yield (
                    f'line {_line(key)}: the key "{name}" stands on line {line} already, and one '
                    "of the two would be lost; keep one"
                )
            else:
                first[str(key.value)] = _line(key)


def _where(error: yaml.YAMLError) -> str:
    """Place and cause, without the line itself: a credential may stand in it."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        context = f"{error.context}: " if error.context else ""
        return f"line {error.problem_mark.line + 1}: {discreet(f'{context}{error.problem}')}"
    return discreet(str(error))


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1
