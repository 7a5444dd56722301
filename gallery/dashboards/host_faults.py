"""What can go wrong on a host besides its resources: disks, clock, kernel, units, measurement."""

from __future__ import annotations

from grafana_foundation_sdk.models import dashboard as model

from gallery.alerts.disks import DISKS, HOST_INODES_LOW
from gallery.alerts.kernel import HOST_CLOCK_SKEWED, HOST_CONNTRACK_FULL
from gallery.alerts.panels import (
    CLOCK_ERROR,
    COLLECTORS,
    DISKS_AT_FAULT,
    INODES_LEFT,
    OOM_KILLS,
    RUNNING_FOR,
    TABLES_USED,
    UNITS_AT_FAULT,
)
from gallery.alerts.units import HOST_UNMEASURED
from gallery.dashboards.panels import Face, Query, graph, limited, line_at
from gallery.dashboards.sources import Source, threshold
from gallery.metrics import labels, promql
from gallery.metrics.collected import MEASURED
from gallery.plan.model import Plan

_NOTHING = "no host"
_OF_HOST = "{{host}}"
_OF_MOUNT = "{{host}} {{mountpoint}}"
_WHILE = "10m"


def of_disks(plan: Plan, source: Source) -> tuple[model.Panel, ...]:
    """What else a disk can run out of, and whether it can be written and measured."""
    free = source.job("node_filesystem_files_free", labels.NODE, where=(DISKS,))
    every = source.job("node_filesystem_files", labels.NODE, where=(DISKS,))
    readonly = source.job("node_filesystem_readonly", labels.NODE, where=(DISKS,))
    error = source.job("node_filesystem_device_error", labels.NODE, where=(DISKS,))
    error_of_mount = f"max by (host, mountpoint) ({error})"
    return (
        graph(
            source,
            INODES_LEFT.title,
            "The share of inodes that is left: without one no file can be made. The dashed line is "
            f"where {HOST_INODES_LOW.name} counts.",
            Query(expr=f"min by (host, mountpoint) ({free} / {every})", legend=_OF_MOUNT),
            face=_share(line_at(threshold(plan, HOST_INODES_LOW))),
            curve=limited(),
        ),
        graph(
            source,
            DISKS_AT_FAULT.title,
            "How many disks of a host can only be read, at every place at which they are mounted, "
            "and how many cannot be measured.",
            Query(
                expr=f"sum by (host) (min by (host, device) ({readonly}))",
                legend="{{host}} read-only",
            ),
            Query(expr=f"sum by (host) ({error_of_mount})", legend="{{host}} not measured"),
            face=Face(unit="none", empty=_NOTHING, decimals=0, lowest=0),
        ),
    )


def of_kernel(plan: Plan, source: Source) -> tuple[model.Panel, ...]:
    """The clock, what was killed, when the host started, and the tables that may fill."""
    error = source.job("node_timex_maxerror_seconds", labels.NODE)
    killed = source.job("node_vmstat_oom_kill", labels.NODE, window=_WHILE)
    started = source.job("node_boot_time_seconds", labels.NODE)
    return (
        graph(
            source,
            CLOCK_ERROR.title,
            "The bound that the kernel keeps of a clock's error; it grows while nothing sets the "
            f"clock right. The dashed line is where {HOST_CLOCK_SKEWED.name} counts.",
            Query(expr=f"max by (host) ({error})", legend=_OF_HOST),
            face=Face(
                unit="s",
                empty=_NOTHING,
                lowest=0,
                steps=line_at(threshold(plan, HOST_CLOCK_SKEWED)),
            ),
            curve=limited(),
        ),
        graph(
            source,
            OOM_KILLS.title,
            f"Processes that the kernel killed within {_WHILE}, those of containers included.",
            Query(expr=f"sum by (host) (increase({killed}))", legend=_OF_HOST),
            face=Face(unit="none", empty=_NOTHING, decimals=0, lowest=0),
        ),
        graph(
            source,
            RUNNING_FOR.title,
            "How long each host has been running; a line that falls to nothing is a restart.",
            Query(expr=f"time() - max by (host) ({started})", legend=_OF_HOST),
            face=Face(unit="s", empty=_NOTHING, lowest=0),
        ),
    )


def of_units(plan: Plan, source: Source) -> tuple[model.Panel, ...]:
    """The tables of the kernel, the units of systemd, and what the exporter measures."""
    entries = source.job("node_nf_conntrack_entries", labels.NODE)
    room = source.job("node_nf_conntrack_entries_limit", labels.NODE)
    opened = source.job("node_filefd_allocated", labels.NODE)
    allowed = source.job("node_filefd_maximum", labels.NODE)
    failed = source.job(
        "node_systemd_unit_state", labels.NODE, where=(promql.equals("state", "failed"),)
    )
    restarts = source.job("node_systemd_service_restart_total", labels.NODE, window=_WHILE)
    measured = source.job(
        "node_scrape_collector_success",
        labels.NODE,
        where=(promql.one_of("collector", MEASURED),),
    )
    return (
        graph(
            source,
            TABLES_USED.title,
            "The share of the table of connections that is in use, and of the open files that are "
            f"allowed. The dashed line is where {HOST_CONNTRACK_FULL.name} counts.",
            Query(expr=f"max by (host) ({entries} / {room})", legend="{{host}} connections"),
            Query(expr=f"max by (host) ({opened} / {allowed})", legend="{{host}} open files"),
            face=_share(line_at(threshold(plan, HOST_CONNTRACK_FULL))),
            curve=limited(),
        ),
        graph(
            source,
            UNITS_AT_FAULT.title,
            "How many units of a host have failed, and how often its units restarted within "
            f"{_WHILE}.",
            Query(expr=f"sum by (host) ({failed})", legend="{{host}} failed"),
            Query(expr=f"sum by (host) (increase({restarts}))", legend="{{host}} restarts"),
            face=Face(unit="none", empty=_NOTHING, decimals=0, lowest=0),
        ),
        graph(
            source,
            COLLECTORS.title,
            "How many collectors of a host's exporter succeed; below the dashed line "
            f"{HOST_UNMEASURED.name} counts.",
            Query(expr=f"sum by (host) ({measured})", legend=_OF_HOST),
            face=Face(
                unit="none",
                empty=_NOTHING,
                decimals=0,
                lowest=0,
                steps=line_at(threshold(plan, HOST_UNMEASURED)),
            ),
            curve=limited(),
        ),
    )


def _share(steps: tuple[tuple[float | None, str], ...]) -> Face:
    return Face(unit="percentunit", empty=_NOTHING, decimals=0, steps=steps, lowest=0, highest=1)
