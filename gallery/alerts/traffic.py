"""Alerts on a host's network traffic against what is usual for it.

Not by standard deviations: on a host whose traffic hardly varies they page for nothing.
"""

from __future__ import annotations

from gallery.alerts.guards import unless_host_down
from gallery.alerts.model import Alert, Case, Phase, Scope, Series, Subject, flat, unwritten
from gallery.alerts.stories import (
    MINUTE,
    STEP,
    Spell,
    Story,
    gauge,
    lasting,
    minus,
    passing,
    silent,
    valued,
)
from gallery.alerts.subjects import host_labels, node_labels, whole
from gallery.durations import Duration
from gallery.names import (
    HOSTS,
    RECEIVE_RATE,
    RECEIVE_USUAL,
    TRANSMIT_RATE,
    TRANSMIT_USUAL,
)
from gallery.roles import INFRASTRUCTURE, Severity
from gallery.times import Scenario, Timings

# Bytes a second: more than five times next to nothing is still next to nothing.
_MUCH = 100_000
# Bytes a second: a host that usually says less than this cannot fall silent.
_LITTLE = 10_000
# What is usual is recorded every ten minutes, twice the time an instant query looks back.
_USUAL_KNOWN = "30m"
_USUAL_EVERY = MINUTE * 10
_RATE_WINDOW = MINUTE * 5

_DIRECTIONS = ((RECEIVE_RATE, RECEIVE_USUAL), (TRANSMIT_RATE, TRANSMIT_USUAL))


def _usual(scope: Scope, recorded: str) -> str:
    return f"last_over_time({scope.of_hosts(recorded, window=_USUAL_KNOWN)})"


def _either(scope: Scope, conditions: tuple[str, ...]) -> str:
    """One alert for a host, whichever direction or both."""
    return f"({' or '.join(conditions)}){unless_host_down(scope)}"


def _high(scope: Scope) -> str:
    def condition(rate: str, usual: str) -> str:
        now, band = scope.of_hosts(rate), _usual(scope, usual)
        return f"{now} > {scope.threshold:g} * {band} and {now} - {band} > {_MUCH}"

    return _either(scope, tuple(condition(*names) for names in _DIRECTIONS))


def _low(scope: Scope) -> str:
    def condition(rate: str, usual: str) -> str:
        now, band = scope.of_hosts(rate), _usual(scope, usual)
        return f"{now} < {scope.threshold:g} * {band} and {band} > {_LITTLE}"

    return _either(scope, tuple(condition(*names) for names in _DIRECTIONS))


def _recorded_seldom(metric: str, host: dict[str, str], value: float, length: Duration) -> Series:
    phases = list[Phase]()
    for _ in range(length.milliseconds // _USUAL_EVERY.milliseconds + 1):
        phases += [flat(value, STEP), unwritten(minus(_USUAL_EVERY, STEP))]
    return Series(metric=metric, labels=host, phases=tuple(phases))


def _story(
    scope: Scope,
    *,
    receive: float,
    transmit: float = 1,
    usual: float = 100_000,
    known: bool = True,
    up: int = 1,
) -> Story:
    """A host whose traffic leaves its band by these factors while the condition lasts."""
    host = host_labels(scope)

    def story(*spells: Spell) -> tuple[Series, ...]:
        length = whole(spells)
        bands = (RECEIVE_USUAL, TRANSMIT_USUAL) if known else ()
        return (
            gauge(RECEIVE_RATE, host, spells, well=usual, ill=receive * usual),
            gauge(TRANSMIT_RATE, host, spells, well=usual, ill=transmit * usual),
            *(_recorded_seldom(band, host, usual, length) for band in bands),
            valued("up", node_labels(scope), (up, length)),
        )

    return story


def _high_cases(scope: Scope) -> tuple[Case, ...]:
    host, flood = host_labels(scope), 1.5 * scope.threshold
    return (
        lasting(scope, "receives a flood", _story(scope, receive=flood), host),
        lasting(scope, "sends a flood", _story(scope, receive=1, transmit=flood), host),
        passing(scope, "receives a flood for a while", _story(scope, receive=flood)),
        silent(scope, "has a good day", _story(scope, receive=0.75 * scope.threshold)),
        silent(
            scope, "says much for one who hardly speaks", _story(scope, receive=40, usual=2_000)
        ),
        silent(scope, "is new: nobody knows its ways", _story(scope, receive=flood, known=False)),
        silent(scope, "is down, which says it all", _story(scope, receive=flood, up=0)),
    )


def _low_cases(scope: Scope) -> tuple[Case, ...]:
    host, drought = host_labels(scope), 0.75 * scope.threshold
    return (
        lasting(scope, "receives hardly anything", _story(scope, receive=drought), host),
        lasting(scope, "sends hardly anything", _story(scope, receive=1, transmit=drought), host),
        passing(scope, "pauses", _story(scope, receive=drought)),
        silent(scope, "has a quiet night", _story(scope, receive=1.5 * scope.threshold)),
        silent(scope, "hardly ever speaks", _story(scope, receive=0.02, usual=5_000)),
        silent(scope, "is new: nobody knows its ways", _story(scope, receive=drought, known=False)),
        silent(scope, "is down, which says it all", _story(scope, receive=drought, up=0)),
    )


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
    dashboard=HOSTS,
    onset={Scenario.CHANGED: _rate_window},
    clearing=_rate_window,
    recorded=True,
    cases=_high_cases,
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
    dashboard=HOSTS,
    onset={Scenario.CHANGED: _rate_window},
    clearing=_rate_window,
    recorded=True,
    cases=_low_cases,
)
