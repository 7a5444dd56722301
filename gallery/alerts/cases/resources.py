"""The cases of the alerts of `gallery.alerts.resources`."""

from __future__ import annotations

from dataclasses import replace

from gallery.alerts.cases.model import Case, Cases, Series
from gallery.alerts.cases.stories import (
    Spell,
    counter,
    gauge,
    lasting,
    passing,
    silent,
    valued,
)
from gallery.alerts.cases.subjects import host_labels, node_labels, whole
from gallery.alerts.model import Labels, Scope
from gallery.alerts.resources import HOST_CPU_SATURATED, HOST_MEMORY_LOW
from gallery.metrics.durations import MINUTE, Duration


def _memory_cases(scope: Scope) -> tuple[Case, ...]:
    total, told = 2e9, host_labels(scope)
    host = node_labels(scope)

    def left(
        *spells: Spell, ill: float, pages: float = 0, up: int = 1, of: Labels = host
    ) -> tuple[Series, ...]:
        """Memory of which a share is left, beside the share that is reserved for huge pages."""
        length, open_to_all = whole(spells), (1 - pages) * total
        share = {"well": 0.6 * open_to_all, "ill": ill * scope.threshold * open_to_all}
        return (
            gauge("node_memory_MemAvailable_bytes", of, spells, **share),
            valued("node_memory_MemTotal_bytes", of, (total, length)),
            valued("node_memory_Hugetlb_bytes", of, (pages * total, length)),
            valued("up", of, (up, length)),
        )

    def little(*spells: Spell) -> tuple[Series, ...]:
        return left(*spells, ill=0.75)

    def little_beside_huge_pages(*spells: Spell) -> tuple[Series, ...]:
        return left(*spells, ill=0.75, pages=0.8)

    def enough(*spells: Spell) -> tuple[Series, ...]:
        return left(*spells, ill=1.5)

    def enough_beside_huge_pages(*spells: Spell) -> tuple[Series, ...]:
        return left(*spells, ill=3, pages=0.8)

    def little_on_a_dead_host(*spells: Spell) -> tuple[Series, ...]:
        return left(*spells, ill=0.75, up=0)

    def successor_is_well(*spells: Spell) -> tuple[Series, ...]:
        after = left((False, whole(spells)), ill=1, of=host | {"instance": "i-2"})
        return (*little(*spells), *after)

    return (
        lasting(scope, "stays short of memory", little, told, onset=MINUTE * 3),
        lasting(
            scope,
            "is short of what huge pages leave",
            little_beside_huge_pages,
            told,
            onset=MINUTE * 3,
        ),
        passing(scope, "is short of memory for a while", little),
        silent(scope, "has just enough", enough),
        silent(scope, "has enough of what huge pages leave", enough_beside_huge_pages),
        silent(scope, "is down, which says it all", little_on_a_dead_host),
        silent(scope, "was replaced by one that is well", successor_is_well),
    )


def _saturated_cases(scope: Scope) -> tuple[Case, ...]:
    below = 0.75 * scope.threshold
    above = (scope.threshold + min(2 * scope.threshold, 1)) / 2

    def busy(*spells: Spell, up: int = 1, **ill: float) -> tuple[Series, ...]:
        """What two processors do while it is bad, by mode; else they are well used."""
        host = node_labels(scope)
        modes = ("user", "steal", "iowait", "idle")
        well = {"user": below, "idle": 1 - below}
        bad = {**ill, "idle": 1 - sum(ill.values())}
        return (
            *(
                counter(
                    "node_cpu_seconds_total",
                    host | {"cpu": cpu, "mode": mode},
                    *(((bad if so else well).get(mode, 0), length) for so, length in spells),
                )
                for cpu in ("0", "1")
                for mode in modes
            ),
            valued("up", host, (up, whole(spells))),
        )

    def computes(*spells: Spell) -> tuple[Series, ...]:
        return busy(*spells, user=above)

    def computes_unevenly(*spells: Spell, iowait: float = 0) -> tuple[Series, ...]:
        """One of two has nothing left, and what the other has is too little for both."""
        return (
            *_of_one(busy(*spells, user=1), "0"),
            *_of_one(busy(*spells, user=2 * above - 1, iowait=iowait), "1"),
            valued("up", node_labels(scope), (1, whole(spells))),
        )

    def waits_with_one(*spells: Spell) -> tuple[Series, ...]:
        return computes_unevenly(*spells, iowait=2 - 2 * above)

    def starts_anew(*spells: Spell) -> tuple[Series, ...]:
        """It restarts every three minutes, and all that it counts begins at nothing."""
        return tuple(
            one if one.metric == "up" else _from_nothing(one, MINUTE * 3)
            for one in busy((True, whole(spells)), user=below)
        )

    def is_withheld(*spells: Spell) -> tuple[Series, ...]:
        return busy(*spells, steal=above / 2, user=above / 2)

    def well_used(*spells: Spell) -> tuple[Series, ...]:
        return busy(*spells, user=below)

    def waits_for_disks(*spells: Spell) -> tuple[Series, ...]:
        return busy(*spells, iowait=1 - below / 2, user=below / 2)

    def on_a_dead_host(*spells: Spell) -> tuple[Series, ...]:
        return busy(*spells, user=above, up=0)

    told = host_labels(scope)
    return (
        lasting(scope, "computes without a pause", computes, told, onset=MINUTE * 5),
        lasting(scope, "is left little by its neighbours", is_withheld, told, onset=MINUTE * 5),
        lasting(scope, "has little left on one of two", computes_unevenly, told, onset=MINUTE * 5),
        lasting(scope, "waits with one of two", waits_with_one, told, onset=MINUTE * 5),
        passing(scope, "computes for a while", computes),
        silent(scope, "is well used", well_used),
        silent(scope, "restarts again and again", starts_anew),
        silent(scope, "waits for its disks", waits_for_disks),
        silent(scope, "is down, which says it all", on_a_dead_host),
        silent(
            scope,
            "was replaced by one that is well used",
            lambda *spells: (
                *computes(*spells),
                *(
                    replace(one, labels={**one.labels, "instance": "i-2"})
                    for one in busy((True, whole(spells)), user=min(below, 2 * above - 1.05))
                ),
            ),
        ),
    )


def _of_one(series: tuple[Series, ...], cpu: str) -> tuple[Series, ...]:
    """What is said of one processor."""
    return tuple(one for one in series if one.labels.get("cpu") == cpu)


def _from_nothing(one: Series, every: Duration) -> Series:
    """The series of a counter that begins anew so often."""
    [grows] = one.phases
    count = -(-grows.length.milliseconds // every.milliseconds)
    return replace(one, phases=(replace(grows, start=0, length=every),) * count)


CASES: Cases = {
    HOST_MEMORY_LOW: _memory_cases,
    HOST_CPU_SATURATED: _saturated_cases,
}
