"""Every host on one line, with what is wrong on top."""

from __future__ import annotations

from dataclasses import replace

from grafana_foundation_sdk.models import dashboard as model

from gallery.alerts.disks import HOST_DISK_FILLING
from gallery.alerts.resources import HOST_CPU_SATURATED, HOST_MEMORY_LOW
from gallery.dashboards.host_panels import NOT_FOUND, cpu, disk, memory, state
from gallery.dashboards.host_traffic import received, sent, unusual
from gallery.dashboards.palette import ATTENTION
from gallery.dashboards.panels import Face, Query, at_least, at_most, none_at_all
from gallery.dashboards.sources import Source, threshold
from gallery.dashboards.tables import Column, live_table
from gallery.metrics import labels
from gallery.metrics.names import RECEIVE_RATE, TRANSMIT_RATE
from gallery.plan.model import Plan

_BYTES = Face(unit="Bps", empty="-", decimals=1)
_TIMES = Face(unit="suffix: x", empty="-", decimals=2)
_SHARE = Face(unit="percentunit", empty="-", decimals=0, lowest=0, highest=1)


def table_of_hosts(plan: Plan, source: Source) -> model.Panel:
    """State, traffic and how many times the usual it is, processor, memory, disk."""
    window = str(plan.timings.window)
    columns = {
        "State": (state(source), Column(heading="State", shows="", width=120, state=NOT_FOUND)),
        "Traffic": (unusual(plan, source), _traffic()),
        "In": (f"max by (host) ({source.series(RECEIVE_RATE)})", _column("In", _BYTES)),
        "Times usual in": (received(source), _column("Times usual in", _TIMES)),
        "Out": (f"max by (host) ({source.series(TRANSMIT_RATE)})", _column("Out", _BYTES)),
        "Times usual out": (sent(source), _column("Times usual out", _TIMES)),
    }
    saturated = at_most(threshold(plan, HOST_CPU_SATURATED))
    scarce = at_least(threshold(plan, HOST_MEMORY_LOW))
    full = at_least(threshold(plan, HOST_DISK_FILLING))
    columns |= {
        "Processor": (cpu(source, window), _gauge("Processor", saturated)),
        "Memory left": (memory(source), _gauge("Memory left", scarce)),
        "Disk left": (disk(source, "host"), _gauge("Disk left", full)),
    }
    exprs = [expr for expr, _ in columns.values()]
    shown = [
        replace(column, shows=f"Value #{chr(ord('A') + number)}")
        for number, (_, column) in enumerate(columns.values())
    ]
    return live_table(
        source,
        "Every host now",
        "What is wrong stands on top. Coloured cells are beyond what the alerts compare with.",
        tuple(Query(expr=expr, legend="") for expr in exprs),
        (shown[0], Column(heading="Host", shows=labels.HOST), *shown[1:]),
        key=labels.HOST,
    )


def _column(heading: str, face: Face) -> Column:
    return Column(heading=heading, shows="", face=face)


def _gauge(heading: str, steps: tuple[tuple[float | None, str], ...]) -> Column:
    return Column(heading=heading, shows="", face=replace(_SHARE, steps=steps), gauge=True)


def _traffic() -> Column:
    face = Face(unit="none", empty="-", steps=none_at_all(ATTENTION))
    return Column(heading="Traffic", shows="", face=face, texts={"0": "usual", "1": "UNUSUAL"})
