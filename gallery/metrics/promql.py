"""The few shapes of PromQL the catalogue is written in.

Expressions are text; these helpers put the matchers of one stack on every selector, so that what
else writes to an existing workspace is never seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gallery.metrics import labels

LAST_KNOWN = "5m"


def quoted(value: str) -> str:
    """A PromQL string literal."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def selector(metric: str, matchers: Iterable[str], window: str = "", ago: str = "") -> str:
    """`metric{a="b"}` or, with a window and so long ago, `metric{a="b"}[5m] offset 1h`."""
    chosen = ",".join(matchers)
    looked = f"[{window}]" if window else ""
    return f"{metric}{{{chosen}}}{looked}" + (f" offset {ago}" if ago else "")


def equals(label: str, value: str) -> str:
    """The matcher `label="value"`."""
    return f"{label}={quoted(value)}"


def one_of(label: str, values: Iterable[str]) -> str:
    """The matcher `label=~"a|b"`. Values are names of the catalogue: nothing to escape."""
    return f"{label}=~{quoted('|'.join(values))}"


def by(names: Iterable[str]) -> str:
    """`by (a, b)`."""
    return f"by ({', '.join(names)})"


def on(names: Iterable[str]) -> str:
    """`on (a, b)`."""
    return f"on ({', '.join(names)})"


def labelled(expr: str, values: Mapping[str, str]) -> str:
    """The series of an expression with these labels, whatever they had under those names."""
    for label, value in values.items():
        expr = f'label_replace({expr}, {quoted(label)}, {quoted(value)}, "", "")'
    return expr


def labelled_where(expr: str, label: str, value: str, other: str, values: Iterable[str]) -> str:
    """The series of an expression, with this label on those whose other label has such a value.

    Values are names of the catalogue: nothing to escape.
    """
    matching = quoted("|".join(values))
    return f"label_replace({expr}, {quoted(label)}, {quoted(value)}, {quoted(other)}, {matching})"


def named(expr: str, label: str) -> str:
    """The series of an expression, whose service is under this label as well."""
    return f'label_replace({expr}, {quoted(label)}, "$1", {quoted(labels.SERVICE)}, "(.+)")'


def other_than(label: str, value: str) -> str:
    """The matcher `label!="value"`."""
    return f"{label}!={quoted(value)}"


def none_of(label: str, values: Iterable[str]) -> str:
    """The matcher `label!~"a|b"`. Values are names of the catalogue: nothing to escape."""
    return f"{label}!~{quoted('|'.join(values))}"


ON_STACK = on(labels.STACK)
ON_SERVICE = on(labels.COMMON)
ON_HOST = on(labels.HOST_COMMON)
BY_STACK = by(labels.STACK)
BY_SERVICE = by(labels.COMMON)
BY_OBJECTIVE = by(labels.OBJECTIVE_COMMON)
BY_HOST = by(labels.HOST_COMMON)
