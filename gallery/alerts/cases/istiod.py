"""The cases of the alerts of `gallery.alerts.istiod`."""

from __future__ import annotations

from gallery.alerts.bridges import APART
from gallery.alerts.cases.model import Case, Cases, Series, flat, gone, ramp, unwritten
from gallery.alerts.cases.stories import (
    STEP,
    Spell,
    Story,
    counter,
    gauge,
    lasting,
    next_look,
    passing,
    present,
    short_of,
    silent,
    valued,
)
from gallery.alerts.cases.subjects import (
    collector_dies,
    collector_well,
    istiod_labels,
    recorded,
    whole,
)
from gallery.alerts.istiod import (
    ERRORS_WINDOW,
    MESH_CONFIGURATION_REJECTED,
    MESH_CONTROL_PLANE_DOWN,
    MESH_PUSHES_FAILING,
    REJECTED_WINDOW,
)
from gallery.alerts.model import Scope
from gallery.metrics import labels
from gallery.metrics.durations import MINUTE, Duration, minus
from gallery.metrics.names import PUSH_ERRORS, PUSH_TIMEOUTS, PUSHES, REJECTS


def _down_cases(scope: Scope) -> tuple[Case, ...]:
    one, other = (istiod_labels(scope, pod) for pod in ("1", "2"))
    fires = scope.at(service=labels.ISTIOD_SERVICE)

    def planned(length: Duration) -> tuple[Series, ...]:
        return recorded(scope, flat(1, length)), collector_well(scope, length)

    def refuses(*spells: Spell) -> tuple[Series, ...]:
        return gauge("up", one, spells, well=1, ill=0), *planned(whole(spells))

    def leaves(*spells: Spell) -> tuple[Series, ...]:
        return present("up", one, spells, away=gone), *planned(whole(spells))

    def both_refuse(*spells: Spell) -> tuple[Series, ...]:
        return (*refuses(*spells), gauge("up", other, spells, well=1, ill=0))

    def one_of_two_refuses(*spells: Spell) -> tuple[Series, ...]:
        return (*refuses(*spells), valued("up", other, (1, whole(spells))))

    return (
        lasting(scope, "refuses to be scraped", refuses, fires, onset=next_look(scope)),
        lasting(scope, "is found nowhere", leaves, fires, onset=next_look(scope)),
        lasting(scope, "refuses with both replicas", both_refuse, fires, onset=next_look(scope)),
        passing(scope, "restarts", refuses),
        silent(scope, "has one replica left", one_of_two_refuses),
        collector_dies(scope, lambda length: (recorded(scope, flat(1, length)),), one),
    )


def _failing_cases(scope: Scope) -> tuple[Case, ...]:
    istiod = istiod_labels(scope)
    fires = scope.at(service=labels.ISTIOD_SERVICE)

    def counts(metric: str, **of: str) -> Story:
        """The counter grows while the condition lasts."""

        def story(*spells: Spell) -> tuple[Series, ...]:
            rates = tuple((0.5 if bad else 0, length) for bad, length in spells)
            well = counter(PUSHES, istiod | {"type": "lds"}, (0.5, whole(spells)))
            # Another replica fails in nothing.
            other = istiod_labels(scope, "2") | of
            return (
                counter(metric, istiod | of, *rates),
                well,
                valued(metric, other, (0, whole(spells))),
            )

        return story

    def failed_once(*metrics: str) -> Story:
        def story(*spells: Spell) -> tuple[Series, ...]:
            of = {PUSHES: {"type": "lds_senderr"}}
            return tuple(
                valued(metric, istiod | of.get(metric, {}), (3, whole(spells)))
                for metric in metrics
            )

        return story

    unsent = counts(PUSHES, type="lds_senderr")
    brief = minus(short_of(scope.hold), ERRORS_WINDOW)
    return (
        lasting(scope, "cannot send", unsent, fires, onset=STEP),
        lasting(scope, "is not listened to in time", counts(PUSH_TIMEOUTS), fires, onset=STEP),
        lasting(scope, "fails in itself", counts(PUSH_ERRORS), fires, onset=STEP),
        passing(scope, "cannot send for a while", unsent, spell=brief),
        silent(scope, "failed long ago", failed_once(PUSHES, PUSH_TIMEOUTS, PUSH_ERRORS)),
        silent(scope, "pushes", lambda *spells: unsent((False, whole(spells)))),
    )


def _rejected_cases(scope: Scope) -> tuple[Case, ...]:
    istiod = istiod_labels(scope) | {"type": "lds"}
    told = scope.at(service=labels.ISTIOD_SERVICE, type="lds")
    other = istiod_labels(scope, "2") | {"type": "lds"}
    known = REJECTED_WINDOW * 3

    def first(*spells: Spell) -> tuple[Series, ...]:
        """The counter is not there before, and grows with each push."""
        phases = tuple(
            ramp(1, per_sample=1, length=length) if bad else unwritten(length)
            for bad, length in spells
        )
        return (Series(metric=REJECTS, labels=istiod, phases=phases),)

    def late(name: str, *counts: tuple[float, Duration], fires: bool) -> Case:
        """What is so at the end of a story that is longer than what is looked over.

        Another replica was never rejected, and says so.
        """
        end = sum((length for _, length in counts), Duration(0))
        return Case(
            name=name,
            series=(valued(REJECTS, istiod, *counts), valued(REJECTS, other, (0, end))),
            fires_at=end,
            fires=(told,) if fires else (),
            interval=MINUTE,
        )

    return (
        lasting(scope, "is rejected for the first time", first, told),
        lasting(scope, "is rejected with each push", first, told, onset=MINUTE),
        late("is rejected once more", (3, known), (4, MINUTE * 5), fires=True),
        late("was rejected long ago", (3, known), fires=False),
        late(
            "was rejected a while ago",
            (3, known),
            (4, REJECTED_WINDOW + APART + MINUTE),
            fires=False,
        ),
        silent(
            scope,
            "is never rejected, and says so",
            lambda *spells: (valued(REJECTS, istiod, (0, whole(spells))),),
        ),
    )


CASES: Cases = {
    MESH_CONTROL_PLANE_DOWN: _down_cases,
    MESH_PUSHES_FAILING: _failing_cases,
    MESH_CONFIGURATION_REJECTED: _rejected_cases,
}
