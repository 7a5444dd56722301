"""The series of a case sample by sample, so that what a scrape missed can be taken out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby
from typing import Final, Literal

from gallery.alerts.cases.model import Phase, Series, flat, gone, unwritten
from gallery.metrics.durations import Duration

STALE: Final = "stale"
# A value, the marker that a scrape failed, or nothing at all.
Sample = float | Literal["stale"] | None


@dataclass(frozen=True, kw_only=True)
class Sampled:
    """One series of a case with a sample for each step from the beginning."""

    series: Series
    samples: tuple[Sample, ...]

    @property
    def job(self) -> str | None:
        """The job that scrapes it; None for what rules record."""
        return self.series.labels.get("job")

    def told(self, step: Duration) -> Series:
        """The same in phases."""
        return Series(
            metric=self.series.metric,
            labels=self.series.labels,
            phases=tuple(_phases(self.samples, step)),
        )


def sampled(series: Series, interval: Duration, step: Duration, count: int) -> Sampled:
    """A series that is told at `interval`, at each `step`; its last phase goes on."""
    lengths = [phase.length.milliseconds // interval.milliseconds for phase in series.phases]
    begins = [0, *accumulate(lengths)]
    # Phases that are shorter than a sample have none.
    spans = [
        (begin * interval.milliseconds, phase)
        for begin, phase, length in zip(begins[:-1], series.phases, lengths, strict=True)
        if length
    ]
    found = list[Sample]()
    last: Phase | None = None
    for number in range(count):
        at = number * step.milliseconds
        begin, phase = [span for span in spans if span[0] <= at][-1]
        found.append(_sample(phase, (at - begin) / interval.milliseconds, first=phase is not last))
        last = phase
    return Sampled(series=series, samples=tuple(found))


def _sample(phase: Phase, steps: float, *, first: bool) -> Sample:
    if phase.start is not None:
        return phase.start + phase.step * steps
    return STALE if phase.marked and first else None


def _phases(samples: Sequence[Sample], step: Duration) -> Iterator[Phase]:
    # A marker and the nothing after it are one phase.
    for value, group in groupby(samples):
        length = step * len(list(group))
        if value is None:
            yield unwritten(length)
        elif value == STALE:
            yield from (gone(step) for _ in range(length.milliseconds // step.milliseconds))
        else:
            yield flat(float(value), length)
