"""The cases of the alerts of `gallery.alerts.units`."""

from __future__ import annotations

import math
from dataclasses import replace

from gallery.alerts.cases.model import Case, Cases, Phase, Series, flat
from gallery.alerts.cases.stories import (
    STEP,
    Spell,
    Story,
    counter,
    gauge,
    lasting,
    passing,
    repeated,
    silent,
    valued,
)
from gallery.alerts.cases.subjects import host_labels, node_labels, whole
from gallery.alerts.model import Scope
from gallery.alerts.units import HOST_UNIT_FAILED, HOST_UNIT_RESTARTING, HOST_UNMEASURED, RESTARTS
from gallery.metrics.collected import MEASURED
from gallery.metrics.durations import MINUTE, Duration

_ONSET = MINUTE * 3
_UNIT = "orders.service"


def _told(scope: Scope, unit: str = _UNIT) -> dict[str, str]:
    return host_labels(scope) | {"name": unit}


def _up(scope: Scope, length: Duration, up: int = 1) -> Series:
    return valued("up", node_labels(scope), (up, length))


def _state(scope: Scope, unit: str, state: str, *phases: Phase) -> Series:
    labels = node_labels(scope) | {"name": unit, "state": state, "type": "simple"}
    return Series(metric="node_systemd_unit_state", labels=labels, phases=phases)


def _successor(series: tuple[Series, ...]) -> tuple[Series, ...]:
    """The same of the instance that takes the host's place."""
    return tuple(replace(one, labels={**one.labels, "instance": "i-2"}) for one in series)


def _failed_cases(scope: Scope) -> tuple[Case, ...]:
    def phases(spells: tuple[Spell, ...]) -> tuple[Phase, ...]:
        return tuple(flat(bad, length) for bad, length in spells)

    def fails(*spells: Spell) -> tuple[Series, ...]:
        return _state(scope, _UNIT, "failed", *phases(spells)), _up(scope, whole(spells))

    def beside(*spells: Spell) -> tuple[Series, ...]:
        return (*fails(*spells), *_successor(fails((False, whole(spells)))))

    def two_fail(*spells: Spell) -> tuple[Series, ...]:
        well = flat(0, whole(spells))
        return (
            *fails(*spells),
            _state(scope, "data.mount", "failed", *phases(spells)),
            _state(scope, "sshd.service", "failed", well),
        )

    def is_active(*spells: Spell) -> tuple[Series, ...]:
        length = whole(spells)
        active = _state(scope, _UNIT, "active", flat(1, length))
        return active, _state(scope, _UNIT, "failed", flat(0, length)), _up(scope, length)

    def now_and_then(*spells: Spell) -> tuple[Series, ...]:
        length = whole(spells)
        bits = repeated((1, 0, 0), STEP, length)
        return _state(scope, _UNIT, "failed", *bits), _up(scope, length)

    def on_a_dead_host(*spells: Spell) -> tuple[Series, ...]:
        length = whole(spells)
        return _state(scope, _UNIT, "failed", flat(1, length)), _up(scope, length, up=0)

    both = _told(scope), _told(scope, "data.mount")
    return (
        lasting(scope, "fails", fails, _told(scope), onset=_ONSET),
        lasting(scope, "fails beside a successor that is well", beside, _told(scope), onset=_ONSET),
        lasting(scope, "two of three fail", two_fail, *both, onset=_ONSET),
        passing(scope, "is restarted within the hold", fails),
        silent(scope, "is active", is_active),
        silent(scope, "has failed for a third of the time", now_and_then),
        silent(scope, "failed on a host that is down", on_a_dead_host),
    )


def _restarting_cases(scope: Scope) -> tuple[Case, ...]:
    metric = "node_systemd_service_restart_total"
    labels = node_labels(scope) | {"name": _UNIT}

    def restarts(per_window: float, *, up: int = 1) -> Story:
        """So many restarts in each ten minutes while it is bad, evenly."""
        rate = per_window / RESTARTS.seconds

        def story(*spells: Spell) -> tuple[Series, ...]:
            counted = counter(metric, labels, *((rate * bad, length) for bad, length in spells))
            return counted, _up(scope, whole(spells), up)

        return story

    def a_burst(*spells: Spell) -> tuple[Series, ...]:
        length = whole(spells)
        burst = (flat(0, MINUTE), *(flat(count, STEP) for count in range(9)), flat(9, length))
        return Series(metric=metric, labels=labels, phases=burst), _up(scope, length + MINUTE * 3)

    often = restarts(1.7 * scope.threshold)

    def beside(*spells: Spell) -> tuple[Series, ...]:
        return (*often(*spells), *_successor(often((False, whole(spells)))))

    often_and_down = restarts(1.7 * scope.threshold, up=0)
    return (
        lasting(scope, "restarts again and again", often, _told(scope), onset=RESTARTS),
        lasting(scope, "restarts beside one that is well", beside, _told(scope), onset=RESTARTS),
        # It is told by what was counted for ten minutes after the last of them.
        passing(
            scope,
            "restarts for a while",
            often,
            spell=Duration.of(seconds=scope.hold.seconds * 0.8).ceil_to(STEP),
        ),
        _long_enough(scope, "restarts now and then", restarts(0.7 * scope.threshold)),
        silent(scope, "restarts nine times at once", a_burst),
        _long_enough(scope, "restarts on a host that is down", often_and_down),
    )


def _long_enough(scope: Scope, name: str, story: Story) -> Case:
    """It goes on for longer than it takes to be counted and held, and nothing fires."""
    length = RESTARTS * 2 + scope.hold.ceil_to(STEP)
    return Case(name=name, series=story((True, length)), until=length)


def _unmeasured_cases(scope: Scope) -> tuple[Case, ...]:
    # One fewer than are asked for.
    well = math.ceil(scope.threshold) - 1

    def success(collector: str, *phases: Phase) -> Series:
        labels = node_labels(scope) | {"collector": collector}
        return Series(metric="node_scrape_collector_success", labels=labels, phases=phases)

    def measured(count: int, *spells: Spell) -> tuple[Series, ...]:
        length = whole(spells)
        others = success("conntrack", flat(0, length)), success("uname", flat(1, length))
        every = (success(name, flat(1, length)) for name in MEASURED[:count])
        return (*every, *others, _up(scope, length))

    def refused(*spells: Spell) -> tuple[Series, ...]:
        host = node_labels(scope)
        failing = (
            gauge(
                "node_scrape_collector_success",
                host | {"collector": name},
                spells,
                well=1,
                ill=0,
            )
            for name in MEASURED[well:]
        )
        return (*measured(well, *spells), *failing)

    def lacking(*spells: Spell) -> tuple[Series, ...]:
        return measured(well, *spells)

    def fails_mostly(*spells: Spell) -> tuple[Series, ...]:
        bits = repeated((0, 0, 1), STEP, whole(spells))
        return (*measured(well, *spells), *(success(name, *bits) for name in MEASURED[well:]))

    def everything(*spells: Spell) -> tuple[Series, ...]:
        return measured(len(MEASURED), *spells)

    def beside(*spells: Spell) -> tuple[Series, ...]:
        return (*refused(*spells), *_successor(everything(*spells)))

    def on_a_dead_host(*spells: Spell) -> tuple[Series, ...]:
        return tuple(
            replace(one, phases=(flat(0, whole(spells)),)) if one.metric == "up" else one
            for one in lacking(*spells)
        )

    told = host_labels(scope)
    return (
        lasting(scope, "is refused a system call", refused, told, onset=_ONSET),
        _from_the_start(scope, "runs an older unit", lacking, told),
        _from_the_start(scope, "fails twice in three times", fails_mostly, told),
        passing(scope, "is refused for a while", refused),
        silent(scope, "measures everything but connections", everything),
        silent(scope, "is refused a system call beside a successor that is not", beside),
        silent(scope, "is down, which says it all", on_a_dead_host),
    )


def _from_the_start(scope: Scope, name: str, story: Story, told: dict[str, str]) -> Case:
    """It was so from the beginning, and is told when the hold is over."""
    hold = scope.hold.ceil_to(STEP)
    return Case(name=name, series=story((True, hold + MINUTE)), fires_at=hold, fires=(told,))


CASES: Cases = {
    HOST_UNIT_FAILED: _failed_cases,
    HOST_UNIT_RESTARTING: _restarting_cases,
    HOST_UNMEASURED: _unmeasured_cases,
}
