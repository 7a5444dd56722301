"""What a reviewer is shown, the gravest first. A section in which nothing changed is empty."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from rehearsal.diff import fields, openings
from rehearsal.diff.markdown import code, codes, fenced, folded, listed, table
from rehearsal.diff.promises import promises
from rehearsal.diff.tree import Rule, Tree
from rehearsal.diff.volume import volume
from rehearsal.machine.screen import duration
from rehearsal.stand_in.documents import Document

# Where a long expression is broken, so that a line of the comparison is one thought.
_BREAK = re.compile(r" (?=(?:and|or|unless) )")
_EXPRESSION = "the expression"
# Whose changes lead a message to somebody else. A contact point that comes or goes does so with
# the policy, which the table has.
_RECEIVERS = {"ContactPoint": {"changed"}, "TopicSubscription": {"added", "removed", "changed"}}
# What is deleted after so many days, and what that is of.
_KEPT = {"retentionPeriodInDays": "metrics", "retentionInDays": "logs"}
# So many fields of one resource are named.
_FEW = 10


@dataclass(frozen=True, kw_only=True)
class Section:
    """A title, and what stands below it, the most important first."""

    title: str
    blocks: tuple[str, ...]


def sections(base: Tree, head: Tree) -> tuple[Section, ...]:
    """Every section in which something changed."""
    done = changes(base, head)
    every = (
        Section(title="Nobody is told any more", blocks=tuple(_unheard(base, head))),
        Section(title="Who is told", blocks=tuple(_told(base, head, done))),
        Section(title="Alerts", blocks=tuple(_alerts(base, head))),
        Section(title="Objectives", blocks=tuple(promises(base, head))),
        Section(title="What holds data", blocks=tuple(_data(base, head))),
        Section(title="What opens, and what closes", blocks=tuple(_openings(base, head))),
        Section(title="Series, and what they cost", blocks=tuple(volume(base, head))),
        Section(title="Resources", blocks=tuple(_resources(done))),
        Section(title="Expressions", blocks=tuple(_expressions(base, head))),
    )
    return tuple(section for section in every if section.blocks)


def _unheard(base: Tree, head: Tree) -> Iterator[str]:
    """Alerts and owners whose last contact point is gone."""
    lines = [
        f"**{code(now.name)}** ({code(now.severity)}) of {code(owner)} reaches nobody; "
        f"before: {codes(heard)}"
        for before, now in _in_both(base, head)
        for owner, heard in before.told.items()
        if heard and owner in now.told and not now.told[owner]
    ]
    if lines:
        yield listed(lines)


def _told(base: Tree, head: Tree, done: Sequence[Change]) -> Iterator[str]:
    rows = [
        (code(now.name), code(now.severity), code(owner), codes(heard), codes(hears))
        for before, now in _in_both(base, head)
        for owner in sorted({*before.told, *now.told})
        for heard, hears in [(before.told.get(owner, ()), now.told.get(owner, ()))]
        if heard != hears
    ]
    if rows:
        yield table(("alert", "severity", "owner", "told before", "told now"), rows)
    # A contact point of the same name may lead to somebody else.
    lines = [
        f"{one.what} {one.text()}"
        for one in done
        if one.kind in _RECEIVERS and one.what in _RECEIVERS[one.kind]
    ]
    if lines:
        yield listed(lines)


def _alerts(base: Tree, head: Tree) -> Iterator[str]:
    gone, new = base.rules.keys() - head.rules.keys(), head.rules.keys() - base.rules.keys()
    lines = [f"**removed** {_rule(base.rules[name])}" for name in sorted(gone)]
    lines += [f"**added** {_rule(head.rules[name])}" for name in sorted(new)]
    changed = {now.name: [*_words(before, now)] for before, now in _in_both(base, head)}
    alone = [name for name, words in changed.items() if words == [_EXPRESSION]]
    lines += [
        f"**changed** {code(name)}: {'; '.join(words)}"
        for name, words in changed.items()
        if words and name not in alone
    ]
    if alone:
        lines.append(f"**changed**, {_EXPRESSION} alone: {codes(alone)}")
    if lines:
        yield listed(lines)


def _in_both(base: Tree, head: Tree) -> Iterator[tuple[Rule, Rule]]:
    for name, rule in head.rules.items():
        if name in base.rules:
            yield base.rules[name], rule


def _expressions(base: Tree, head: Tree) -> Iterator[str]:
    for before, now in _in_both(base, head):
        if before.expr != now.expr:
            yield folded(now.name, _EXPRESSION, _compared(before.expr, now.expr))


def _rule(rule: Rule) -> str:
    within = "" if rule.page_seconds is None else f", within {duration(rule.page_seconds)}"
    return (
        f"{code(rule.name)} ({code(rule.severity)}): told to "
        f"{codes(sorted(rule.contact_points))}{within}"
    )


def _words(before: Rule, now: Rule) -> Iterator[str]:
    """What changed in a rule, in words."""
    if before.severity != now.severity:
        yield f"severity {code(before.severity)} → {code(now.severity)}"
    if before.told.keys() != now.told.keys():
        yield f"owner {codes(sorted(before.told))} → {codes(sorted(now.told))}"
    if before.hold != now.hold:
        yield f"hold {code(before.hold)} → {code(now.hold)}"
    if before.keep_firing != now.keep_firing:
        yield f"keeps firing for {code(before.keep_firing)} → {code(now.keep_firing)}"
    if before.page_seconds != now.page_seconds:
        yield f"told within {_seconds(before.page_seconds)} → {_seconds(now.page_seconds)}"
    if before.expr != now.expr:
        yield _EXPRESSION


def _seconds(value: float | None) -> str:
    return "no stated bound" if value is None else duration(value)


def _compared(before: str, now: str) -> str:
    old, new = _BREAK.split(before), _BREAK.split(now)
    lines = [*difflib.unified_diff(old, new, lineterm="", n=1)][2:]
    return fenced(lines, "diff")


def _data(base: Tree, head: Tree) -> Iterator[str]:
    """What was protected because it holds data, and what is deleted sooner."""
    lines = [line for urn, one in base.resources.items() for line in _lost(one, head, urn)]
    if lines:
        yield listed(lines)


def _lost(before: Document, head: Tree, urn: str) -> Iterator[str]:
    now, protected = head.resources.get(urn), before["options"].get("protect")
    if now is None:
        if protected:
            yield (
                f"**{_named(before)} is gone**: the engine refuses to delete what is protected, "
                "or its data is lost. A name that changed is a new resource without the data"
            )
        return
    if protected and not now["options"].get("protect"):
        yield f"**{_named(before)} is no longer protected**"
    found = [*fields.changed(before["inputs"], now["inputs"])]
    if protected and found:
        yield (
            f"{_named(before)} changes: {_few(found, now)}. See in `pulumi preview` that it is "
            "not replaced"
        )
    for each in found:
        if each.path in _KEPT and each.now is not None and each.now < (each.before or math.inf):
            what = f"{_KEPT[each.path]} of {_named(before)}"
            yield f"**{what} are kept for {each.now} days**, before {each.before or 'for ever'}"


def _named(resource: Document) -> str:
    return f"{code(resource['name'])} ({code(_kind(resource['type']))})"


def _kind(token: str) -> str:
    """A type's last word, as `NetworkPolicy`."""
    return token.rpartition(":")[2]


def _openings(base: Tree, head: Tree) -> Iterator[str]:
    allowed, allows = _sentences(base, openings.leaves), _sentences(head, openings.leaves)
    barred, bars = _sentences(base, openings.bars), _sentences(head, openings.bars)
    opened = [f"no longer so: {code(bar)}" for bar in sorted(barred - bars)]
    opened += [f"now so: {code(leave)}" for leave in sorted(allows - allowed)]
    if opened:
        yield listed(f"**opens**, {words}" for words in opened)
    # Where a bar is gone, everything is let through, and a leave that went with it closes nothing.
    unguarded = {openings.area(bar) for bar in barred - bars}
    closed = [f"now so: {code(bar)}" for bar in sorted(bars - barred)]
    closed += [
        f"no longer so: {code(leave)}"
        for leave in sorted(allowed - allows)
        if openings.area(leave) not in unguarded
    ]
    if closed:
        yield listed(f"closes, {words}" for words in closed)


def _sentences(tree: Tree, read: Callable[[Document], frozenset[str]]) -> frozenset[str]:
    return frozenset(one for each in tree.resources.values() for one in read(each))


@dataclass(frozen=True, kw_only=True, order=True)
class Change:
    """What was done to a resource: `what` is added, removed or changed."""

    kind: str
    name: str
    what: str
    fields: str

    def text(self) -> str:
        """In one line."""
        return f"{code(self.name)}{f': {self.fields}' if self.fields else ''}"


def changes(base: Tree, head: Tree) -> tuple[Change, ...]:
    """Every resource that is not as before, by kind and name."""
    return tuple(sorted(_changes(base, head)))


def _changes(base: Tree, head: Tree) -> Iterator[Change]:
    for urn in {*base.resources, *head.resources}:
        before, now = base.resources.get(urn), head.resources.get(urn)
        one: Document = now or before or {}
        kind, name = _kind(one["type"]), one["name"]
        if before is None:
            yield Change(kind=kind, name=name, what="added", fields="")
        elif now is None:
            yield Change(kind=kind, name=name, what="removed", fields="")
        elif found := [
            *fields.changed(before["inputs"], now["inputs"]),
            *fields.changed(before["options"], now["options"], "options"),
        ]:
            yield Change(kind=kind, name=name, what="changed", fields=_few(found, now))


def _few(found: Sequence[fields.Field], resource: Document) -> str:
    more = len(found) - _FEW
    texts = [each.text(resource["secrets"]) for each in found[:_FEW]]
    return ", ".join(texts) + (f" and {more} more" if more > 0 else "")


def _resources(done: Sequence[Change]) -> Iterator[str]:
    """By kind, with the fields that changed."""
    by_kind = {kind: [*ours] for kind, ours in groupby(done, key=lambda one: one.kind)}
    if not by_kind:
        return
    rows = [
        (code(kind), *(_count(ours, what) for what in ("added", "removed", "changed")))
        for kind, ours in by_kind.items()
    ]
    yield table(("kind", "added", "removed", "changed"), rows)
    for kind, ours in by_kind.items():
        yield folded(kind, str(len(ours)), listed(f"{one.what} {one.text()}" for one in ours))


def _count(found: Iterable[Change], what: str) -> str:
    return str(sum(one.what == what for one in found) or "")
