"""What rules would have done: when each fired, and of what it had no data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gallery.metrics.durations import Duration
from rehearsal.backtest.blocks import Store
from rehearsal.backtest.data import Data, Gap, Samples
from rehearsal.backtest.past import Firing, Period, evaluated, recorded
from rehearsal.backtest.recordings import behind, in_order, read_by
from rehearsal.backtest.source import Blocks, Source
from rehearsal.diff.tree import Rule, Tree

Progress = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Past:
    """Who has it, and how much of it is asked about."""

    source: Source | Blocks
    period: Period
    progress: Progress


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What a rule did. `why_not` is set where it could not be judged: it is not known to be quiet.

    `recorded` is what it reads and what was recorded for this occasion.
    """

    rule: Rule
    firings: tuple[Firing, ...] = ()
    data: Data = field(default_factory=Data)
    recorded: tuple[str, ...] = ()
    why_not: str | None = None


def judged(
    past: Past, tree: Tree, rules: Iterable[Rule], changed: frozenset[str]
) -> Mapping[str, Judged]:
    """Each rule of the tree by its name. `changed` is what the source has recorded otherwise.

    Raises UserError.
    """
    asked = tuple(rules)
    if not asked:
        return {}
    with past.source.opened() as (queries, store):
        if store is None:
            known = Samples(queries=queries, period=past.period)
            found = [*_each(past, known, asked, unrecorded=changed)]
        else:
            recorded_anew = _record(past, store, tree, asked, changed)
            known = Samples(queries=queries, period=past.period)
            found = [*_each(past, known, asked, recorded_anew=recorded_anew)]
        return {one.rule.name: one for one in found}


def _record(
    past: Past, store: Store, tree: Tree, rules: Iterable[Rule], changed: frozenset[str]
) -> frozenset[str]:
    """Write what was recorded otherwise, or not at all, as the tree would have it; their names.

    What is recorded no more is forgotten.
    """
    for name in changed - tree.recordings.keys():
        store.forget(name)
    known = Samples(queries=store.queries, period=past.period)
    needed = behind(rules, tree.recordings)
    missing = frozenset(name for name in needed if name in changed or not known.of(name))
    for step in in_order(missing, tree.recordings):
        for name in sorted(step):
            past.progress(f"records {name}")
            store.forget(name)
            for recording in tree.recordings[name]:
                # From as long before the period on as it is read.
                grid = past.period.grid(Duration.parse(recording.interval), needed[name])
                store.add(recorded(store.queries, recording, grid))
        store.restart()
    return missing


def _each(
    past: Past,
    known: Samples,
    rules: Iterable[Rule],
    *,
    unrecorded: frozenset[str] = frozenset(),
    recorded_anew: frozenset[str] = frozenset(),
) -> Iterator[Judged]:
    nothing = (Gap(begin=past.period.begin, end=past.period.end),)
    for rule in rules:
        past.progress(f"evaluates {rule.name}")
        if needs := sorted(unrecorded & read_by([rule])):
            yield Judged(rule=rule, why_not=_unrecorded(needs))
            continue
        data = known.for_rule(rule.expr)
        yield Judged(
            rule=rule,
            firings=() if data.gaps == nothing else evaluated(known.queries, rule, past.period),
            data=data,
            recorded=tuple(sorted(recorded_anew & read_by([rule]))),
            why_not=_no_samples(data.without) if data.gaps == nothing else None,
        )


def _unrecorded(names: Iterable[str]) -> str:
    return (
        f"it reads {', '.join(names)}, which was recorded otherwise there, or not at all; give a "
        "copy of that Prometheus' data by --blocks, in which it can be recorded"
    )


def _no_samples(metrics: Sequence[str]) -> str:
    absent = f"there is none of {', '.join(metrics)}" if metrics else "there never were all at once"
    return f"without samples of what it needs it cannot fire, and {absent}"
