"""The worst times of a stack's alerts."""

from __future__ import annotations

from collections.abc import Iterator

from gallery.metrics.durations import ZERO, Duration
from gallery.metrics.timings import FailureMode, Timings
from gallery.plan.alerts import PlannedAlert
from gallery.plan.times import MANAGED, REHEARSED, Assumptions, Bound, bound


def bounds(alerts: tuple[PlannedAlert, ...], timings: Timings) -> Iterator[Bound]:
    """For each alert, each failure it is for, as rehearsed and as assumed of managed services."""
    for planned in alerts:
        recording = timings.evaluate_amp if planned.alert.recorded else ZERO
        for failure in planned.alert.onset:
            for assumptions in (REHEARSED, MANAGED):
                yield bound_of(planned, failure, assumptions, timings, recording)


def bound_of(
    planned: PlannedAlert,
    failure: FailureMode,
    assumptions: Assumptions,
    timings: Timings,
    recording: Duration,
) -> Bound:
    """The worst times of one alert in one failure; `recording` is what its recordings add."""
    alert = planned.alert
    return bound(
        alert=planned.uid,
        scenario=failure,
        timings=timings,
        evaluate=planned.scope.evaluate,
        onset=planned.onset(failure) + recording,
        clearing=alert.clearing(timings) + recording,
        hold=planned.hold,
        keep_firing=alert.keep_firing,
        assumptions=assumptions,
    )
