"""The series that cases of several alerts are told with, under the labels collectors give them."""

from __future__ import annotations

from collections.abc import Callable

from gallery.alerts.cases.model import Case, Phase, Series, flat, gone, unwritten
from gallery.alerts.cases.stories import CALM, STEP, Spell, present, valued
from gallery.alerts.guards import late
from gallery.alerts.model import Labels, Scope
from gallery.metrics import labels, promql
from gallery.metrics.durations import MINUTE, Duration, minus
from gallery.metrics.names import COLLECTOR_EXPECTED


def probe_labels(scope: Scope, service: str, job: str = labels.PROBE) -> dict[str, str]:
    """The labels of a probe's series."""
    return scope.at(job=job, service=service, instance=service)


def canary_labels(scope: Scope) -> dict[str, str]:
    """The labels of the prober's probe of itself."""
    return probe_labels(scope, labels.COLLECTOR_SERVICE, labels.CANARY)


def collector_labels(scope: Scope) -> dict[str, str]:
    """The labels of what the collector scrapes of itself."""
    return scope.at(job=labels.COLLECTOR, service=labels.COLLECTOR_SERVICE, instance="collector-0")


def mesh_labels(scope: Scope, service: str, pod: str = "1") -> dict[str, str]:
    """The labels of the scrape of one pod's proxy."""
    return scope.at(job=labels.MESH, service=service, instance=f"{service}-{pod}")


def istiod_labels(scope: Scope, pod: str = "1") -> dict[str, str]:
    """The labels of the scrape of one replica of the mesh's control plane."""
    service = labels.ISTIOD_SERVICE
    return scope.at(job=labels.ISTIOD, service=service, instance=f"{service}-{pod}")


def host_labels(scope: Scope, number: int = 1) -> dict[str, str]:
    """The labels that a host's series share, aggregated or not."""
    group = scope.host_groups[0]
    return scope.at(service="checkoutservice", host_group=group, host=f"{group}-{number}")


def node_labels(scope: Scope, number: int = 1) -> dict[str, str]:
    """The labels of the scrape of a host's exporter; a host's instance is not always the same."""
    return host_labels(scope, number) | {"job": labels.NODE, "instance": f"i-0{number}"}


def group_labels(scope: Scope) -> dict[str, str]:
    """The labels of a whole group of hosts."""
    return scope.at(service="checkoutservice", host_group=scope.host_groups[0])


def collector_well(scope: Scope, length: Duration) -> Series:
    """The collector scrapes itself and writes."""
    return valued("up", collector_labels(scope), (1, length))


def collector_silent(scope: Scope, *spells: Spell) -> Series:
    """The collector writes nothing, not even that, during a spell."""
    return present("up", collector_labels(scope), spells, away=unwritten)


def collector_dies(
    scope: Scope, expected: Callable[[Duration], tuple[Series, ...]], *scraped: Labels
) -> Case:
    """Everything scraped vanishes with the collector: its death is another alert's to tell."""
    dead = scope.hold.ceil_to(STEP) + MINUTE * 10
    spells = (False, CALM), (True, dead)
    return Case(
        name="the collector is dead and its last values expire",
        series=(
            *expected(CALM + dead),
            *(present("up", of, spells, away=unwritten) for of in scraped),
            collector_silent(scope, *spells),
        ),
        until=CALM + dead,
    )


def recorded(scope: Scope, *phases: Phase) -> Series:
    """What every plan has recorded, whatever else it has."""
    constant = scope.at(service=labels.COLLECTOR_SERVICE)
    return Series(metric=COLLECTOR_EXPECTED, labels=constant, phases=phases)


def planned_and_gone(
    scope: Scope, metric: str, expected: Labels, value: float, *scraped: Labels
) -> tuple[Case, ...]:
    """What is expected of `scraped` is recorded no more, since the plan changed, or a bit late."""
    away = CALM + minus(late(scope) + STEP * 4, scope.hold).ceil_to(STEP)
    end = CALM + Duration.parse(promql.LAST_KNOWN) + MINUTE
    fires = CALM + scope.hold.ceil_to(STEP)
    until = fires + STEP * 6
    ends = minus(fires, scope.timings.evaluate_amp)

    def series(length: Duration, since: Duration, *recorded_too: Phase) -> tuple[Series, ...]:
        spells = (False, since), (True, minus(length, since))
        return (
            *(present("up", of, spells, away=gone) for of in scraped),
            recorded(scope, *recorded_too),
            collector_well(scope, length),
        )

    def constant(*phases: Phase) -> Series:
        return Series(metric=metric, labels=expected, phases=phases)

    return (
        Case(
            name="is no longer planned",
            series=(
                constant(flat(value, CALM), unwritten(minus(end, CALM))),
                *series(end, away, flat(1, end)),
            ),
            until=end,
        ),
        Case(
            name="has left, and is recorded an evaluation after the others",
            series=(
                constant(flat(value, ends), unwritten(minus(until, ends))),
                *series(until, CALM, flat(1, until)),
            ),
            fires_at=fires,
            fires=(expected,),
        ),
    )


def whole(spells: tuple[Spell, ...]) -> Duration:
    """The length of all spells together."""
    return sum((length for _, length in spells), Duration(0))
