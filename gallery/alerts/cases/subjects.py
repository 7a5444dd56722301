"""The series that cases of several alerts are told with, under the labels collectors give them."""

from __future__ import annotations

from collections.abc import Callable

from gallery.alerts.cases.model import Case, Series, unwritten
from gallery.alerts.cases.stories import CALM, STEP, Spell, present, valued
from gallery.alerts.model import Labels, Scope
from gallery.metrics import labels
from gallery.metrics.durations import MINUTE, Duration


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


def whole(spells: tuple[Spell, ...]) -> Duration:
    """The length of all spells together."""
    return sum((length for _, length in spells), Duration(0))
