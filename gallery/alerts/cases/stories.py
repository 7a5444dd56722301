"""What cases are told with: a condition that outlasts the hold, and one that does not."""

from __future__ import annotations

from collections.abc import Callable

from gallery.alerts.cases.model import Case, Phase, Series, flat
from gallery.alerts.model import Labels, Scope
from gallery.metrics.durations import MINUTE, ZERO, Duration, minus

STEP = Duration.of(seconds=10)
CALM = MINUTE * 2

# Whether the condition holds, and for how long.
Spell = tuple[bool, Duration]
# The series that show a course of spells.
Story = Callable[..., tuple[Series, ...]]


def valued(metric: str, labels: Labels, *spells: tuple[float, Duration]) -> Series:
    """A gauge that keeps each value for so long."""
    phases = tuple(flat(value, length) for value, length in spells)
    return Series(metric=metric, labels=labels, phases=phases)


def gauge(
    metric: str, labels: Labels, spells: tuple[Spell, ...], *, well: float, ill: float
) -> Series:
    """A gauge that is `ill` while the condition holds and `well` otherwise."""
    return valued(metric, labels, *((ill if bad else well, length) for bad, length in spells))


def present(
    metric: str,
    labels: Labels,
    spells: tuple[Spell, ...],
    *,
    away: Callable[[Duration], Phase],
    value: float = 1,
) -> Series:
    """A gauge that is `away` while the condition holds: `gone` or `unwritten`."""
    return Series(
        metric=metric,
        labels=labels,
        phases=tuple(away(length) if bad else flat(value, length) for bad, length in spells),
    )


def counter(
    metric: str, labels: Labels, *spells: tuple[float, Duration], step: Duration = STEP
) -> Series:
    """A counter that grows by each rate, in units a second, for so long."""
    phases, reached = list[Phase](), 0.0
    for rate, length in spells:
        growth = rate * step.seconds
        phases.append(Phase(start=reached, step=growth, length=length))
        reached += growth * (length.milliseconds // step.milliseconds)
    return Series(metric=metric, labels=labels, phases=tuple(phases))


def repeated(values: tuple[float, ...], step: Duration, length: Duration) -> tuple[Phase, ...]:
    """The same values over and over, one for each step."""
    count = length.milliseconds // step.milliseconds
    return tuple(flat(values[number % len(values)], step) for number in range(count))


def short_of(hold: Duration, step: Duration = STEP) -> Duration:
    """The longest spell at this step that does not outlast the hold; nothing for no hold."""
    return Duration(hold.milliseconds - 1).ceil_to(step) if hold > ZERO else ZERO


def next_look(scope: Scope, step: Duration = STEP) -> Duration:
    """How long a condition takes of which two looks must be bad, at the steps of a case."""
    return scope.timings.scrape.ceil_to(step)


def remembered(scope: Scope, step: Duration = STEP) -> Duration:
    """How long what was missing counts as missing after it is back, at the steps of a case."""
    return (scope.timings.scrape * 2).ceil_to(step)


def lasting(
    scope: Scope,
    name: str,
    story: Story,
    *fires: Labels,
    onset: Duration = ZERO,
    step: Duration = STEP,
) -> Case:
    """The condition holds on; the alert fires when the hold is over, not a step later."""
    hold = scope.hold.ceil_to(step)
    return Case(
        name=name,
        series=story((False, CALM), (True, onset + hold + step * 6)),
        fires_at=CALM + onset + hold,
        fires=fires,
        interval=step,
    )


def passing(
    scope: Scope,
    name: str,
    story: Story,
    *,
    spell: Duration | None = None,
    step: Duration = STEP,
) -> Case:
    """The condition ends one step before the hold does: nothing fires.

    `spell` is how long the cause lasts where the expression outlives or trails its cause.
    """
    cause = spell or short_of(scope.hold, step)
    after = minus(scope.hold.ceil_to(step), cause) + step * 6
    return Case(
        name=name,
        series=story((False, CALM), (True, cause), (False, after)),
        until=CALM + cause + after,
        interval=step,
    )


def told_once(
    scope: Scope, story: Story, *fires: Labels, seen: Duration = ZERO, step: Duration = STEP
) -> tuple[Case, ...]:
    """What was told and was over is not told again within ten minutes, but after them it is.

    `seen` is how long the condition takes to be seen.
    """
    told = (seen + scope.hold.ceil_to(step) + MINUTE).ceil_to(step)

    def again(name: str, well: Duration, bad: Duration, *fires: Labels) -> Case:
        return Case(
            name=name,
            series=story((False, CALM), (True, told), (False, well), (True, bad + step)),
            fires_at=CALM + told + well + bad,
            fires=fires,
            interval=step,
        )

    return (
        again("fails again soon after it was told and was over", MINUTE * 2, told),
        again("fails again soon and stays so", MINUTE * 2, told + MINUTE * 12, *fires),
        again("fails again long after it was told", MINUTE * 12, told, *fires),
    )


def silent(scope: Scope, name: str, story: Story, *, step: Duration = STEP) -> Case:
    """What looks like the condition outlasts the hold, and nothing fires."""
    whole = CALM + scope.hold.ceil_to(step) + step * 6
    return Case(name=name, series=story((True, whole)), until=whole, interval=step)
