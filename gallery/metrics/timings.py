"""How often a stack looks, and the ways of failing that differ in when they are seen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gallery.metrics.durations import ZERO, Duration

# How often the collector asks EC2 for its hosts.
DISCOVERY = Duration.of(seconds=30)
# How long a query of Grafana's must go on failing before anybody is told: its route waits so long.
BROKEN_WAIT = Duration.of(seconds=60)
# How long no sample arrives after the collector's elected replica has died, before those of the
# other are taken: 24 to 51 s, measured on Cortex, AMP's code base. AWS says 30 s.
FAILOVER = Duration.of(seconds=60)


class FailureMode(StrEnum):
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

    def probe_time(self, scenario: FailureMode) -> Duration:
        """How long one probe takes before it is known to fail: nothing where the port refuses.

        Where it hangs, the scrape times out: the blackbox exporter's gRPC prober does not.
        """
        return self.probe_scrape_timeout if scenario is FailureMode.HANGING else ZERO

    @property
    def probe_scrape_timeout(self) -> Duration:
        """The blackbox exporter leaves half a second of the scrape timeout for the answer."""
        return self.probe_timeout + Duration.of(seconds=0.5)

    @property
    def window(self) -> Duration:
        """The shortest range that a rule may look over: four scrapes and a failover."""
        return self.scrape * 4 + FAILOVER
