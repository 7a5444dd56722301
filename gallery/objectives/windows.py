"""Over which windows a budget is looked at, and how fast it may go in each before it is told.

A factor is the share of the budget that is spent, times the whole window, by the long window. The
short one ends the alert soon after what it tells of is over. Source: Google, "The Site Reliability
Workbook", chapter 5.
"""

from __future__ import annotations

from dataclasses import dataclass

from gallery.metrics.durations import Duration
from gallery.metrics.timings import Timings

WINDOW = Duration.parse("30d")
# How often what a whole window is summed up from is recorded: every range then has as many samples
# as promtool and AMP read of one series.
COUNTED_EVERY = Duration.parse("5m")


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A budget that goes `factor` times as fast as it may, over both windows."""

    long: str
    short: str
    factor: float

    def spent(self, budget: float) -> Duration:
        """How long everything must fail until so much of a budget is spent over the long window.

        `budget` is the share that may fail; the traffic is the same all the time.
        """
        return Duration.of(seconds=self.factor * budget * Duration.parse(self.long).seconds)

    def passed(self, burn: float, well: Duration) -> Duration:
        """How long a budget goes so many times as fast as it may until both windows are passed.

        `burn` is above the factor. Before it all was `well` for so long, and nothing was known
        before that: a window holds no more than there was.
        """

        def over(window: Duration) -> float:
            young = self.factor * well.seconds / (burn - self.factor)
            whole = self.factor * window.seconds / burn
            return young if young + well.seconds <= window.seconds else whole

        windows = (Duration.parse(self.long), Duration.parse(self.short))
        return Duration.of(seconds=max(map(over, windows)))


# 2 % of the budget in an hour, 5 % in six.
PAGE = (Pair(long="1h", short="5m", factor=14.4), Pair(long="6h", short="30m", factor=6))
# 10 % in a day, 10 % in three.
TICKET = (Pair(long="1d", short="2h", factor=3), Pair(long="3d", short="6h", factor=1))


# Evaluations that each request is counted in.
_COUNTED_IN = 5


def counted_over(timings: Timings) -> Duration:
    """The window of the rates that are summed up: a whole number of evaluations.

    Windows that only touch would lose what falls between the last sample of one and the first of
    the next. Of these each request is lost to one at most, and the others count a bit more.
    """
    return max(timings.evaluate_amp * _COUNTED_IN, timings.window).ceil_to(timings.evaluate_amp)
