"""What a case is: the series of a story, and which alerts fire in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gallery.alerts.model import Alert, Labels, Scope
from gallery.metrics.durations import ZERO, Duration

_TEN_SECONDS = Duration.of(seconds=10)


@dataclass(frozen=True, kw_only=True)
class Phase:
    """Samples of a case: from `start` by `step` at each sample; None is no sample at all.

    `marked` begins a time without samples by a staleness marker.
    """

    start: float | None
    step: float
    length: Duration
    marked: bool = False


def flat(value: float, length: Duration) -> Phase:
    """The same value for so long."""
    return Phase(start=value, step=0, length=length)


def ramp(start: float, *, per_sample: float, length: Duration) -> Phase:
    """A value that changes by so much at each sample."""
    return Phase(start=start, step=per_sample, length=length)


def unwritten(length: Duration) -> Phase:
    """No sample for so long and nobody to say so: the collector itself is silent."""
    return Phase(start=None, step=0, length=length)


def gone(length: Duration) -> Phase:
    """A staleness marker, then no sample: the scrape failed or the target left discovery."""
    return Phase(start=None, step=0, length=length, marked=True)


@dataclass(frozen=True, kw_only=True)
class Series:
    """One input series of a case."""

    metric: str
    labels: Labels
    phases: tuple[Phase, ...]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One story and what the alert makes of it.

    With `fires_at`, exactly the alerts of `fires` (label sets without the rule's own labels)
    fire at that time. Without, nothing fires at any step until `until`.
    """

    name: str
    series: tuple[Series, ...]
    fires_at: Duration | None = None
    fires: tuple[Labels, ...] = ()
    until: Duration = ZERO
    interval: Duration = _TEN_SECONDS


# Of each alert, what proves it.
Cases = Mapping[Alert, Callable[[Scope], tuple[Case, ...]]]
