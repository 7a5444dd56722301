"""The cases of the alerts of `gallery.alerts.resources`."""

from __future__ import annotations

from gallery.alerts.cases.model import Case, Cases, Series
from gallery.alerts.cases.stories import (
    STEP,
    Spell,
    counter,
    gauge,
    lasting,
    passing,
    silent,
    valued,
)
from gallery.alerts.cases.subjects import host_labels, node_labels, whole
from gallery.alerts.model import Scope
from gallery.alerts.resources import HOST_CPU_SATURATED, HOST_MEMORY_LOW
from gallery.metrics.durations import MINUTE


def _memory_cases(scope: Scope) -> tuple[Case, ...]:
    total = 2e9

    def left(*spells: Spell, ill: float, up: int = 1) -> tuple[Series, ...]:
        host, length = node_labels(scope), whole(spells)
        share = {"well": 4 * scope.threshold * total, "ill": ill * scope.threshold * total}
        return (
            gauge("node_memory_MemAvailable_bytes", host, spells, **share),
            valued("node_memory_MemTotal_bytes", host, (total, length)),
            valued("up", host, (up, length)),
        )

    def little(*spells: Spell) -> tuple[Series, ...]:
        return left(*spells, ill=0.75)

    def enough(*spells: Spell) -> tuple[Series, ...]:
        return left(*spells, ill=1.5)

    def little_on_a_dead_host(*spells: Spell) -> tuple[Series, ...]:
        return left(*spells, ill=0.75, up=0)

    return (
        lasting(scope, "stays short of memory", little, node_labels(scope), step=MINUTE),
        passing(scope, "is short of memory for a while", little, step=MINUTE),
        silent(scope, "has just enough", enough, step=MINUTE),
        silent(scope, "is down, which says it all", little_on_a_dead_host, step=MINUTE),
    )


def _saturated_cases(scope: Scope) -> tuple[Case, ...]:
    below = 0.75 * scope.threshold
    above = (scope.threshold + min(2 * scope.threshold, 1)) / 2

    def used(*spells: Spell, ill: float, up: int = 1) -> tuple[Series, ...]:
        host = node_labels(scope)
        idle = tuple((1 - (ill if bad else below), length) for bad, length in spells)
        cpus = (host | {"cpu": cpu, "mode": "idle"} for cpu in ("0", "1"))
        return (
            *(counter("node_cpu_seconds_total", cpu, *idle) for cpu in cpus),
            valued("up", host, (up, whole(spells))),
        )

    def saturated(*spells: Spell) -> tuple[Series, ...]:
        return used(*spells, ill=above)

    def busy(*spells: Spell) -> tuple[Series, ...]:
        return used(*spells, ill=below)

    def saturated_when_it_died(*spells: Spell) -> tuple[Series, ...]:
        return used(*spells, ill=above, up=0)

    return (
        lasting(
            scope,
            "computes without a pause",
            saturated,
            host_labels(scope),
            onset=scope.timings.window.ceil_to(STEP),
        ),
        passing(scope, "computes for a while", saturated),
        silent(scope, "is well used", busy),
        silent(scope, "is down, which says it all", saturated_when_it_died),
    )


CASES: Cases = {
    HOST_MEMORY_LOW: _memory_cases,
    HOST_CPU_SATURATED: _saturated_cases,
}
