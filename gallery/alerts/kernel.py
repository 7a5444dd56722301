"""Alerts on what a host's kernel says: its clock, its tables, what it killed, that it restarted."""

from __future__ import annotations

from gallery.alerts import panels
from gallery.alerts.guards import NODE, unless_host_down
from gallery.alerts.model import Alert, Scope, Subject, at_once
from gallery.alerts.recent import half, last, median
from gallery.metrics import promql
from gallery.metrics.durations import MINUTE
from gallery.metrics.timings import FailureMode
from gallery.store.roles import INFRASTRUCTURE, Severity

# How long an event is told of.
EVENT = MINUTE * 30
# Bytes of memory for which the kernel allows one open file, before systemd lifts the limit to a
# number that nobody reaches (Linux, `files_maxfiles_init`).
_BYTES_PER_FILE = 10_240


def _skewed(scope: Scope) -> str:
    # The bound of the error that the kernel keeps, which grows while nobody sets the clock right.
    # Not the offset: chrony, which Amazon Linux has, never tells it to the kernel.
    error = median(scope, "node_timex_maxerror_seconds")
    return f"min {promql.BY_HOST} ({error}) > {scope.threshold:g}{unless_host_down(scope)}"


HOST_CLOCK_SKEWED = Alert(
    name="HostClockSkewed",
    subject=Subject.HOST,
    expr=_skewed,
    hold=MINUTE * 10,
    severity=Severity.TICKET,
    owner=INFRASTRUCTURE.name,
    # Grows by half a millisecond a second: half an hour after chronyd's end. A poll that is
    # missed at the longest interval reaches it for a moment.
    threshold=1,
    unit="seconds by which the clock may be wrong",
    summary="A host's clock is not kept right.",
    what="The clock of host {{ $labels.host }} may be wrong by {{ $value | humanizeDuration }}: "
    "nothing has set it right for a while.",
    panel=panels.CLOCK_ERROR,
    onset={FailureMode.CHANGED: half},
    clearing=half,
)


def _killing(scope: Scope) -> str:
    killed = scope.of_hosts("node_vmstat_oom_kill", NODE, window=str(EVENT))
    return f"sum {promql.BY_HOST} (increase({killed})) > 0{unless_host_down(scope)}"


HOST_OOM_KILLING = Alert(
    name="HostOOMKilling",
    subject=Subject.HOST,
    expr=_killing,
    # The counter does not err, and the window keeps what it counted.
    hold=MINUTE * 0,
    severity=Severity.TICKET,
    owner=INFRASTRUCTURE.name,
    summary="The kernel kills processes for want of memory.",
    what='On host {{ $labels.host }} the kernel killed {{ $value | printf "%.0f" }} processes '
    "in the last half hour for want of memory.",
    panel=panels.OOM_KILLS,
    onset={FailureMode.CHANGED: at_once},
    clearing=lambda _: EVENT,
)


def _rebooted(scope: Scope) -> str:
    started = scope.of_hosts("node_boot_time_seconds", NODE, window=str(EVENT))
    # By instance: one that takes another's place has not restarted. Not by changes: the value
    # moves by a second when the clock is set.
    moved = f"max_over_time({started}) - min_over_time({started})"
    again = f"{last(scope, 'node_boot_time_seconds')} and {moved} > {scope.threshold:g}"
    return f"time() - max {promql.BY_HOST} ({again}){unless_host_down(scope)}"


HOST_REBOOTED = Alert(
    name="HostRebooted",
    subject=Subject.HOST,
    expr=_rebooted,
    hold=MINUTE * 0,
    severity=Severity.TICKET,
    owner=INFRASTRUCTURE.name,
    threshold=60,
    unit="seconds by which the time of its start moved",
    summary="A host has restarted.",
    what="Host {{ $labels.host }} restarted {{ $value | humanizeDuration }} ago.",
    panel=panels.RUNNING_FOR,
    onset={FailureMode.CHANGED: at_once},
    clearing=lambda _: EVENT,
)


def _conntrack(scope: Scope) -> str:
    entries = median(scope, "node_nf_conntrack_entries")
    used = f"{entries} / {last(scope, 'node_nf_conntrack_entries_limit')}"
    return f"min {promql.BY_HOST} ({used}) > {scope.threshold:g}{unless_host_down(scope)}"


HOST_CONNTRACK_FULL = Alert(
    name="HostConntrackFull",
    subject=Subject.HOST,
    expr=_conntrack,
    hold=MINUTE * 10,
    severity=Severity.TICKET,
    owner=INFRASTRUCTURE.name,
    threshold=0.8,
    unit="share of the table of connections in use",
    summary="A host's table of connections fills.",
    what="Host {{ $labels.host }} uses {{ $value | humanizePercentage }} of its table of "
    "connections; when it is full, new ones are dropped.",
    panel=panels.TABLES_USED,
    onset={FailureMode.CHANGED: half},
    clearing=half,
)


def _files(scope: Scope) -> str:
    opened = median(scope, "node_filefd_allocated")
    allowed = last(scope, "node_filefd_maximum")
    memory = last(scope, "node_memory_MemTotal_bytes")
    of_the_limit = f"min {promql.BY_HOST} ({opened} / {allowed}) > {scope.threshold:g}"
    of_memory = (
        f"min {promql.BY_HOST} ({opened} * {_BYTES_PER_FILE} / {memory}) > {scope.threshold:g}"
    )
    return f"({of_the_limit} or {of_memory}){unless_host_down(scope)}"


HOST_FILE_DESCRIPTORS_LOW = Alert(
    name="HostFileDescriptorsLow",
    subject=Subject.HOST,
    expr=_files,
    hold=MINUTE * 10,
    severity=Severity.TICKET,
    owner=INFRASTRUCTURE.name,
    threshold=0.8,
    unit="share of the open files that the host allows, or that its memory bears",
    summary="A host has very many files open.",
    what="Host {{ $labels.host }} has {{ $value | humanizePercentage }} of the files open that it "
    "allows or its memory bears.",
    panel=panels.TABLES_USED,
    onset={FailureMode.CHANGED: half},
    clearing=half,
)
ALERTS = (
    HOST_CLOCK_SKEWED,
    HOST_OOM_KILLING,
    HOST_REBOOTED,
    HOST_CONNTRACK_FULL,
    HOST_FILE_DESCRIPTORS_LOW,
)
