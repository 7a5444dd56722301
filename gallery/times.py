"""The worst time from a fault to a delivered page, and from the mend to its resolve.

The formula and its measurement: `docs/adr/0002-time-to-page.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gallery.durations import Duration

ZERO = Duration(0)
# How often the collector asks EC2 for its hosts.
DISCOVERY = Duration.of(seconds=30)
# How long a query of Grafana's must go on failing before anybody is told: its route waits so long.
BROKEN_WAIT = Duration.of(seconds=60)


class Scenario(StrEnum):
    """How a thing fails, as far as it changes how soon that can be seen."""

    REFUSED = "refused"
    HANGING = "hanging"
    GONE = "gone"
    CHANGED = "changed"


@dataclass(frozen=True, kw_only=True)
class Timings:
    """The intervals of a stack. `evaluate` is that of the engine that pages.

    `probe_timeout` is the blackbox module's. A scrape times out after `probe_scrape_timeout`
    where it probes, otherwise after the scrape interval.
    """

    scrape: Duration
    probe_timeout: Duration
    remote_write_deadline: Duration
    evaluate: Duration
    evaluate_amp: Duration
    group_wait: Duration
    group_interval: Duration
    discovery: Duration = DISCOVERY

    def probe_time(self, scenario: Scenario) -> Duration:
        """How long one probe takes before it is known to fail: nothing where the port refuses.

        Where it hangs, the scrape times out: the blackbox exporter's gRPC prober does not.
        """
        return self.probe_scrape_timeout if scenario is Scenario.HANGING else ZERO

    @property
    def probe_scrape_timeout(self) -> Duration:
        """The blackbox exporter leaves half a second of the scrape timeout for the answer."""
        return self.probe_timeout + Duration.of(seconds=0.5)

    @property
    def window(self) -> Duration:
        """The shortest range a rate may look over: four scrapes, and at least a minute."""
        return max(self.scrape * 4, Duration.of(seconds=60))


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
    scenario: Scenario
    assumptions: str
    page: Duration
    resolve: Duration


def bound(
    *,
    alert: str,
    scenario: Scenario,
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
