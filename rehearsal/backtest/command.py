"""The command: reads two trees, asks a source, and tells."""

from __future__ import annotations

import time
from pathlib import Path

from gallery.metrics.durations import Duration
from offline.errors import UserError
from rehearsal.backtest.comparison import Comparison, compared
from rehearsal.backtest.expressions import LOOKBACK
from rehearsal.backtest.judged import Past, Progress
from rehearsal.backtest.past import Period
from rehearsal.backtest.source import Blocks, Source
from rehearsal.diff.tree import Tree, read

_MINUTE = 60


def backtest(
    rules: Path,
    against: Path | None,
    *,
    prometheus: str | None,
    amp: str | None,
    blocks: Path | None,
    since: str,
    progress: Progress,
) -> Comparison:
    """Judge the rules of a tree, up to the minute that has just begun. Raises UserError."""
    period = _period(since)
    head = read(rules)
    base = None if against is None else read(against)
    source = _source(head, prometheus=prometheus, amp=amp, blocks=blocks)
    return compared(head, base, Past(source=source, period=period, progress=progress))


def _source(
    head: Tree, *, prometheus: str | None, amp: str | None, blocks: Path | None
) -> Source | Blocks:
    named = {"--prometheus": prometheus, "--amp": amp, "--blocks": blocks}
    given = [option for option, value in named.items() if value is not None]
    if len(given) != 1:
        raise UserError(
            f"the past is taken from one place, and {' and '.join(given) or 'none'} was given; "
            f"give one of {', '.join(named)}"
        )
    if blocks is not None:
        return Blocks(name=str(blocks), directory=blocks)
    # Whoever has the past on this machine asks no AWS, and botocore takes its time.
    from rehearsal.backtest.remote import RemoteQueries, workspace  # noqa: PLC0415

    if amp is not None:
        return Source(name=amp, queries=workspace(amp, head.region))
    return Source(name=str(prometheus), queries=RemoteQueries(str(prometheus)))


def _period(since: str) -> Period:
    try:
        length = Duration.parse(since)
    except ValueError as fault:
        raise UserError(f"--since: {fault}") from None
    if length < LOOKBACK + LOOKBACK:
        raise UserError(
            f"--since is {since}, within which nothing can be told; ask for {LOOKBACK + LOOKBACK} "
            "or more, as 30d"
        )
    end = int(time.time()) // _MINUTE * _MINUTE * 1000
    return Period(begin=end - length.milliseconds, end=end)
