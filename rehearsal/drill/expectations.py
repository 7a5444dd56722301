"""What a scenario expects of alerts: must come within a bound, may come, all else is forbidden."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Expected(StrEnum):
    """What a scenario makes of a delivery. Forbidden is whatever is neither of the others."""

    MUST = "must"
    MAY = "may"
    FORBIDDEN = "forbidden"


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """One alert at its contact points.

    It is about the label set that carries all of `labels`. `page_seconds` is the worst time from
    the fault to the delivery, `resolve_seconds` that from the mend to the resolve, None where no
    resolve is sent. `hold_seconds` is how long it is pending at least before it fires. `since` is
    the fault's time in seconds since the epoch.
    """

    expected: Expected
    alert: str
    labels: Mapping[str, str]
    contact_points: frozenset[str]
    page_seconds: float
    resolve_seconds: float | None
    hold_seconds: float = 0.0
    since: float = 0.0

    @property
    def due(self) -> float:
        """When it must have been delivered, in seconds since the epoch."""
        return self.since + self.page_seconds

    def about(self, alert: str, labels: Mapping[str, str]) -> bool:
        """Whether it speaks of this alert."""
        return alert == self.alert and self.labels.items() <= labels.items()
