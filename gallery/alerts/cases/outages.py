"""Stories of a target that fails and comes back, more than once."""

from __future__ import annotations

from collections.abc import Callable

from gallery.alerts.cases.model import Case, Series, flat, gone
from gallery.alerts.cases.stories import valued
from gallery.alerts.cases.subjects import canary_labels
from gallery.alerts.degraded import WINDOW
from gallery.alerts.model import Labels, Scope
from gallery.metrics.durations import MINUTE, Duration, minus

Spells = tuple[tuple[float, Duration], ...]


# What a probe leaves behind: an answer, or a scrape that fails.
Probing = Callable[[Labels, Spells], tuple[Series, ...]]


def refused(target: Labels, spells: Spells) -> tuple[Series, ...]:
    """It says no while a spell's value is 0."""
    return (valued("probe_success", target, *spells),)


def probe_hangs(target: Labels, spells: Spells) -> tuple[Series, ...]:
    """Its probes do not come back while a spell's value is 0."""
    answers = tuple(flat(1, length) if value else gone(length) for value, length in spells)
    return (
        valued("up", target, *spells),
        Series(metric="probe_success", labels=target, phases=answers),
    )


def two_outages(scope: Scope, share: float, more: int = 0) -> Spells:
    """A probe that fails for a share of the window and some scrapes, in two outages."""
    step = scope.timings.scrape
    lost = Duration.of(seconds=WINDOW.seconds * share).ceil_to(step) + step * more
    long = max(minus(lost, step), step)
    return ((1, WINDOW), (0, long), (1, step), (0, step))


def long_and_again(scope: Scope) -> Spells:
    """One failed for longer than is looked back, was well for a moment, and fails again."""
    return ((1, WINDOW), (0, WINDOW * 2), (1, MINUTE * 3), (0, scope.timings.scrape))


def back_from(spells: Spells) -> Duration:
    """When the last failure begins; the end of what ends well."""
    begins = sum((length for _, length in spells[:-1]), Duration(0))
    value, length = spells[-1]
    return begins + length if value else begins


def outages(
    scope: Scope,
    target: Labels,
    name: str,
    spells: Spells,
    *fires: Labels,
    canary: Spells = ((1, WINDOW * 2),),
    probing: Probing = refused,
    others: tuple[Series, ...] = (),
) -> Case:
    """The alert fires with the last failure, or never."""
    step = scope.timings.scrape
    back = sum((length for _, length in spells), Duration(0))
    well = (1.0, WINDOW)
    return Case(
        name=name,
        series=(
            *probing(target, (*spells, well)),
            *probing(canary_labels(scope), (*canary, well)),
            *others,
        ),
        fires_at=back_from(spells) + scope.hold.ceil_to(step) if fires else None,
        fires=fires,
        until=back + WINDOW,
        interval=step,
    )
