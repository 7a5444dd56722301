"""An alert's rule with one function, aggregation or matcher changed, which its cases must notice.

What several alerts have in common, as the guard that silences a dead host's alerts, is changed in
the first of them alone: the same cases would be asked the same again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import promql_parser as parser

from gallery.metrics import labels
from gallery.plan.alerts import PlannedAlert
from gallery.render.proof import ProvenRule, proven
from tests.rules.variants import plan, with_expr

# What may stand in the place of a function or an aggregation: another of the same shape.
_OTHERS = {
    "max_over_time": "min_over_time",
    "min_over_time": "max_over_time",
    "avg_over_time": "max_over_time",
    "sum_over_time": "max_over_time",
    "count_over_time": "sum_over_time",
    "last_over_time": "count_over_time",
    "absent_over_time": "present_over_time",
    "increase": "max_over_time",
    "rate": "max_over_time",
    "changes": "max_over_time",
    "max": "min",
    "min": "max",
    "sum": "min",
    "avg": "max",
    "count": "max",
}
# Functions of one instant vector, which can be left out.
_UNARY = {"abs", "ceil", "floor", "round", "sgn", "timestamp"}
# The place, which is the same in each case, and the job, which says whose series these are.
_PLACE = {*labels.STACK, "job"}

Change = tuple[str, str]


def changes(node: parser.Expr) -> Iterator[Change]:
    """What may stand in the place of a node, as PromQL, and what that amounts to."""
    text = node.prettify()
    if isinstance(node, parser.Call):
        name = node.func.name
        if name in _UNARY:
            yield f"without {name}", node.args[0].prettify()
        if name in _OTHERS:
            yield f"{name} as {_OTHERS[name]}", text.replace(name, _OTHERS[name], 1)
    if isinstance(node, parser.AggregateExpr):
        name = re.split(r"\W", text.strip(), maxsplit=1)[0]
        if name in _OTHERS:
            yield f"{name} as {_OTHERS[name]}", text.replace(name, _OTHERS[name], 1)
    if isinstance(node, parser.VectorSelector | parser.MatrixSelector):
        yield from _without_a_matcher(text)


def _without_a_matcher(text: str) -> Iterator[Change]:
    for matcher in re.finditer(r'(\w+)(?:=~|!~|!=|=)"(?:[^"\\]|\\.)*",?', text):
        if matcher[1] not in _PLACE:
            left = text[: matcher.start()] + text[matcher.end() :]
            yield f"without {matcher[0].rstrip(',')}", left.replace(",}", "}")


def _within(tree: parser.Expr) -> list[parser.Expr]:
    """Every node, in the order in which a transformation meets them."""
    found = list[parser.Expr]()
    parser.walk(tree, found.append)
    return found


@cache
def _first_with(stack: str) -> dict[str, str]:
    """By the text of a node the first alert of the stack that has it."""
    found = dict[str, str]()
    for planned in plan(stack).alerts:
        for node in _within(parser.parse(planned.expr)):
            found.setdefault(node.prettify(), planned.name)
    return found


def swapped(planned: PlannedAlert) -> Iterator[tuple[str, ProvenRule]]:
    """The rule with one function or aggregation as another or left out, or without a matcher."""
    rule = proven(planned)
    tree = parser.parse(planned.expr)
    first, seen = _first_with(planned.scope.environment), set[tuple[str, str]]()
    for site, node in enumerate(_within(tree)):
        text = node.prettify()
        if first[text] != planned.name:
            continue
        for name, other in changes(node):
            # The same in two places is two changes of one thing.
            if (text, name) not in seen:
                seen.add((text, name))
                expr = _changed(tree, site, parser.parse(other))
                yield f"{name} in {' '.join(text.split())}", with_expr(rule, expr)


def _changed(tree: parser.Expr, site: int, other: parser.Expr) -> str:
    passed = -1

    def visit(_: parser.Expr) -> parser.Expr | None:
        nonlocal passed
        passed += 1
        return other if passed == site else None

    return parser.transform(tree, visit).prettify()
