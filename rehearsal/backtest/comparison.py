"""New and changed rules over the past, each next to the rule that it replaces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from offline.errors import UserError
from rehearsal.backtest.judged import Judged, Past, judged
from rehearsal.backtest.past import Period
from rehearsal.backtest.recordings import changed, read_by
from rehearsal.backtest.told import Told, told
from rehearsal.diff.tree import Rule, Tree


@dataclass(frozen=True, kw_only=True)
class Side:
    """A rule of one tree: what it did, and who would have been told."""

    judged: Judged
    told: tuple[Told, ...]


@dataclass(frozen=True, kw_only=True)
class Compared:
    """An alert before and now; None where it is not there."""

    name: str
    before: Side | None
    now: Side | None

    @property
    def sides(self) -> Mapping[str, Side]:
        """By `before` and `now`, without what is not there."""
        both = {"before": self.before, "now": self.now}
        return {time: side for time, side in both.items() if side is not None}

    @property
    def what(self) -> str:
        """What was done to it."""
        if self.before is None:
            return "new"
        return "removed" if self.now is None else "changed"


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """All of it: of which stack, from which source, of which period."""

    stack: str
    source: str
    period: Period
    alerts: tuple[Compared, ...]


def compared(head: Tree, base: Tree | None, past: Past) -> Comparison:
    """Judge what is new, changed or removed; every alert where there is no base.

    Raises UserError, for trees of different stacks too.
    """
    if base is not None and base.stack != head.stack:
        raise UserError(
            f"{base.directory} is stack {base.stack} and {head.directory} stack {head.stack}; "
            "compare two trees of one stack"
        )
    recordings = frozenset[str]() if base is None else changed(base, head)
    names = sorted(_names(head, base, recordings))
    now = _sides(past, head, names, recordings)
    before = {} if base is None else _sides(past, base, names, frozenset())
    return Comparison(
        stack=head.stack,
        source=past.source.name,
        period=past.period,
        alerts=tuple(
            Compared(name=name, before=before.get(name), now=now.get(name)) for name in names
        ),
    )


def _names(head: Tree, base: Tree | None, recordings: frozenset[str]) -> Iterator[str]:
    if base is None:
        yield from head.rules
        return
    yield from base.rules.keys() - head.rules.keys()
    for name, rule in head.rules.items():
        before = base.rules.get(name)
        if (
            before is None
            or _as_evaluated(before) != _as_evaluated(rule)
            or recordings & read_by([rule])
        ):
            yield name


def _as_evaluated(rule: Rule) -> Rule:
    # How soon it must be told says nothing of when it fires.
    return replace(rule, page_seconds=None)


def _sides(past: Past, tree: Tree, names: list[str], recordings: frozenset[str]) -> dict[str, Side]:
    rules = [tree.rules[name] for name in names if name in tree.rules]
    found = judged(past, tree, rules, recordings)
    return {
        name: Side(judged=one, told=told(tree, one.rule, one.firings, past.period))
        for name, one in found.items()
    }
