"""What an objective is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gallery.metrics.durations import Duration


class Reporter(StrEnum):
    """Whose proxy tells of a request. The value is that of Istio's label `reporter`.

    Callers also know of a server that could not be reached, and count a request once however often
    it was tried; but before the first service of the mesh no caller has a proxy.
    """

    CALLERS = "source"
    SERVER = "destination"


@dataclass(frozen=True, kw_only=True)
class Floors:
    """How many failures and requests a long window must have before anybody is told."""

    failures: int = 10
    requests: int = 0


@dataclass(frozen=True, kw_only=True)
class Objective:
    """Of the requests to a service, the share `target` is answered, over `window`.

    `promise` says in one sentence what customers get. `target` is above 0 and below 1.
    """

    service: str
    promise: str
    target: float
    window: Duration
    seen_by: Reporter
    floors: Floors

    @property
    def budget(self) -> float:
        """The share of requests that may fail; rounded, since 1 - 0.995 is not 0.005."""
        return round(1 - self.target, 9)
