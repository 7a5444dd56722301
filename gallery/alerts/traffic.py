"""Alerts on a host's network traffic against what is usual for it.

Not by standard deviations: on a host whose traffic hardly varies they page for nothing.
"""

from __future__ import annotations

from gallery.alerts import panels
from gallery.alerts.bridges import APART
from gallery.alerts.guards import unless_host_down
from gallery.alerts.model import Alert, Scope, Subject
from gallery.metrics.durations import MINUTE, Duration
from gallery.metrics.names import RECEIVE_RATE, RECEIVE_USUAL, TRANSMIT_RATE, TRANSMIT_USUAL
from gallery.metrics.recordings import USUAL_KNOWN
from gallery.metrics.timings import FailureMode, Timings
from gallery.store.roles import INFRASTRUCTURE, Severity

# Bytes a second: more than five times next to nothing is still next to nothing.
MUCH = 100_000
# Bytes a second: a host that usually says less than this cannot fall silent.
LITTLE = 10_000
_RATE_WINDOW = MINUTE * 5
_DIRECTIONS = ((RECEIVE_RATE, RECEIVE_USUAL), (TRANSMIT_RATE, TRANSMIT_USUAL))


def _usual(scope: Scope, recorded: str) -> str:
    return f"last_over_time({scope.of_hosts(recorded, window=str(USUAL_KNOWN))})"


def _either(scope: Scope, conditions: tuple[str, ...]) -> str:
    """One alert for a host, whichever direction or both."""
    return f"({' or '.join(conditions)}){unless_host_down(scope)}"


def _high(scope: Scope) -> str:
    def condition(rate: str, usual: str) -> str:
        now, band = scope.of_hosts(rate), _usual(scope, usual)
        return f"({now} > {scope.threshold:g} * {band}) > {band} + {MUCH}"

    return _either(scope, tuple(condition(*names) for names in _DIRECTIONS))


def _low(scope: Scope) -> str:
    def condition(rate: str, usual: str) -> str:
        now, band = scope.of_hosts(rate), _usual(scope, usual)
        return f"{now} < {scope.threshold:g} * ({band} > {LITTLE})"

    return _either(scope, tuple(condition(*names) for names in _DIRECTIONS))


def _rate_window(_: Timings) -> Duration:
    """X of a rate over five minutes that must leave a band by a factor."""
    return _RATE_WINDOW


HOST_TRAFFIC_HIGH = Alert(
    name="HostTrafficHigh",
    subject=Subject.HOST,
    expr=_high,
    hold=MINUTE * 5,
    severity=Severity.TICKET,
    owner=INFRASTRUCTURE.name,
    threshold=5,
    unit="times the usual traffic",
    summary="A host has far more network traffic than usual.",
    what="Host {{ $labels.host }} moves {{ $value | humanize1024 }}B/s, far more than usual.",
    panel=panels.TRAFFIC_IN,
    onset={FailureMode.CHANGED: _rate_window},
    clearing=_rate_window,
    keep_firing=APART,
    recorded=True,
)


HOST_TRAFFIC_LOW = Alert(
    name="HostTrafficLow",
    subject=Subject.HOST,
    expr=_low,
    hold=MINUTE * 10,
    severity=Severity.TICKET,
    owner=INFRASTRUCTURE.name,
    threshold=0.2,
    unit="times the usual traffic",
    summary="A host has hardly any of its usual network traffic.",
    what="Host {{ $labels.host }} moves {{ $value | humanize1024 }}B/s, far less than usual.",
    panel=panels.TRAFFIC_IN,
    onset={FailureMode.CHANGED: _rate_window},
    clearing=_rate_window,
    recorded=True,
)
ALERTS = (HOST_TRAFFIC_HIGH, HOST_TRAFFIC_LOW)
