"""How a condition is told of that is seen with gaps, or that comes and goes.

Figures and what was decided: `docs/adr/0021-gaps-and-flapping.md`.
"""

from __future__ import annotations

from gallery.alerts.model import Scope
from gallery.metrics.durations import MINUTE, Duration

# Nobody is paged twice within this time for one thing.
APART = MINUTE * 10
# Looks of which two must be bad, so that a single good answer ends nothing.
_LOOKS, _BAD = 3, 2


def looks(scope: Scope, count: int) -> str:
    """The range of a subquery that holds so many looks, one at each scrape.

    A millisecond short of one more, so that it does not matter whether a range holds its left
    edge.
    """
    scrape = scope.timings.scrape
    return f"{Duration(count * scrape.milliseconds - 1)}:{scrape}"


def mostly(scope: Scope, bad: str) -> str:
    """Where two of the last three looks were bad; `bad` has a value where one was, else none."""
    return f"{_times(bad, looks(scope, _LOOKS))} >= {_BAD}"


def lately(scope: Scope, missing: str) -> str:
    """The most that was missing at any of the last three looks."""
    return f"max_over_time(({missing})[{looks(scope, _LOOKS)}])"


def once(scope: Scope, condition: str) -> str:
    """The condition, but not where it was told and was over within the last ten minutes.

    Told is what held for as long as the hold.
    """
    held = scope.hold.ceil_to(scope.evaluate)
    count = held.milliseconds // scope.timings.scrape.milliseconds + 1
    told = f"{_times(condition, looks(scope, count))} >= bool {count}"
    if count == 1:
        # Over with the look that told it, and the one after must say so.
        told = f"{told} or 0 * {_times(condition, looks(scope, 2))}"
    return f"({condition}) unless resets(({told})[{APART}:{scope.timings.scrape}]) > 0"


def _times(condition: str, within: str) -> str:
    """At how many looks the condition held. Only of what it held at one: well things cost nothing.

    By its labels alone: of several metrics each may say it.
    """
    return f"count_over_time((0 * ({condition}))[{within}])"
