"""The worst time from a error to a delivered page, and from the mend to its resolve.

The formula and its measurement: `docs/adr/0002-time-to-page.md`.
"""

from __future__ import annotations

from dataclasses import dataclass

from gallery.metrics.durations import Duration
from gallery.metrics.timings import FailureMode, Timings


@dataclass(frozen=True, kw_only=True)
class Assumptions:
    """What nobody can compute.

    `total` is store visibility and rule query offset (I), evaluation (e) and delivery (D).
    """

    name: str
    total: Duration


# Measured on the rehearsal: Alertmanager and a webhook take 10 ms, an evaluation as much.
REHEARSED = Assumptions(name="rehearsal, measured", total=Duration.of(seconds=1))
# Nobody has measured the managed services for this project; these are assumptions.
MANAGED = Assumptions(name="managed services, assumed", total=Duration.of(seconds=10))


@dataclass(frozen=True, kw_only=True)
class Bound:
    """Worst times in seconds for one alert in one scenario."""

    alert: str
    scenario: FailureMode
    assumptions: str
    page: Duration
    resolve: Duration


def bound(
    *,
    alert: str,
    scenario: FailureMode,
    timings: Timings,
    evaluate: Duration,
    onset: Duration,
    clearing: Duration,
    hold: Duration,
    keep_firing: Duration,
    assumptions: Assumptions,
) -> Bound:
    """`S + P + X + W + I + E + ceil(H/E)*E + e + G + D`, and the like for the resolve.

    `onset` (X) is how long a windowed expression takes to become true in this scenario,
    `clearing` how long it takes to become false after the mend. G is the longer of group wait
    and group interval, because group wait alone only holds for a brand-new group.
    """
    seen = (
        timings.scrape
        + timings.probe_time(scenario)
        + timings.remote_write_deadline
        + evaluate
        + assumptions.total
    )
    return Bound(
        alert=alert,
        scenario=scenario,
        assumptions=assumptions.name,
        page=seen
        + onset
        + hold.ceil_to(evaluate)
        + max(timings.group_wait, timings.group_interval),
        resolve=seen + clearing + keep_firing.ceil_to(evaluate) + timings.group_interval,
    )
