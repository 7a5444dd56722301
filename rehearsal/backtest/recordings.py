"""Which recordings rules read, which of them are not as they were, and in which order they go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gallery.metrics.durations import ZERO, Duration
from rehearsal.backtest.expressions import reads
from rehearsal.diff.tree import Recording, Rule, Tree

_Recordings = Mapping[str, tuple[Recording, ...]]


def changed(base: Tree, head: Tree) -> frozenset[str]:
    """The names of what is recorded otherwise than in `base`, no more, or read from such."""
    found = {
        name
        for name in {*base.recordings, *head.recordings}
        if base.recordings.get(name) != head.recordings.get(name)
    }
    while more := {
        name for name in head.recordings.keys() - found if found & read_by(head.recordings[name])
    }:
        found |= more
    return frozenset(found)


def read_by(rules: Iterable[Recording | Rule]) -> frozenset[str]:
    """The metrics that rules read themselves."""
    return frozenset(name for rule in rules for name in reads(rule.expr))


def behind(rules: Iterable[Rule], recordings: _Recordings) -> Mapping[str, Duration]:
    """What is recorded that rules read, also by way of others: how far back they need it."""
    found = dict[str, Duration]()
    ahead = [
        (name, Duration.parse(rule.hold) + Duration.parse(rule.keep_firing) + back)
        for rule in rules
        for name, back in reads(rule.expr).items()
    ]
    while ahead:
        name, back = ahead.pop()
        if name in recordings and back > found.get(name, ZERO):
            found[name] = back
            ahead += [
                (other, back + further)
                for recording in recordings[name]
                for other, further in reads(recording.expr).items()
            ]
    return found


def in_order(names: Iterable[str], recordings: _Recordings) -> tuple[frozenset[str], ...]:
    """Names in steps: what one step reads of these names stands in those before it."""
    left, steps = frozenset(names), list[frozenset[str]]()
    while left:
        step = frozenset(name for name in left if not left & read_by(recordings[name]) - {name})
        # What reads each other in a circle is recorded from whatever there is.
        step = step or left
        steps.append(step)
        left -= step
    return tuple(steps)
