"""What an expression reads, how far back, and what it cannot do without."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import promql_parser as parser

from gallery.metrics.durations import Duration

# How long an instant selector looks for the last sample (Prometheus, `--query.lookback-delta`).
LOOKBACK = Duration.parse("5m")
# Functions that give something where there is nothing.
_GIVE_ALWAYS = {"absent", "absent_over_time", "scalar"}


def reads(expr: str) -> Mapping[str, Duration]:
    """The metrics that an expression reads, and how far back from when it is evaluated.

    One that is selected without a name is left out.
    """
    found, behind = dict[str, Duration](), list[timedelta]()

    def enter(node: parser.Expr) -> None:
        behind.append(_behind(node))
        if isinstance(node, parser.VectorSelector) and node.name:
            seconds = max(0.0, sum(each.total_seconds() for each in behind))
            back = LOOKBACK + Duration.of(seconds=seconds)
            found[node.name] = max(back, found.get(node.name, back))

    def leave(_node: parser.Expr) -> None:
        behind.pop()

    parser.walk(parser.parse(expr), enter, leave)
    return found


def _behind(node: parser.Expr) -> timedelta:
    """How much further back than its surroundings a part of an expression reads."""
    match node:
        case parser.MatrixSelector():
            return node.range or timedelta()
        case parser.SubqueryExpr():
            return (node.range or timedelta()) + (node.offset or timedelta())
        case parser.VectorSelector():
            return node.offset or timedelta()
        case _:
            return timedelta()


def can_give(expr: str, absent: frozenset[str]) -> bool:
    """Whether an expression could give anything while there are no samples of these metrics."""
    return _can_give(parser.parse(expr), absent)


def _can_give(node: parser.Expr, absent: frozenset[str]) -> bool:
    match node:
        case parser.VectorSelector():
            return node.name not in absent
        case parser.MatrixSelector():
            return _can_give(node.vector_selector, absent)
        case parser.Call():
            return node.func.name in _GIVE_ALWAYS or all(
                _can_give(each, absent) for each in node.args
            )
        case parser.BinaryExpr():
            return _both(node, absent)
        case (
            parser.SubqueryExpr() | parser.ParenExpr() | parser.UnaryExpr() | parser.AggregateExpr()
        ):
            return _can_give(node.expr, absent)
        case _:
            return True


def _both(node: parser.BinaryExpr, absent: frozenset[str]) -> bool:
    left, right = _can_give(node.lhs, absent), _can_give(node.rhs, absent)
    match str(node.op):
        case "or":
            return left or right
        case "unless":
            return left
        case _:
            return left and right
