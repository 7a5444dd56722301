"""What an objective is."""

from __future__ import annotations

from dataclasses import dataclass

from gallery.metrics.durations import Duration
from gallery.objectives.indicators import Indicator


@dataclass(frozen=True, kw_only=True)
class Floors:
    """How many failures and events a long window must have before anybody is told."""

    failures: int = 10
    requests: int = 0


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """Of the same events the share `target` was agreed with somebody, to whom `owed` is due.

    `target` is below the objective's: what is told for that is told before this is missed. `owed`
    says in one sentence what is due once it was.
    """

    target: float
    owed: str

    @property
    def budget(self) -> float:
        """The share of events that may fail; rounded as the objective's."""
        return round(1 - self.target, 9)


@dataclass(frozen=True, kw_only=True)
class Objective:
    """Of the events that the indicator counts the share `target` is good, over `window`.

    `promise` says in one sentence what customers get. `target` is above 0 and below 1; `owner` is
    the role that is told of it.
    """

    name: str
    promise: str
    indicator: Indicator
    target: float
    window: Duration
    floors: Floors
    owner: str
    agreement: Agreement | None = None

    @property
    def service(self) -> str:
        """The service whose customers notice, by which the objective is told."""
        return self.indicator.service

    @property
    def budget(self) -> float:
        """The share of events that may fail; rounded, since 1 - 0.995 is not 0.005."""
        return round(1 - self.target, 9)
