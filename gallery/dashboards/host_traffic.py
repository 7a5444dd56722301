"""A host's network traffic against the band that is usual for it, as the alerts see it."""

from __future__ import annotations

from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models import dashboard as model

from gallery.alerts.panels import TRAFFIC_IN
from gallery.alerts.traffic import HOST_TRAFFIC_HIGH, HOST_TRAFFIC_LOW
from gallery.dashboards.lines import DASHED, Override, distinct, fixed, styled
from gallery.dashboards.palette import ATTENTION, FAINT, STRONG
from gallery.dashboards.panels import Curve, Face, Query, graph, none_at_all, outside, tile
from gallery.dashboards.sources import CHOSEN_GROUPS, Source, condition, threshold
from gallery.metrics.names import RECEIVE_RATE, RECEIVE_USUAL, TRANSMIT_RATE, TRANSMIT_USUAL
from gallery.metrics.recordings import USUAL_KNOWN
from gallery.plan.model import Plan

_UNKNOWN = "Nobody knows yet what is usual: that takes three days."
_LOG = 2


def _usual(source: Source, recorded: str) -> str:
    return f"last_over_time({source.series(recorded, window=str(USUAL_KNOWN))})"


def ratio(source: Source, rate: str, usual: str) -> str:
    """How many times its usual traffic a host has now."""
    return f"max by (host) ({source.series(rate)} / {_usual(source, usual)})"


def received(source: Source) -> str:
    """How many times its usual traffic a host receives."""
    return ratio(source, RECEIVE_RATE, RECEIVE_USUAL)


def sent(source: Source) -> str:
    """How many times its usual traffic a host sends."""
    return ratio(source, TRANSMIT_RATE, TRANSMIT_USUAL)


def limits(plan: Plan) -> tuple[float | None, float | None]:
    """Below and above how many times the usual traffic the alerts of this stack count."""
    return threshold(plan, HOST_TRAFFIC_LOW), threshold(plan, HOST_TRAFFIC_HIGH)


def against_usual(plan: Plan, source: Source) -> tuple[model.Panel, model.Panel]:
    """Every host's traffic in and out as a multiple of its own usual: one scale for all."""
    low, high = limits(plan)
    face = Face(unit="suffix: x", empty=_UNKNOWN, steps=outside(low, high), decimals=2)
    curve = Curve(
        limits=common.GraphThresholdsStyleMode.LINE_AND_AREA,
        log=_LOG,
        soft=((low or 1) / 2, (high or 1) * 2),
        calcs=("lastNotNull", "min", "max"),
        overrides=distinct([host.name for host in plan.hosts]),
    )

    def panel(title: str, direction: str, expr: str) -> model.Panel:
        return graph(
            source,
            title,
            f"What each host {direction}, as a multiple of its own median of seven days: 1 is as "
            f"usual. {_words(low, high)}",
            Query(expr=expr, legend="{{host}}"),
            face=face,
            curve=curve,
        )

    return (
        panel(TRAFFIC_IN.title, "receives", received(source)),
        panel("Traffic out, against what is usual", "sends", sent(source)),
    )


def _words(low: float | None, high: float | None) -> str:
    edges = (
        f"below {low:g}" if low is not None else "",
        f"above {high:g}" if high is not None else "",
    )
    counted = " and ".join(edge for edge in edges if edge)
    if not counted:
        return "This stack has no alert on it."
    return (
        f"The shaded parts, {counted}, are where the alerts count, for amounts that matter and "
        "after their hold."
    )


def unusual(plan: Plan, source: Source) -> str:
    """1 for each host of whose traffic an alert counts, its floors included, 0 for the others.

    A host of which nobody knows what is usual is neither.
    """
    known = f"0 * {received(source)}"
    alerts = (HOST_TRAFFIC_HIGH, HOST_TRAFFIC_LOW)
    counted = [expr for alert in alerts if (expr := condition(plan, alert, CHOSEN_GROUPS))]
    if not counted:
        return known
    return f"group by (host) ({' or '.join(counted)}) or on (host) {known}"


def tile_of_unusual(plan: Plan, source: Source) -> model.Panel:
    """How many hosts are outside their band."""
    return tile(
        source,
        "Hosts with unusual traffic",
        "How many hosts receive or send far more or far less than they usually do, by amounts "
        "that matter: as the alerts count, before their hold (`for`) is over.",
        Query(expr=f"sum ({unusual(plan, source)})", legend="hosts"),
        Face(unit="none", empty="NOT KNOWN", decimals=0, steps=none_at_all(ATTENTION)),
    )


def in_detail(plan: Plan, source: Source) -> tuple[model.Panel, model.Panel]:
    """One host's traffic in bytes a second, on the band that is usual for it."""
    return (
        _in_bytes(plan, source, "Bytes in", RECEIVE_RATE, RECEIVE_USUAL),
        _in_bytes(plan, source, "Bytes out", TRANSMIT_RATE, TRANSMIT_USUAL),
    )


def _in_bytes(plan: Plan, source: Source, title: str, rate: str, usual: str) -> model.Panel:
    low, high = limits(plan)
    median = f"max by (host) ({_usual(source, usual)})"
    edges = {
        **({} if low is None else {f"{low:g} times usual": f"{low:g} * {median}"}),
        **({} if high is None else {f"{high:g} times usual": f"{high:g} * {median}"}),
    }
    return graph(
        source,
        title,
        "Averaged over five minutes, over the physical interfaces. The shaded band is what is "
        "usual, from the median of seven days.",
        Query(expr=f"max by (host) ({source.series(rate)})", legend="now"),
        Query(expr=median, legend="usual"),
        *(Query(expr=expr, legend=legend) for legend, expr in edges.items()),
        face=Face(unit="Bps", empty=_UNKNOWN, lowest=0),
        curve=Curve(calcs=("lastNotNull", "min", "max"), overrides=_band(tuple(edges))),
    )


def _band(edges: tuple[str, ...]) -> tuple[Override, ...]:
    """The line of now strong, the usual one faint, and the space between the edges shaded."""
    shading: dict[str, dict[str, object]] = {
        edge: {"custom.lineWidth": 1, "color": fixed(FAINT)} for edge in edges
    }
    if len(edges) > 1:
        shading[edges[-1]] |= {"custom.fillBelowTo": edges[0], "custom.fillOpacity": 15}
    styles: dict[str, dict[str, object]] = {
        "now": {"custom.lineWidth": 3, "color": fixed(STRONG)},
        "usual": {
            "color": fixed(FAINT),
            "custom.lineStyle": DASHED,
        },
        **shading,
    }
    return styled(styles)
