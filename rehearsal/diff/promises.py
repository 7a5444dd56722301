"""What customers are promised, before and now, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from rehearsal.diff.markdown import code, listed
from rehearsal.diff.tree import Tree
from rehearsal.stand_in.documents import Document

_DAY = 86_400


def promises(base: Tree, head: Tree) -> Iterator[str]:
    """Objectives that come, go, or promise something else."""
    before, now = base.objectives, head.objectives
    lines = [f"**removed** {_said(before[name])}" for name in sorted(before.keys() - now.keys())]
    lines += [f"**added** {_said(now[name])}" for name in sorted(now.keys() - before.keys())]
    lines += [
        f"**changed** {code(name)}: {'; '.join(words)}"
        for name in sorted(now.keys() & before.keys())
        if (words := [*_words(before[name], now[name])])
    ]
    if lines:
        yield listed(lines)


def _said(one: Document) -> str:
    return (
        f"{code(one['objective'])}: {code(_share(one))} of {code(one['counts'])} in {_days(one)}, "
        f"told to {code(one['owner'])}"
    )


def _words(before: Document, now: Document) -> Iterator[str]:
    for what, read in _PARTS.items():
        old, new = read(before), read(now)
        if old != new:
            yield f"{what} {code(old)} → {code(new)}"


def _share(one: Document) -> str:
    return f"{one['target'] * 100:.6g} %"


def _days(one: Document) -> str:
    return f"{one['window_seconds'] / _DAY:g} days"


def _agreed(one: Document) -> str:
    agreed = one["agreement"]
    return f"{agreed['target'] * 100:.6g} %: {agreed['owed']}" if agreed else ""


_PARTS: Mapping[str, Callable[[Document], str]] = {
    "target": _share,
    "window": _days,
    "told to": lambda one: one["owner"],
    "promises": lambda one: one["promise"],
    "counts": lambda one: one["counts"],
    "agreed on": _agreed,
}
