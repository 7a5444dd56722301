"""Who would have been told of what fired, how often, and who would have been woken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gallery.metrics import labels
from gallery.store.roles import Severity
from rehearsal.backtest.hold import Span
from rehearsal.backtest.past import Firing, Period
from rehearsal.diff.routes import Group
from rehearsal.diff.tree import Rule, Tree


@dataclass(frozen=True, kw_only=True)
class Told:
    """A contact point, when messages to it began in that period, and whether they wake a person.

    What fires together in one group is one message. Milliseconds since the epoch, ascending.
    """

    contact_point: str
    wakes: bool
    times: tuple[int, ...]


def told(tree: Tree, rule: Rule, firings: Iterable[Firing], period: Period) -> tuple[Told, ...]:
    """Whoever is told, in the order of their names: those first who are woken by it."""
    spans = dict[tuple[str, bool], dict[Group, list[Span]]]()
    for one in firings:
        page = one.labels.get(labels.SEVERITY) == Severity.PAGE
        for heard in tree.heard(rule, one.labels):
            of = spans.setdefault((heard.contact_point, page and heard.wakes), {})
            of.setdefault(heard.group, []).append(one.span)
    found = (
        Told(
            contact_point=name,
            wakes=wakes,
            times=tuple(
                sorted(at for each in groups.values() for at in _begins(each) if at >= period.begin)
            ),
        )
        for (name, wakes), groups in spans.items()
    )
    return tuple(sorted(found, key=lambda one: (not one.wakes, one.contact_point)))


def _begins(spans: Iterable[Span]) -> Iterator[int]:
    """When a group that was empty had something that fires."""
    until: int | None = 0
    for span in sorted(spans, key=lambda one: one.begin):
        if until is None:
            return
        if span.begin > until:
            yield span.begin
        until = None if span.end is None else max(until, span.end)
