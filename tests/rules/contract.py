"""Whether an expression reads only what collectors produce, and joins only what can be joined."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import promql_parser as parser

from gallery.metrics.collected import COLLECTED, RECORDED
from tests.rules.variants import token

Labels = frozenset[str]
Collected = Mapping[str, Mapping[str, Labels]]


def faults(expr: str, collected: Collected = COLLECTED) -> tuple[str, ...]:
    """What is wrong with a PromQL expression; nothing is right."""
    reader = _Reader(collected)
    reader.labels(parser.parse(expr))
    return tuple(reader.faults)


def labels_of(expr: parser.Expr) -> Labels | None:
    """The labels that every series of an expression has; None for a scalar."""
    return _Reader(COLLECTED).labels(expr)


def metrics(expr: str) -> frozenset[str]:
    """The names of the metrics that an expression reads."""
    return frozenset(one.name or "" for one in selectors(parser.parse(expr)))


def selectors(expr: parser.Expr) -> Iterator[parser.VectorSelector]:
    """Every selector in an expression."""
    found = list[parser.VectorSelector]()

    def visit(node: parser.Expr) -> None:
        if isinstance(node, parser.VectorSelector):
            found.append(node)

    parser.walk(expr, visit)
    return iter(found)


_OR = token(parser.parse("a or b"))
_SET = {_OR, token(parser.parse("a and b")), token(parser.parse("a unless b"))}
# Labels of None: a scalar.
_SCALARS = {"time", "scalar"}


@dataclass
class _Reader:
    collected: Collected
    faults: list[str] = field(default_factory=list[str])

    def labels(self, expr: parser.Expr) -> Labels | None:
        """The labels that every series of the result has; None for a scalar."""
        match expr:
            case parser.VectorSelector():
                found = self._selector(expr)
            case parser.MatrixSelector():
                found = self._selector(expr.vector_selector)
            case parser.SubqueryExpr() | parser.ParenExpr() | parser.UnaryExpr():
                found = self.labels(expr.expr)
            case parser.AggregateExpr():
                found = self._aggregate(expr)
            case parser.BinaryExpr():
                found = self._binary(expr)
            case parser.Call():
                found = self._call(expr)
            case _:
                found = None
        return found

    def _selector(self, selector: parser.VectorSelector) -> Labels:
        name = selector.name or ""
        matchers = selector.matchers.matchers
        if name in RECORDED:
            known = RECORDED[name]
        elif name in self.collected:
            jobs = self._jobs(name, matchers)
            known = frozenset[str].intersection(*jobs) if jobs else Labels()
        else:
            self.faults.append(f"nothing collects {name}")
            return Labels()
        for matcher in matchers:
            if matcher.name not in known:
                self.faults.append(f"{name} has no label {matcher.name}")
        return known

    def _jobs(self, name: str, matchers: list[parser.Matcher]) -> list[Labels]:
        """The labels of the metric under each job that is chosen."""
        jobs = dict(self.collected[name])
        for matcher in matchers:
            if matcher.name != "job":
                continue
            asked = matcher.value.split("|")
            for job in set(asked) - set(jobs):
                self.faults.append(f"job {job} does not collect {name}")
            jobs = {job: found for job, found in jobs.items() if job in asked}
        return list(jobs.values())

    def _aggregate(self, expr: parser.AggregateExpr) -> Labels:
        inner = self.labels(expr.expr) or Labels()
        if expr.modifier is None:
            return Labels()
        named = Labels(expr.modifier.labels)
        for label in named - inner:
            self.faults.append(f"an aggregation is by {label}, which {expr.expr.prettify()} lacks")
        return named if expr.modifier.type == parser.AggModifierType.By else inner - named

    def _call(self, expr: parser.Call) -> Labels | None:
        name = expr.func.name
        if name in _SCALARS:
            return None
        found = [self.labels(argument) for argument in expr.args]
        inner = next((one for one in found if one is not None), Labels())
        if name == "histogram_quantile":
            if "le" not in inner:
                self.faults.append(f"{expr.prettify()} has no buckets")
            return inner - {"le"}
        if name.startswith("absent"):
            [selector] = selectors(expr)
            equal = parser.MatchOp.Equal
            return Labels(one.name for one in selector.matchers.matchers if one.op == equal)
        if name == "label_replace":
            return inner | {expr.args[1].val}
        return inner

    def _binary(self, expr: parser.BinaryExpr) -> Labels | None:
        left, right = self.labels(expr.lhs), self.labels(expr.rhs)
        if left is None or right is None:
            return right if left is None else left
        modifier, operator = expr.modifier, token(expr)
        if modifier is None or modifier.matching is None:
            if operator == _OR:
                return left & right
            if left != right:
                odd = ", ".join(sorted(left ^ right))
                self.faults.append(f"{expr.prettify()} never matches: {odd} on one side only")
            return left
        named = Labels(modifier.matching.labels)
        if modifier.matching.type == parser.LabelModifierType.Include:
            for label in (named - left) | (named - right):
                self.faults.append(f"{expr.prettify()} joins on {label}, which a side lacks")
        if operator in _SET:
            return left & right if operator == _OR else left
        if modifier.card == parser.VectorMatchCardinality.OneToOne:
            return named
        return left | Labels(modifier.group_labels or ())
