"""What fails and comes back, and fails again: too seldom well, and never long enough gone."""

from __future__ import annotations

from gallery.alerts.model import Scope
from gallery.metrics import promql
from gallery.metrics.durations import MINUTE

WINDOW = MINUTE * 10
# It failed, came back and failed again; a single outage is told by another alert. One that began
# before the window has changed once less by then.
_CHANGES = 2
# Scrapes by which a target may fail more often than what explains it.
TOLERANCE = 1.5


def answers(scope: Scope, job: str, *matchers: str) -> str:
    """What each target answered to its last probe. A probe that hangs is a failed one."""
    of = (promql.equals("job", job), *matchers)
    probe = f"{scope.series('probe_success', *of)} or {scope.series('up', *of)} == 0"
    return f"min without () ({probe})"


def comes_and_goes(scope: Scope, answered: str) -> str:
    """Where less than the threshold's share was well, and it failed more than once."""
    looked = _looked(scope, answered)
    return f"{share_well(looked)} < {scope.threshold:g} and {failed_again(looked)}"


def share_well(looked: str) -> str:
    """The share of a range of 0 and 1 that was 1.

    Of whole numbers: a mean of exactly the threshold would be below it or not by its rounding.
    """
    return f"sum_over_time({looked}) / count_over_time({looked})"


def failed_again(looked: str) -> str:
    """Of a range of 0 and 1, whether it was 0 more than once."""
    return f"changes({looked}) - last_over_time({looked}) >= {_CHANGES}"


def unless_like(scope: Scope, answered: str, *others: str) -> str:
    """What ends it: that the worst of the others, which explain it, failed as often."""
    more = TOLERANCE * scope.timings.scrape.seconds / WINDOW.seconds
    worst = " or ".join(f"avg_over_time({_looked(scope, other)})" for other in others)
    alike = (
        f"avg_over_time({_looked(scope, answered)}) >= {promql.ON_STACK} group_left ()"
        f" (min {promql.BY_STACK} ({worst}) - {more:g})"
    )
    return f" unless {promql.ON_SERVICE} ({alike})"


def _looked(scope: Scope, answered: str) -> str:
    return f"({answered})[{WINDOW}:{scope.timings.scrape}]"
