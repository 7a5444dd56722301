"""The cases of the alerts of `gallery.alerts.hosts`."""

from __future__ import annotations

from dataclasses import replace

from gallery.alerts.cases.model import Case, Cases, Series, flat, gone, unwritten
from gallery.alerts.cases.outages import Spells, back_from, long_and_again, two_outages
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
    remembered,
    short_of,
    silent,
    told_once,
    valued,
)
from gallery.alerts.cases.subjects import (
    collector_dies,
    collector_well,
    group_labels,
    host_labels,
    node_labels,
    planned_and_gone,
    whole,
)
from gallery.alerts.degraded import WINDOW
from gallery.alerts.hosts import HOST_DEGRADED, HOST_DOWN, HOST_MISSING, long, looks_back
from gallery.alerts.model import Labels, Scope
from gallery.metrics import labels, promql
from gallery.metrics.durations import MINUTE, Duration, minus
from gallery.metrics.names import HOSTS_EXPECTED


def _down_cases(scope: Scope) -> tuple[Case, ...]:
    host, successor = node_labels(scope), node_labels(scope) | {"instance": "i-2"}

    def silent_exporter(*spells: Spell) -> tuple[Series, ...]:
        return (
            gauge("up", host, spells, well=1, ill=0),
            valued("up", node_labels(scope, 2), (1, whole(spells))),
        )

    def well(*spells: Spell) -> tuple[Series, ...]:
        return (valued("up", host, (1, whole(spells))),)

    def both_are_there(old: int, new: int) -> Story:
        def story(*spells: Spell) -> tuple[Series, ...]:
            length = whole(spells)
            return valued("up", host, (old, length)), valued("up", successor, (new, length))

        return story

    return (
        lasting(
            scope,
            "its exporter does not answer",
            silent_exporter,
            host_labels(scope),
            onset=next_look(scope),
        ),
        *told_once(scope, silent_exporter, host_labels(scope), seen=next_look(scope)),
        passing(scope, "restarts within the hold", silent_exporter),
        silent(scope, "answers", well),
        _switched_off(
            scope,
            "is switched off while it is down",
            max(scope.hold, long(scope) + scope.timings.scrape * 3).ceil_to(STEP),
            host_labels(scope),
        ),
        _switched_off(
            scope,
            "is switched off after a long time",
            looks_back(scope).ceil_to(STEP) + MINUTE,
            host_labels(scope),
        ),
        _switched_off(
            scope,
            "hardly failed before it was switched off",
            min(Duration.of(seconds=long(scope).seconds * 0.75), short_of(scope.hold)).ceil_to(
                STEP
            ),
        ),
        _switched_off_again(scope),
        *_two_switched_off(scope),
        _silent_in_place_of_another(scope),
        silent(scope, "its successor answers already", both_are_there(0, 1)),
        silent(scope, "answers until its successor does", both_are_there(1, 0)),
    )


def _switched_off(scope: Scope, name: str, down: Duration, *fires: Labels) -> Case:
    """It leaves discovery when it was down for so long; after four minutes HostMissing came.

    Another host answers all the while.
    """
    away = MINUTE * 4
    up = valued("up", node_labels(scope), (1, CALM), (0, down))
    other = valued("up", node_labels(scope, 2), (1, CALM + down + away + scope.hold))
    return Case(
        name=name,
        series=(replace(up, phases=(*up.phases, gone(away + scope.hold))), other),
        fires_at=CALM + down + away if fires else None,
        fires=fires,
        until=CALM + down + away + scope.hold,
    )


def _switched_off_again(scope: Scope) -> Case:
    """It was down for a while and came back, and a minute later it is switched off."""
    down, away = short_of(scope.hold), MINUTE * 6 + scope.hold
    step = min(STEP * 2, down)
    up = valued("up", node_labels(scope), (1, CALM), (0, down), (1, MINUTE), (0, step))
    return Case(
        name="had been down before, and answered until it was switched off",
        series=(replace(up, phases=(*up.phases, gone(away))),),
        until=CALM + down + MINUTE + step + away,
    )


def _two_switched_off(scope: Scope) -> tuple[Case, ...]:
    """Two instances carry the labels of a host while one takes the other's place, and both go."""
    down = max(scope.hold, long(scope) + scope.timings.scrape * 3).ceil_to(STEP)
    brief = min(Duration.of(seconds=long(scope).seconds * 0.75), short_of(scope.hold)).ceil_to(STEP)
    away = MINUTE * 4
    until = CALM + down + away + scope.hold

    def instance(name: str, *spells: Spell) -> Series:
        """It is down for a spell or not, and then gone."""
        up = gauge("up", node_labels(scope) | {"instance": name}, spells, well=1, ill=0)
        return replace(up, phases=(*up.phases, gone(minus(until, whole(spells)))))

    # Until the first one is no longer known to have answered.
    known = Duration.parse(promql.LAST_KNOWN)
    failing = min(MINUTE, short_of(scope.hold))
    late = Series(
        metric="up",
        labels=node_labels(scope),
        phases=(unwritten(CALM + MINUTE), flat(0, failing), gone(known)),
    )
    return (
        Case(
            name="is switched off while it is down, as its predecessor was at once",
            series=(
                instance("i-0", (False, CALM), (True, brief)),
                instance("i-1", (False, CALM), (True, down)),
            ),
            fires_at=CALM + down + away,
            fires=(host_labels(scope),),
        ),
        Case(
            name="answered until it was switched off, and its predecessor had not for long",
            series=(
                instance("i-0", (False, CALM), (True, down)),
                instance("i-1", (False, CALM + minus(down, brief)), (True, brief)),
            ),
            until=until,
        ),
        Case(
            name="never answered and is switched off, soon after one that did",
            series=(instance("i-0", (False, CALM)), late),
            until=CALM + known,
        ),
    )


def _silent_in_place_of_another(scope: Scope) -> Case:
    """The last one answered until it went, and its successor never does."""
    hold = scope.hold.ceil_to(STEP) + MINUTE
    first, second = node_labels(scope), node_labels(scope) | {"instance": "i-2"}
    before = Series(metric="up", labels=first, phases=(flat(1, CALM), gone(hold)))
    after = Series(metric="up", labels=second, phases=(unwritten(CALM), flat(0, hold)))
    return Case(
        name="does not answer in the place of one that did",
        series=(before, after),
        fires_at=CALM + next_look(scope) + scope.hold.ceil_to(STEP),
        fires=(host_labels(scope),),
    )


def _degraded_cases(scope: Scope) -> tuple[Case, ...]:
    host, step = node_labels(scope), scope.timings.scrape
    enough = two_outages(scope, 1 - 0.75 * scope.threshold)
    sparing = two_outages(scope, 1 - (scope.threshold + min(2 * scope.threshold, 1)) / 2)
    seldom = ((1, WINDOW), *((0, step * 6), (1, step)) * 4)
    once = ((1, WINDOW), (0, MINUTE * 5))

    def case(name: str, spells: Spells, *fires: Labels, beside: tuple[Series, ...] = ()) -> Case:
        back = sum((length for _, length in spells), Duration(0))
        return Case(
            name=name,
            series=(valued("up", host, *spells, (1, WINDOW)), *beside),
            fires_at=back_from(spells) if fires else None,
            fires=fires,
            until=back + WINDOW,
            interval=step,
        )

    return (
        case("answers one scrape in seven", seldom, host_labels(scope)),
        case("comes back for the second time", enough, host_labels(scope)),
        case("fails again after it was down for long", long_and_again(scope), host_labels(scope)),
        case("misses scrapes, but not enough of them", sparing),
        case("is started anew, once", once),
        case(
            "is started anew, once, while another host misses a few scrapes",
            once,
            beside=(valued("up", node_labels(scope, 2), *sparing, (1, WINDOW)),),
        ),
        case(
            "comes and goes beside a successor that is well",
            seldom,
            beside=(valued("up", host | {"instance": "i-2"}, (1, WINDOW * 4)),),
        ),
    )


def _missing_cases(scope: Scope) -> tuple[Case, ...]:
    def expected(length: Duration, count: int) -> Series:
        return valued(HOSTS_EXPECTED, group_labels(scope), (count, length))

    def second_is_gone(*spells: Spell) -> tuple[Series, ...]:
        length = whole(spells)
        return (
            expected(length, 2),
            valued("up", node_labels(scope), (1, length)),
            present("up", node_labels(scope, 2), spells, away=gone),
            collector_well(scope, length),
        )

    def only_one_is_gone(*spells: Spell) -> tuple[Series, ...]:
        length = whole(spells)
        return (
            expected(length, 1),
            present("up", node_labels(scope), spells, away=gone),
            collector_well(scope, length),
        )

    def replaced_one_of_two(*spells: Spell) -> tuple[Series, ...]:
        """While one is replaced its successor stands beside it, and in nobody else's place."""
        length = whole(spells)
        return (
            expected(length, 2),
            valued("up", node_labels(scope), (1, length)),
            valued("up", node_labels(scope) | {"instance": "i-2"}, (1, length)),
            present("up", node_labels(scope, 2), spells, away=gone),
            collector_well(scope, length),
        )

    def down_but_known(*spells: Spell) -> tuple[Series, ...]:
        length = whole(spells)
        return (
            expected(length, 1),
            valued("up", node_labels(scope), (0, length)),
            collector_well(scope, length),
        )

    gone_with_its_group, recorded_late = planned_and_gone(
        scope, HOSTS_EXPECTED, group_labels(scope), 2, node_labels(scope), node_labels(scope, 2)
    )
    end = gone_with_its_group.until
    search = scope.at(service="productcatalogservice", host_group="search")
    of_search = search | {"job": labels.NODE, "host": "search-1", "instance": "i-9"}
    return (
        lasting(scope, "one of two has left", second_is_gone, group_labels(scope)),
        lasting(scope, "the only one has left", only_one_is_gone, group_labels(scope)),
        lasting(scope, "one is there twice", replaced_one_of_two, group_labels(scope)),
        passing(
            scope,
            "is replaced within the hold",
            second_is_gone,
            spell=minus(short_of(scope.hold), remembered(scope)),
        ),
        silent(scope, "is down, but not gone", down_but_known),
        collector_dies(scope, lambda length: (expected(length, 1),), node_labels(scope)),
        gone_with_its_group,
        replace(
            gone_with_its_group,
            name="is no longer planned, while another group is",
            series=(
                *gone_with_its_group.series,
                valued(HOSTS_EXPECTED, search, (1, end)),
                valued("up", of_search, (1, end)),
            ),
        ),
        recorded_late,
    )


CASES: Cases = {
    HOST_DOWN: _down_cases,
    HOST_DEGRADED: _degraded_cases,
    HOST_MISSING: _missing_cases,
}
