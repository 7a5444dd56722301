"""Every effective alert of every stack, and the ways to change it that its cases must notice."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import promql_parser as parser

from gallery.alerts import ALERTS
from gallery.alerts.door import SHOP_DOOR_DOWN
from gallery.alerts.endpoints import ENDPOINT_DOWN
from gallery.alerts.hosts import HOST_DOWN, HOST_MISSING
from gallery.alerts.watchers import GRAFANA_UNREACHABLE
from gallery.metrics.durations import Duration
from gallery.plan.alerts import PlannedAlert
from gallery.plan.model import Plan
from gallery.plan.resolve import resolve
from gallery.render.proof import ProvenRule, proven
from gallery.stack_file.parse import parse
from tests.unit.stack_files import STACKS, planned, with_value

# `dev` with every threshold and every hold overridden, and `prod` that looks seldom and hardly
# waits: where an interval and a hold of a few lines must still fit each other.
OVERRIDDEN, HASTY = "dev-overridden", "prod-hasty"
PLANS = (*STACKS, OVERRIDDEN, HASTY)


_SHORTLY = (ENDPOINT_DOWN, SHOP_DOOR_DOWN, GRAFANA_UNREACHABLE, HOST_DOWN, HOST_MISSING)


@dataclass(frozen=True)
class Effective:
    """An alert as a stack has it. Its text is a test's id."""

    stack: str
    planned: PlannedAlert

    def __str__(self) -> str:
        """As `dev-HostDown-infrastructure`: by its name one alert's tests are chosen."""
        whose = f"-{self.planned.owner}" if self.planned.scope.host_groups else ""
        return f"{self.stack}-{self.planned.name}{whose}"


@cache
def plan(stack: str) -> Plan:
    """The plan of a shipped stack, or of the overridden one."""
    made = {OVERRIDDEN: _overridden, HASTY: _hasty}.get(stack)
    return made() if made else planned(stack)


def effective(*stacks: str) -> tuple[Effective, ...]:
    """Every effective alert of these stacks."""
    return tuple(Effective(stack, alert) for stack in stacks for alert in plan(stack).alerts)


def drawn(alert: Effective, *stacks: str) -> bool:
    """Whether of all stacks that have the alert it is this one that stands for them."""
    having = [
        each.stack
        for each in effective(*stacks)
        if (each.planned.name, each.planned.owner) == (alert.planned.name, alert.planned.owner)
    ]
    return alert.stack == having[int(chance(alert.planned.name) * len(having))]


def chance(*names: str) -> float:
    """A number below 1, drawn for these names."""
    return random.Random(" ".join(names)).random()  # noqa: S311 - keeps no secret


def _with(rule: ProvenRule, field: str, value: str) -> ProvenRule:
    """The rule with one field of its rendered document changed."""
    return replace(rule, rule={**rule.rule, field: value})


def with_expr(rule: ProvenRule, expr: str) -> ProvenRule:
    """The rule with another expression.

    Without what keeps it firing, which hides that a changed expression ends too soon.
    """
    kept = {key: value for key, value in rule.rule.items() if key != "keep_firing_for"}
    return _with(replace(rule, rule=kept), "expr", expr)


def _overridden() -> Plan:
    overrides = {
        alert.name: {
            **({"hold": str(alert.hold * 2)} if alert.hold.milliseconds else {}),
            **({"threshold": alert.threshold * 0.9} if alert.threshold else {}),
        }
        for alert in ALERTS
    }
    return resolve(parse(with_value("alerting.overrides", overrides)))


def _hasty() -> Plan:
    short = {alert.name: {"hold": "30s"} for alert in _SHORTLY}
    config = with_value("alerting.overrides", short, "prod")
    config["gallery:monitoring"]["scrape"] = "30s"
    return resolve(parse(config))


def loosened(planned: PlannedAlert) -> Iterator[tuple[str, ProvenRule]]:
    """The rule with its threshold or its hold halved or doubled; its cases as they were."""
    rule, scope = proven(planned), planned.scope
    if planned.alert.threshold is not None:
        for factor in (0.5, 2):
            other = replace(planned, scope=replace(scope, threshold=scope.threshold * factor))
            yield f"threshold times {factor:g}", _with(rule, "expr", other.expr)
    if not planned.hold.milliseconds:
        step = min(case.interval for case in rule.cases)
        yield "held for a step", _with(rule, "for", str(step))
        return
    for factor in (0.5, 2):
        hold = Duration(round(planned.hold.milliseconds * factor))
        yield f"hold times {factor:g}", _with(rule, "for", str(hold))


def mutated(planned: PlannedAlert) -> Iterator[tuple[str, ProvenRule]]:
    """The rule with one clause of its expression left out, or one number halved or doubled."""
    rule = proven(planned)
    tree = parser.parse(planned.expr)
    for site, node in _sites(tree):
        for name, other in _changes(node):
            yield name, with_expr(rule, _changed(tree, site, other))


def token(expr: parser.Expr) -> str:
    """The number of a binary operator, which the parser keeps to itself."""
    found = re.search(r"op: TokenType\(\s*(\d+)", repr(expr))
    assert found
    return found[1]


_OR = token(parser.parse("a or b"))
_CLAUSES = {_OR, token(parser.parse("a and b")), token(parser.parse("a unless b"))}


def _is_site(node: parser.Expr) -> bool:
    if isinstance(node, parser.NumberLiteral):
        return node.val != 0
    return isinstance(node, parser.BinaryExpr) and token(node) in _CLAUSES


def _sites(tree: parser.Expr) -> list[tuple[int, parser.Expr]]:
    """What may be changed, each with its number in the walk's order.

    Not within `resets`, by which an alert remembers when it was told: that is the condition
    itself once more, which is changed where it stands; the clause as a whole can be left out.
    """
    found, passed, remembered = list[tuple[int, parser.Expr]](), 0, 0

    def visit(node: parser.Expr) -> None:
        nonlocal passed, remembered
        if isinstance(node, parser.Call) and node.func.name == "resets":
            remembered = _count(node)
        if not _is_site(node):
            return
        if remembered:
            remembered -= 1
        else:
            found.append((passed, node))
        passed += 1

    parser.walk(tree, visit)
    return found


def _count(tree: parser.Expr) -> int:
    """How much within an expression could be changed."""
    found = 0

    def visit(node: parser.Expr) -> None:
        nonlocal found
        found += _is_site(node)

    parser.walk(tree, visit)
    return found


def _changes(node: parser.Expr) -> Iterator[tuple[str, parser.Expr]]:
    """What may stand in the place of a site, and what that amounts to."""
    if isinstance(node, parser.NumberLiteral):
        for factor in (0.5, 2):
            value = node.val * factor
            yield f"{node.val:g} as {value:g}", parser.parse(repr(value))
    if isinstance(node, parser.BinaryExpr):
        yield f"without {node.rhs.prettify()}", node.lhs
        if token(node) == _OR:
            yield f"without {node.lhs.prettify()}", node.rhs


def _changed(tree: parser.Expr, site: int, other: parser.Expr) -> str:
    """The expression with another at the site of that number, in the walk's order."""
    passed = 0

    def visit(node: parser.Expr) -> parser.Expr | None:
        nonlocal passed
        if not _is_site(node):
            return None
        passed += 1
        return other if passed == site + 1 else None

    return parser.transform(tree, visit).prettify()
