"""What excuses a budget: an outage that is paged already, of what an objective cannot do without.

The rule: `docs/adr/0038-objectives.md`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gallery.metrics import labels, names, promql
from gallery.metrics.durations import Duration
from gallery.metrics.recordings import Recording, StackSeries
from gallery.metrics.timings import Timings
from gallery.objectives.probes import answers, blind, within

_BY_NEEDED = promql.on((*labels.STACK, labels.NEEDS))
# Of so many looks so many must be bad where a single good answer ends no page.
_LOOKS, _BAD = 3, 2


@dataclass(frozen=True, kw_only=True)
class Paged:
    """How long a target of a probe job must not answer before a page says that it is down.

    `bridged`: a single good answer among bad ones does not end it.
    """

    job: str
    hold: Duration
    bridged: bool


def unanswered(
    stack: StackSeries, timings: Timings, paged: tuple[Paged, ...]
) -> Iterator[Recording]:
    """Of each objective how many of those it needs do not answer, where that was paged.

    As those pages hold it, at some time since the last evaluation; and not while the prober does
    not even answer itself. Nothing where no page would tell.
    """
    if not paged:
        return
    looks = f"[{timings.window}:{timings.scrape}]"
    lately = " or ".join(
        f"count_over_time(({_down(stack, timings.scrape, each)}){looks})" for each in paged
    )
    named = promql.named(f"(({lately}) unless {promql.ON_STACK} ({blind(stack)}))", labels.NEEDS)
    needed = stack.series(names.OBJECTIVE_NEEDS)
    yield Recording(
        record=names.OBJECTIVE_UNANSWERED,
        expr=f"count {promql.BY_OBJECTIVE} ({needed} and {_BY_NEEDED} {named})",
    )


def _down(stack: StackSeries, scrape: Duration, paged: Paged) -> str:
    held = within(paged.hold.ceil_to(scrape) + scrape)
    return f"max_over_time(({_well(stack, scrape, paged)})[{held}:{scrape}]) == 0"


def _well(stack: StackSeries, scrape: Duration, paged: Paged) -> str:
    """Whether each target of the job is well: 1, or 0."""
    known = answers(stack, paged.job)
    if not paged.bridged:
        return known
    bad = f"count_over_time((({known}) == 0)[{within(scrape * _LOOKS)}:{scrape}])"
    return f"({bad} < bool {_BAD}) or {known}"
