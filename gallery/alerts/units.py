"""Alerts on a host's systemd units, the exporter's own among them."""

from __future__ import annotations

from gallery.alerts import panels
from gallery.alerts.guards import NODE, unless_host_down
from gallery.alerts.model import Alert, Scope, Subject
from gallery.alerts.recent import half, share
from gallery.metrics import labels, promql
from gallery.metrics.collected import MEASURED
from gallery.metrics.durations import MINUTE
from gallery.metrics.timings import FailureMode
from gallery.store.roles import INFRASTRUCTURE, Severity

RESTARTS = MINUTE * 10
_BY_UNIT = promql.by((*labels.HOST_COMMON, "name"))
_BY_COLLECTOR = promql.by((*labels.HOST_COMMON, "collector"))


def _failed(scope: Scope) -> str:
    failed = share(scope, "node_systemd_unit_state", promql.equals("state", "failed"))
    # Compared first: of thousands of units hardly one is left whose labels are worked out.
    return f"group {_BY_UNIT} ({failed} > {scope.threshold:g}){unless_host_down(scope)}"


HOST_UNIT_FAILED = Alert(
    name="HostUnitFailed",
    subject=Subject.HOST,
    expr=_failed,
    hold=MINUTE * 10,
    severity=Severity.TICKET,
    owner=INFRASTRUCTURE.name,
    threshold=0.5,
    unit="share of five minutes in which the unit had failed",
    summary="A unit of systemd has failed.",
    what="Unit {{ $labels.name }} of host {{ $labels.host }} has failed.",
    panel=panels.UNITS_AT_FAULT,
    onset={FailureMode.CHANGED: half},
    # A failure that is reset takes its series with it, and the share is that of what is left.
    clearing=lambda _: MINUTE * 5,
)


def _restarting(scope: Scope) -> str:
    counted = scope.of_hosts("node_systemd_service_restart_total", NODE, window=str(RESTARTS))
    # Compared first, as above.
    often = f"increase({counted}) >= {scope.threshold:g}"
    return f"max {_BY_UNIT} ({often}){unless_host_down(scope)}"


HOST_UNIT_RESTARTING = Alert(
    name="HostUnitRestarting",
    subject=Subject.HOST,
    expr=_restarting,
    # Longer than the window, so that a burst of restarts within a minute is none of its business.
    hold=MINUTE * 15,
    severity=Severity.TICKET,
    owner=INFRASTRUCTURE.name,
    threshold=3,
    unit="restarts in ten minutes",
    summary="A unit of systemd restarts again and again.",
    what="Unit {{ $labels.name }} of host {{ $labels.host }} restarted "
    '{{ $value | printf "%.0f" }} times in ten minutes.',
    panel=panels.UNITS_AT_FAULT,
    onset={FailureMode.CHANGED: lambda _: RESTARTS},
    clearing=lambda _: RESTARTS,
)


def _unmeasured(scope: Scope) -> str:
    # Counted, so that a collector which fails and one that an old unit lacks are told alike.
    chosen = promql.one_of("collector", MEASURED)
    well = f"max {_BY_COLLECTOR} ({share(scope, 'node_scrape_collector_success', chosen)})"
    count = f"sum {promql.BY_HOST} ({well} > bool 0.5)"
    return f"{count} < {scope.threshold:g}{unless_host_down(scope)}"


HOST_UNMEASURED = Alert(
    name="HostUnmeasured",
    subject=Subject.HOST,
    expr=_unmeasured,
    hold=MINUTE * 10,
    severity=Severity.TICKET,
    owner=INFRASTRUCTURE.name,
    threshold=len(MEASURED),
    unit="collectors of the exporter that must succeed",
    summary="Not everything is measured on a host.",
    what="On host {{ $labels.host }} only {{ $value }} "
    f"of {len(MEASURED)} things are measured: alerts on the others cannot fire.",
    panel=panels.COLLECTORS,
    onset={FailureMode.CHANGED: half},
    clearing=half,
)
ALERTS = (HOST_UNIT_FAILED, HOST_UNIT_RESTARTING, HOST_UNMEASURED)
