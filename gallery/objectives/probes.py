"""What probes answered, as recordings of objectives read it."""

from __future__ import annotations

from gallery.metrics import labels, promql
from gallery.metrics.durations import Duration
from gallery.metrics.recordings import StackSeries


def within(window: Duration) -> str:
    """A range that holds as many samples as fit into the window, whether or not its edge counts."""
    return str(Duration(window.milliseconds - 1))


def answers(stack: StackSeries, job: str) -> str:
    """What each target of a job answered to its last probe: 1, or 0.

    A probe that hangs is a scrape that fails.
    """
    chosen = promql.equals("job", job)
    known = stack.series("probe_success", chosen, window=promql.LAST_KNOWN)
    hanging = f"{stack.series('up', chosen)} == 0"
    return f"min {promql.BY_SERVICE} ({hanging} or last_over_time({known}))"


def blind(stack: StackSeries) -> str:
    """True for a stack whose prober does not even answer itself."""
    return f"max {promql.BY_STACK} ({answers(stack, labels.CANARY)}) == 0"
