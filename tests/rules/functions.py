"""An alert's rule with one function, aggregation, modifier or matcher changed.

Its cases must notice. What several alerts have in common, as the guard that silences a dead
host's alerts, is changed in the first of them alone: the same cases would be asked the same again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import promql_parser as parser

from gallery.metrics import labels, promql
from gallery.plan.alerts import PlannedAlert
from gallery.render.proof import ProvenRule, proven
from tests.rules.contract import labels_of
from tests.rules.doubled import ADDED, doubled
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
    "deriv": "max_over_time",
    "changes": "max_over_time",
    "resets": "changes",
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
_WITHOUT_GROUP_LEFT = "without group_left"
_SET = {"and", "or", "unless"}

Change = tuple[str, str]


def changes(node: parser.Expr) -> Iterator[Change]:
    """What may stand in the place of a node, as PromQL, and what that amounts to."""
    if isinstance(node, parser.Call):
        yield from _of_a_function(node)
    if isinstance(node, parser.AggregateExpr):
        yield from _of_an_aggregation(node)
    if isinstance(node, parser.BinaryExpr) and node.modifier is not None:
        yield from _of_a_join(node, node.modifier)
    if isinstance(node, parser.VectorSelector | parser.MatrixSelector):
        yield from _of_a_selector(node.prettify())


def _of_a_function(node: parser.Call) -> Iterator[Change]:
    name = node.func.name
    if name in _UNARY:
        # In parentheses: what stood within the function's binds to what stands beside it.
        yield f"without {name}", f"({node.args[0].prettify()})"
    yield from _renamed(name, node)


def _of_an_aggregation(node: parser.AggregateExpr) -> Iterator[Change]:
    yield from _renamed(str(node.op), node)
    if node.modifier is not None and node.modifier.type == parser.AggModifierType.By:
        by = node.modifier.labels
        if set(by) > set(labels.STACK):
            inner = node.expr.prettify()
            yield f"by the place instead of {_listed(by)}", f"{node.op} {promql.BY_STACK} ({inner})"


def _renamed(name: str, node: parser.Expr) -> Iterator[Change]:
    if name in _OTHERS:
        other = node.prettify().strip().replace(name, _OTHERS[name], 1)
        yield f"{name} as {_OTHERS[name]}", other


def _of_a_join(node: parser.BinaryExpr, modifier: parser.BinModifier) -> Iterator[Change]:
    def other(*modifiers: str) -> str:
        """The same, joined so. Parenthesised: an operand may be a weaker operator's."""
        words = (node.lhs.prettify(), str(node.op), *modifiers, node.rhs.prettify())
        return f"({' '.join(words)})"

    if modifier.return_bool:
        yield "without bool", other()
    if modifier.matching is None:
        return
    group = ("group_left ()",) if modifier.card == parser.VectorMatchCardinality.ManyToOne else ()
    on = modifier.matching.labels
    if {labels_of(node.lhs), labels_of(node.rhs)} != {frozenset(on)}:
        yield f"without on {_listed(on)}", other()
    if set(on) > set(labels.STACK):
        yield f"on the place instead of {_listed(on)}", other(promql.ON_STACK, *group)
    if group:
        yield _WITHOUT_GROUP_LEFT, other(promql.on(on))


def _listed(names: list[str]) -> str:
    return f"({', '.join(names)})"


def _of_a_selector(text: str) -> Iterator[Change]:
    for matcher in re.finditer(r'(\w+)(?:=~|!~|!=|=)"(?:[^"\\]|\\.)*",?', text):
        if matcher[1] not in _PLACE:
            left = text[: matcher.start()] + text[matcher.end() :]
            yield f"without {matcher[0].rstrip(',')}", left.replace(",}", "}")
    now, offset, _ = text.partition(" offset ")
    if offset:
        yield "without offset", now


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
            found.setdefault(_known_by(node), planned.name)
    return found


def _known_by(node: parser.Expr) -> str:
    """What is the same where several alerts have it: of a join its clause, whatever it is of."""
    if isinstance(node, parser.BinaryExpr) and node.modifier and node.modifier.matching:
        on = ", ".join(node.modifier.matching.labels)
        return f"{node.op} on ({on}) {node.rhs.prettify()}"
    return node.prettify()


def _only_there(node: parser.Expr) -> Iterator[str]:
    """The texts of what within a node need only be there: its value is nowhere compared."""
    match node:
        case parser.ParenExpr() | parser.SubqueryExpr():
            yield from _only_there(node.expr)
        case parser.AggregateExpr():
            yield node.prettify()
            yield from _only_there(node.expr)
        case parser.Call() if node.func.name in _OTHERS and node.func.name != "absent_over_time":
            yield node.prettify()
            yield from _only_there(node.args[-1])
        case parser.BinaryExpr() if str(node.op) in _SET:
            yield from _only_there(node.lhs)
            yield from _only_there(node.rhs)
        case _:
            pass


def _without_a_value(tree: parser.Expr, *, told: bool) -> frozenset[str]:
    """Where another function gives another value, which neither a condition nor a page reads."""
    found = list[str]() if told else list(_only_there(tree))
    for node in _within(tree):
        if isinstance(node, parser.BinaryExpr) and str(node.op) in _SET - {"or"}:
            found += _only_there(node.rhs)
        if isinstance(node, parser.AggregateExpr) and str(node.op) == "count":
            found += _only_there(node.expr)
    return frozenset(found)


def swapped(planned: PlannedAlert) -> Iterator[tuple[str, ProvenRule]]:
    """The rule with one function, aggregation, modifier or matcher as another or left out."""
    rule = proven(planned)
    tree = parser.parse(planned.expr)
    first, seen = _first_with(planned.scope.environment), set[tuple[str, str]]()
    valueless = _without_a_value(tree, told="$value" in planned.alert.what)
    before: parser.Expr | None = None
    for site, node in enumerate(_within(tree)):
        text, within, before = node.prettify(), before, node
        # The selector of a range was changed as the range.
        if first[_known_by(node)] != planned.name or isinstance(within, parser.MatrixSelector):
            continue
        for name, other in changes(node):
            # The same in two places is two changes of one thing.
            if (text, name) not in seen and not (" as " in name and text in valueless):
                seen.add((text, name))
                expr = _changed(tree, site, parser.parse(other))
                asked = _with_two_on_the_left(rule) if name == _WITHOUT_GROUP_LEFT else rule
                yield f"{name} in {' '.join(text.split())}", with_expr(asked, expr)


def _with_two_on_the_left(rule: ProvenRule) -> ProvenRule:
    """The rule with the cases in which it is silent, each series there twice.

    Without group_left an operator fails where its left side has several.
    """
    silent = (case for case in rule.cases if not case.fires)
    return replace(rule, cases=tuple(doubled(case, ADDED) for case in silent))


def _changed(tree: parser.Expr, site: int, other: parser.Expr) -> str:
    passed = -1

    def visit(_: parser.Expr) -> parser.Expr | None:
        nonlocal passed
        passed += 1
        return other if passed == site else None

    return parser.transform(tree, visit).prettify()
