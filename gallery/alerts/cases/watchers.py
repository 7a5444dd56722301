"""The cases of the alerts of `gallery.alerts.watchers`."""

from __future__ import annotations

from dataclasses import replace

from gallery.alerts.cases.model import Case, Cases, Series, flat, unwritten
from gallery.alerts.cases.probing import unanswered_cases
from gallery.alerts.cases.stories import (
    CALM,
    STEP,
    Spell,
    Story,
    gauge,
    lasting,
    next_look,
    passing,
    present,
    repeated,
    short_of,
    silent,
    valued,
)
from gallery.alerts.cases.subjects import collector_labels, probe_labels, whole
from gallery.alerts.guards import COLLECTOR_FRESH
from gallery.alerts.model import Labels, Scope
from gallery.alerts.watchers import (
    DATASOURCE_CANARY,
    GRAFANA_HEARTBEAT,
    GRAFANA_UNREACHABLE,
    HOST_TRAFFIC_UNRECORDED,
    RECORDING_RULES_STALE,
    WATCHDOG,
    stale_after,
)
from gallery.metrics import labels
from gallery.metrics.durations import MINUTE, Duration, minus
from gallery.metrics.names import COLLECTOR_EXPECTED, RECEIVE_USUAL, TRANSMIT_USUAL
from gallery.metrics.recordings import RATES, USUAL, USUAL_KNOWN


def _beats(scope: Scope, metric: str, of: dict[str, str], age: Duration) -> tuple[Case, ...]:
    """A heartbeat begins with its series, lasts while that is younger than `age`, and stops."""
    young, old = (Duration.of(seconds=age.seconds * share) for share in (0.75, 1.25))
    well = MINUTE * 5

    def ends(after: Duration) -> tuple[Series, ...]:
        phases = (flat(1, well), unwritten(after))
        return (Series(metric=metric, labels=of, phases=phases),)

    def begins(*spells: Spell) -> tuple[Series, ...]:
        phases = tuple(flat(1, length) if bad else unwritten(length) for bad, length in spells)
        return (Series(metric=metric, labels=of, phases=phases),)

    # The age counts from the last sample.
    last = minus(well, STEP)
    return (
        lasting(scope, "beats with the first sample", begins, scope.at()),
        Case(
            name="beats on while the newest sample is young",
            series=ends(old),
            fires_at=last + young.ceil_to(STEP),
            fires=(scope.at(),),
        ),
        Case(
            name="stops when the newest sample is old",
            series=ends(old + STEP * 2),
            fires_at=last + old.ceil_to(STEP),
        ),
    )


def _constants_cases(scope: Scope) -> tuple[Case, ...]:
    age = stale_after(scope.timings).ceil_to(STEP)
    constant = scope.at(service=labels.COLLECTOR_SERVICE)

    def stops(*spells: Spell) -> tuple[Series, ...]:
        return (present(COLLECTOR_EXPECTED, constant, spells, away=unwritten),)

    def recorded(*spells: Spell) -> tuple[Series, ...]:
        return (valued(COLLECTOR_EXPECTED, constant, (1, whole(spells))),)

    # The age counts from the sample before the stop; whether a range holds its left edge
    # differs between versions of Prometheus, hence a step less.
    brief = minus(age + short_of(scope.hold), STEP * 2)
    return (
        lasting(scope, "nothing is recorded any more", stops, scope.at(), onset=age),
        passing(scope, "is recorded again in time", stops, spell=brief),
        silent(scope, "is recorded", recorded),
    )


def _unrecorded_cases(scope: Scope) -> tuple[Case, ...]:
    age = stale_after(scope.timings).ceil_to(STEP)
    names = tuple(name for name, _ in (*RATES, *USUAL))
    of, other = (
        scope.at(service="checkoutservice", host=f"{group}-1", host_group=group)
        for group in ("orders-db", "search")
    )

    def host(at: Labels, *spells: tuple[float, Duration]) -> Series:
        return valued("up", {**at, "job": labels.NODE, "instance": "i-1"}, *spells)

    def recorded(at: Labels, *spells: Spell, stops: tuple[str, ...]) -> tuple[Series, ...]:
        """Everything is recorded of a host, but what stops as the spells have it."""
        on = ((False, whole(spells)),)
        return tuple(
            present(name, at, spells if name in stops else on, away=unwritten, value=20_000)
            for name in names
        )

    def stop(*stops: str) -> Story:
        def story(*spells: Spell) -> tuple[Series, ...]:
            length = whole(spells)
            return (
                *(host(at, (1, length)) for at in (of, other)),
                *recorded(of, *spells, stops=stops),
                # The host of another group, which is recorded on.
                *recorded(other, *spells, stops=()),
            )

        return story

    def host_off(*spells: Spell) -> tuple[Series, ...]:
        length = whole(spells)
        spent = (False, MINUTE), (True, length)
        usual = (RECEIVE_USUAL, TRANSMIT_USUAL)
        return (
            host(of, (1, MINUTE), (0, length)),
            *recorded(of, *spent, stops=usual),
            host(other, (1, MINUTE + length)),
            *recorded(other, *spent, stops=()),
        )

    def answers_seldom(*spells: Spell) -> tuple[Series, ...]:
        """Beside an instance that is dead, whose place it takes."""
        length = whole(spells)
        dead = valued("up", {**of, "job": labels.NODE, "instance": "i-0"}, (0, length))
        often = host(of, (1, length))
        seldom = replace(often, phases=repeated((1, 0, 0), STEP, length))
        return seldom, dead, *recorded(of, *spells, stops=names[:1])

    # As for the constants: the age counts from the sample before the stop.
    brief = minus(age + short_of(scope.hold), STEP * 2)
    return (
        *(
            lasting(scope, f"{name} is recorded no more", stop(name), of, onset=onset)
            for records, onset in ((RATES, age), (USUAL, USUAL_KNOWN))
            for name, _ in records
        ),
        lasting(scope, "is not recorded of one that answers seldom", answers_seldom, of, onset=age),
        passing(scope, "is recorded again in time", stop(*names), spell=brief),
        silent(scope, "records all there is", stop()),
        _outlasting(scope, "a host is off and nothing of it is usual", host_off, USUAL_KNOWN),
    )


def _outlasting(scope: Scope, name: str, story: Story, onset: Duration) -> Case:
    """The alert stays silent for longer than it would take."""
    length = CALM + onset + scope.hold.ceil_to(STEP) + STEP * 6
    return Case(name=name, series=story((True, length)), until=length)


def _grafana_page(scope: Scope) -> dict[str, str]:
    return probe_labels(scope, labels.GRAFANA_SERVICE, labels.GRAFANA)


def _canary_cases(scope: Scope) -> tuple[Case, ...]:
    constant = scope.at(service=labels.COLLECTOR_SERVICE)

    def impossible(*spells: Spell) -> tuple[Series, ...]:
        return (gauge(COLLECTOR_EXPECTED, constant, spells, well=1, ill=0),)

    def readable(*spells: Spell) -> tuple[Series, ...]:
        return (valued(COLLECTOR_EXPECTED, constant, (1, whole(spells))),)

    return (
        lasting(scope, "reads what nobody wrote", impossible, constant),
        passing(scope, "reads nonsense for a moment", impossible),
        silent(scope, "reads what was recorded", readable),
    )


CASES: Cases = {
    RECORDING_RULES_STALE: _constants_cases,
    HOST_TRAFFIC_UNRECORDED: _unrecorded_cases,
    GRAFANA_UNREACHABLE: lambda scope: unanswered_cases(
        scope, _grafana_page(scope), onset=next_look(scope)
    ),
    DATASOURCE_CANARY: _canary_cases,
    WATCHDOG: lambda scope: _beats(
        scope, "up", collector_labels(scope), Duration.of(seconds=COLLECTOR_FRESH)
    ),
    GRAFANA_HEARTBEAT: lambda scope: _beats(
        scope,
        COLLECTOR_EXPECTED,
        scope.at(service=labels.COLLECTOR_SERVICE),
        stale_after(scope.timings),
    ),
}
