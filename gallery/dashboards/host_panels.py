"""Whether hosts are there, and whether processors, memory and disks suffice."""

from __future__ import annotations

from grafana_foundation_sdk.models import dashboard as model

from gallery.alerts.disks import DISKS, HOST_DISK_FILLING
from gallery.alerts.panels import (
    CPU_USED,
    DISK_LEFT,
    HOSTS_MISSING,
    HOSTS_OVER_TIME,
    MEMORY_LEFT,
)
from gallery.alerts.resources import HOST_CPU_SATURATED, HOST_MEMORY_LOW, LEFT
from gallery.dashboards.host_traffic import tile_of_unusual
from gallery.dashboards.lines import distinct
from gallery.dashboards.panels import (
    UNSEEN,
    Curve,
    Face,
    Query,
    at_least,
    at_most,
    graph,
    limited,
    line_at,
    none_at_all,
    state_timeline,
    tile,
)
from gallery.dashboards.sources import RATE_INTERVAL, Source, threshold
from gallery.metrics import labels, promql
from gallery.metrics.names import HOSTS_EXPECTED
from gallery.plan.model import Plan

NOT_FOUND = "NOT FOUND"
_NOTHING = "no host"
_OF_HOST = "{{host}}"
_CPU = "node_cpu_seconds_total"
# Samples taken before a host was lost still tell that it was there.
_REMEMBERED = "1h"


def answers(source: Source) -> str:
    """1 or 0 for each host. While it is replaced it has two instances, and one is enough."""
    return f"max by (host) ({source.job('up', labels.NODE)})"


def state(source: Source) -> str:
    """1, 0 or -1 for each host: up, down, or found within the last hour and not now."""
    known = source.job("up", labels.NODE, window=_REMEMBERED)
    return f"{answers(source)} or on (host) 0 * max by (host) (last_over_time({known})) + {UNSEEN}"


def cpu(source: Source, window: str) -> str:
    """The share of processor time in use or withheld, for each host."""
    left = source.job(_CPU, labels.NODE, where=(LEFT,), window=window)
    every = source.job(_CPU, labels.NODE, window=window)
    return f"1 - sum by (host) (rate({left})) / sum by (host) (rate({every}))"


def memory(source: Source) -> str:
    """The share of memory that is available, of what huge pages leave, for each host."""
    available = source.job("node_memory_MemAvailable_bytes", labels.NODE)
    total = source.job("node_memory_MemTotal_bytes", labels.NODE)
    pages = source.job("node_memory_Hugetlb_bytes", labels.NODE)
    return f"min by (host) ({available} / ({total} - {pages}))"


def disk(source: Source, by: str) -> str:
    """The share of disk space that is left, by these labels."""
    left = source.job("node_filesystem_avail_bytes", labels.NODE, where=(DISKS,))
    size = source.job("node_filesystem_size_bytes", labels.NODE, where=(DISKS,))
    return f"min by ({by}) ({left} / {size})"


def tiles(plan: Plan, source: Source) -> tuple[model.Panel, ...]:
    """How many hosts there are, how many should be, and which is the worst off."""
    up = answers(source)
    expected = source.series(HOSTS_EXPECTED)
    found = f"(count ({up}) or vector(0))"
    window = str(plan.timings.window)
    return (
        tile_of_unusual(plan, source),
        tile(
            source,
            "Hosts up",
            f"How many of the plan's {len(plan.hosts)} hosts answer now.",
            Query(expr=f"sum ({up} == bool 1)", legend="up"),
            Face(
                unit="none",
                empty=_NOTHING,
                decimals=0,
            ),
        ),
        tile(
            source,
            "Hosts down",
            "How many hosts are found in EC2 and do not answer.",
            Query(expr=f"sum ({up} == bool 0)", legend="down"),
            Face(unit="none", empty=_NOTHING, decimals=0, steps=none_at_all()),
        ),
        tile(
            source,
            HOSTS_MISSING.title,
            "How many hosts of the plan are not found in EC2 at all.",
            Query(expr=f"sum ({expected}) - {found}", legend="missing"),
            Face(unit="none", empty="NOT KNOWN", decimals=0, steps=none_at_all()),
        ),
        tile(
            source,
            "Busiest processor",
            "The share of processor time in use on the busiest host.",
            Query(expr=f"max ({cpu(source, window)})", legend="in use"),
            _share(at_most(threshold(plan, HOST_CPU_SATURATED))),
        ),
        tile(
            source,
            "Least memory left",
            "The share of memory that is available where it is scarcest.",
            Query(expr=f"min ({memory(source)})", legend="left"),
            _share(at_least(threshold(plan, HOST_MEMORY_LOW))),
        ),
        tile(
            source,
            "Least disk left",
            "The share of space that is left on the fullest disk.",
            Query(expr=f"min ({disk(source, 'host')})", legend="left"),
            _share(at_least(threshold(plan, HOST_DISK_FILLING))),
        ),
    )


def _share(steps: tuple[tuple[float | None, str], ...]) -> Face:
    return Face(unit="percentunit", empty=_NOTHING, decimals=0, steps=steps, lowest=0, highest=1)


def over_time(source: Source) -> model.Panel:
    """Every host as a lane."""
    return state_timeline(
        source,
        HOSTS_OVER_TIME.title,
        f"Whether each host's exporter answered. {NOT_FOUND}: it was there within the hour before "
        "and is not in EC2 any more.",
        Query(expr=state(source), legend=_OF_HOST),
        unseen=NOT_FOUND,
    )


def resources(plan: Plan, source: Source) -> tuple[model.Panel, ...]:
    """Processors, memory and disks of every host, against what the alerts compare with."""
    lines = distinct([host.name for host in plan.hosts])
    return (
        graph(
            source,
            CPU_USED.title,
            f"The dashed line is where {HOST_CPU_SATURATED.name} counts.",
            Query(expr=cpu(source, RATE_INTERVAL), legend=_OF_HOST),
            face=_share(line_at(threshold(plan, HOST_CPU_SATURATED))),
            curve=limited(*lines),
        ),
        graph(
            source,
            MEMORY_LEFT.title,
            f"The share that is available. The dashed line is where {HOST_MEMORY_LOW.name} counts.",
            Query(expr=memory(source), legend=_OF_HOST),
            face=_share(line_at(threshold(plan, HOST_MEMORY_LOW))),
            curve=limited(*lines),
        ),
        graph(
            source,
            DISK_LEFT.title,
            f"The share of space that is left. Below the dashed line {HOST_DISK_FILLING.name} "
            "counts if the disk will be full soon.",
            Query(expr=disk(source, "host, mountpoint"), legend="{{host}} {{mountpoint}}"),
            face=_share(line_at(threshold(plan, HOST_DISK_FILLING))),
            curve=limited(),
        ),
    )


def in_detail(source: Source) -> tuple[model.Panel, ...]:
    """One host's load, in its own units."""
    working = (f"mode!={promql.quoted('idle')}",)
    busy = source.job(_CPU, labels.NODE, where=working, window=RATE_INTERVAL)
    total = source.job("node_memory_MemTotal_bytes", labels.NODE)
    available = source.job("node_memory_MemAvailable_bytes", labels.NODE)
    read = source.job("node_disk_read_bytes_total", labels.NODE, window=RATE_INTERVAL)
    written = source.job("node_disk_written_bytes_total", labels.NODE, window=RATE_INTERVAL)
    last = Curve(calcs=("lastNotNull", "max"))
    load = source.job("node_load1", labels.NODE)
    every = source.job(_CPU, labels.NODE, where=(f"mode={promql.quoted('idle')}",))
    return (
        graph(
            source,
            "What waits for processors",
            "Programs that run or want to, averaged over a minute, against the processors there "
            "are: more than those wait.",
            Query(expr=f"max by (host) ({load})", legend="running or waiting"),
            Query(expr=f"count by (host) ({every})", legend="processors"),
            face=Face(unit="none", empty=_NOTHING, lowest=0, decimals=1),
            curve=last,
        ),
        graph(
            source,
            "What the processors do",
            "Processors in use, by what for: 1 is one whole processor.",
            Query(expr=f"sum by (mode) (rate({busy}))", legend="{{mode}}"),
            face=Face(unit="none", empty=_NOTHING, lowest=0, decimals=2),
            curve=last,
        ),
        graph(
            source,
            "What memory there is",
            "All of it, and what programs could still have.",
            Query(expr=f"max by (host) ({total})", legend="all"),
            Query(expr=f"max by (host) ({available})", legend="available"),
            face=Face(unit="bytes", empty=_NOTHING, lowest=0),
            curve=last,
        ),
        graph(
            source,
            "What the disks do",
            "Bytes a second read and written, over all disks.",
            Query(expr=f"sum by (host) (rate({read}))", legend="read"),
            Query(expr=f"sum by (host) (rate({written}))", legend="written"),
            face=Face(unit="Bps", empty=_NOTHING, lowest=0),
            curve=last,
        ),
    )
