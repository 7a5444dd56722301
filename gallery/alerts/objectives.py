"""Alerts on budgets: what was promised is being spent faster than it may be.

Windows and factors: `gallery/objectives/windows.py`.
"""

from __future__ import annotations

from gallery.alerts import panels
from gallery.alerts.bridges import APART
from gallery.alerts.model import Alert, Scope, Subject
from gallery.metrics.durations import MINUTE, Duration
from gallery.metrics.names import OBJECTIVE_BURN, OBJECTIVE_FAILED, OBJECTIVE_UNANSWERED
from gallery.metrics.timings import FailureMode, Timings
from gallery.objectives.windows import PAGE, TICKET, Pair, counted_over
from gallery.store.roles import RELIABILITY, Severity


def _burning(scope: Scope, pair: Pair) -> str:
    long, short = (scope.series(OBJECTIVE_BURN[window]) for window in (pair.long, pair.short))
    enough = scope.series(OBJECTIVE_FAILED[pair.long])
    return f"{long} > {pair.factor:g} and {short} > {pair.factor:g} and {enough}"


def _fast(scope: Scope) -> str:
    """Not what a page about an endpoint has said already, of what the objective needs.

    Not while that is down, nor until it has left the short window: what burns after that, burns
    for another reason.
    """

    def unsaid(pair: Pair) -> str:
        down = scope.series(OBJECTIVE_UNANSWERED, window=pair.short)
        return f"(({_burning(scope, pair)}) unless count_over_time({down}))"

    return " or ".join(map(unsaid, PAGE))


def _slowly(scope: Scope) -> str:
    return " or ".join(f"({_burning(scope, pair)})" for pair in TICKET)


def _leaves(pairs: tuple[Pair, ...], timings: Timings) -> Duration:
    """Until the last failure has left the longest of the short windows."""
    return max(Duration.parse(pair.short) for pair in pairs) + counted_over(timings)


OBJECTIVE_BURNING_FAST = Alert(
    name="ObjectiveBurningFast",
    subject=Subject.OBJECTIVE,
    expr=_fast,
    # By then a page about an endpoint is known, whatever the target.
    hold=MINUTE * 2,
    severity=Severity.PAGE,
    owner=RELIABILITY.name,
    summary="So much of what was promised is not kept that its budget is soon gone.",
    what="Too much of what is promised as {{ $labels.objective }} is not kept: its budget goes "
    "{{ $value | humanize }} times as fast as it may.",
    panel=panels.BURN,
    # Of the objective that takes longest to be seen missed.
    onset={FailureMode.CHANGED: counted_over},
    spending=PAGE[0],
    clearing=lambda timings: _leaves(PAGE, timings),
    keep_firing=APART,
    recorded=True,
)
OBJECTIVE_BURNING_SLOWLY = Alert(
    name="ObjectiveBurningSlowly",
    subject=Subject.OBJECTIVE,
    expr=_slowly,
    hold=MINUTE * 5,
    severity=Severity.TICKET,
    owner=RELIABILITY.name,
    summary="For hours or days more fails of what was promised than may.",
    what="For hours too much of what is promised as {{ $labels.objective }} is not kept: its "
    "budget goes {{ $value | humanize }} times as fast as it may.",
    panel=panels.BURN,
    onset={FailureMode.CHANGED: counted_over},
    spending=TICKET[0],
    clearing=lambda timings: _leaves(TICKET, timings),
    keep_firing=APART,
    recorded=True,
)
ALERTS = (OBJECTIVE_BURNING_FAST, OBJECTIVE_BURNING_SLOWLY)
