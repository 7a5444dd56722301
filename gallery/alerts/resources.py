"""Alerts on a host's memory and processors."""

from __future__ import annotations

from gallery.alerts import panels
from gallery.alerts.guards import NODE, unless_host_down
from gallery.alerts.model import Alert, Scope, Subject, at_once
from gallery.metrics import promql
from gallery.metrics.durations import MINUTE
from gallery.metrics.timings import FailureMode
from gallery.store.roles import INFRASTRUCTURE, Severity


def _memory(scope: Scope) -> str:
    available = scope.of_hosts("node_memory_MemAvailable_bytes", NODE)
    total = scope.of_hosts("node_memory_MemTotal_bytes", NODE)
    return f"{available} / {total} < {scope.threshold:g}{unless_host_down(scope)}"


HOST_MEMORY_LOW = Alert(
    name="HostMemoryLow",
    subject=Subject.HOST,
    expr=_memory,
    hold=MINUTE * 10,
    severity=Severity.TICKET,
    owner=INFRASTRUCTURE.name,
    threshold=0.1,
    unit="share of memory that is available",
    summary="A host has little memory left.",
    what="Host {{ $labels.host }} has {{ $value | humanizePercentage }} of its memory left.",
    panel=panels.MEMORY_LEFT,
    onset={FailureMode.CHANGED: at_once},
)


def _saturated(scope: Scope) -> str:
    idle = scope.of_hosts(
        "node_cpu_seconds_total",
        NODE,
        promql.equals("mode", "idle"),
        window=str(scope.timings.window),
    )
    return f"1 - avg {promql.BY_HOST} (rate({idle})) > {scope.threshold:g}{unless_host_down(scope)}"


HOST_CPU_SATURATED = Alert(
    name="HostCPUSaturated",
    subject=Subject.HOST,
    expr=_saturated,
    hold=MINUTE * 15,
    severity=Severity.TICKET,
    owner=INFRASTRUCTURE.name,
    threshold=0.9,
    unit="share of processor time in use",
    summary="A host has no processor time left.",
    what="Host {{ $labels.host }} uses {{ $value | humanizePercentage }} of its processors.",
    panel=panels.CPU_USED,
    onset={FailureMode.CHANGED: lambda timings: timings.window},
    clearing=lambda timings: timings.window,
)
ALERTS = (HOST_MEMORY_LOW, HOST_CPU_SATURATED)
