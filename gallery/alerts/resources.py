"""Alerts on a host's memory and processors."""

from __future__ import annotations

from gallery.alerts import panels
from gallery.alerts.guards import NODE, unless_host_down
from gallery.alerts.model import Alert, Scope, Subject
from gallery.alerts.recent import half, last, median, whole
from gallery.metrics import promql
from gallery.metrics.durations import MINUTE
from gallery.metrics.timings import FailureMode
from gallery.store.roles import INFRASTRUCTURE, Severity

# What processors have left: waiting for disks is no use of theirs. The rest they do, or AWS keeps.
LEFT = f"mode=~{promql.quoted('idle|iowait')}"


def _memory(scope: Scope) -> str:
    # Huge pages are reserved for one program: they are neither available nor used by others.
    pages = last(scope, "node_memory_Hugetlb_bytes")
    total = f"{last(scope, 'node_memory_MemTotal_bytes')} - {pages}"
    left = f"{median(scope, 'node_memory_MemAvailable_bytes')} / ({total})"
    return f"max {promql.BY_HOST} ({left}) < {scope.threshold:g}{unless_host_down(scope)}"


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
    onset={FailureMode.CHANGED: half},
    clearing=half,
)


def _saturated(scope: Scope) -> str:
    def pace(mode: str) -> str:
        """By how many seconds this mode of a processor grows in one.

        Its slope, by its samples' own times: beside a gap a rate reads too little, unless it is
        held against the rates of all eight modes, five times as much to read.
        """
        matcher = promql.equals("mode", mode)
        spent = scope.of_hosts("node_cpu_seconds_total", NODE, matcher, window=promql.LAST_KNOWN)
        return f"deriv({spent})"

    # What falls began anew with its host, and says nothing for five minutes.
    idle = f"avg {promql.BY_HOST} ({pace('idle')} >= 0)"
    waiting = f"avg {promql.BY_HOST} ({pace('iowait')})"
    return f"1 - {idle} - {waiting} > {scope.threshold:g}{unless_host_down(scope)}"


HOST_CPU_SATURATED = Alert(
    name="HostCPUSaturated",
    subject=Subject.HOST,
    expr=_saturated,
    hold=MINUTE * 15,
    severity=Severity.TICKET,
    owner=INFRASTRUCTURE.name,
    threshold=0.9,
    unit="share of processor time in use or withheld",
    summary="A host has no processor time left.",
    what="Host {{ $labels.host }} uses {{ $value | humanizePercentage }} of its processors; what "
    "AWS withholds counts.",
    panel=panels.CPU_USED,
    onset={FailureMode.CHANGED: whole},
    clearing=whole,
)
ALERTS = (HOST_MEMORY_LOW, HOST_CPU_SATURATED)
