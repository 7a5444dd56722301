"""What a host's metric was of late, alike whether some scrapes were missed or not.

An instant value ends with each missed scrape, and the hold of an alert with it.
"""

from __future__ import annotations

from gallery.alerts.guards import NODE
from gallery.alerts.model import Scope
from gallery.metrics import promql
from gallery.metrics.durations import MINUTE, Duration
from gallery.metrics.timings import Timings

# Of what is bad for more than half of five minutes.
_HALF = Duration.of(seconds=150)


def last(scope: Scope, metric: str, *matchers: str) -> str:
    """The last known value, for what does not move."""
    return f"last_over_time({scope.of_hosts(metric, NODE, *matchers, window=promql.LAST_KNOWN)})"


def median(scope: Scope, metric: str, *matchers: str) -> str:
    """The median of five minutes, for what moves: single good answers do not end it.

    A mean would hide nine bad minutes behind one very good one.
    """
    window = promql.LAST_KNOWN
    return f"quantile_over_time(0.5, {scope.of_hosts(metric, NODE, *matchers, window=window)})"


def share(scope: Scope, metric: str, *matchers: str) -> str:
    """The share of five minutes in which a metric of 0 and 1 was 1."""
    return f"avg_over_time({scope.of_hosts(metric, NODE, *matchers, window=promql.LAST_KNOWN)})"


def half(_: Timings) -> Duration:
    """X of what must be so for more than half of five minutes."""
    return _HALF


def whole(_: Timings) -> Duration:
    """X of what must be so for nearly all of five minutes."""
    return MINUTE * 5
