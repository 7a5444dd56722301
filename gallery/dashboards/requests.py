"""What the mesh knows of requests, as PromQL and as panels; the prober's own are left out.

Callers tell of a server that could not be reached, which it cannot tell itself; but a caller
outside the mesh tells nothing. So each service is read as its callers saw it where there are
any, and otherwise as it saw itself. Durations are the server's own.
"""

from __future__ import annotations

from grafana_foundation_sdk.models import dashboard as model

from gallery.alerts.endpoints import ENDPOINT_SLOW
from gallery.alerts.panels import WAIT_P95
from gallery.dashboards.endpoints import lines
from gallery.dashboards.palette import ATTENTION, BAD, GOOD
from gallery.dashboards.panels import (
    Curve,
    Face,
    Query,
    at_most,
    graph,
    limited,
    line_at,
    tile,
)
from gallery.dashboards.sources import RATE_INTERVAL, Source, threshold
from gallery.dashboards.tables import Column, live_table
from gallery.metrics import labels, promql
from gallery.metrics.faults import server_faults
from gallery.plan.model import Plan

_CUSTOMERS = f"source_workload!={promql.quoted(labels.PROBER_WORKLOAD)}"
_CALLERS, _SERVERS = "source", "destination"
_NO_TRAFFIC = "no traffic"
# Shares of failed requests at which a tile changes its colour. No alert compares with them.
_SOME, _MANY = 0.01, 0.05
_OF_SERVICE = "{{service}}"
# Of the ways in which requests are answered, so many are shown.
_WAYS = 20


def _counted(source: Source, reporter: str, window: str, *matchers: str) -> str:
    chosen = (promql.equals("reporter", reporter), _CUSTOMERS, *matchers)
    counter = source.job("istio_requests_total", labels.MESH, where=chosen, window=window)
    return f"rate({counter})"


def _answered(source: Source, reporter: str, window: str) -> str:
    return f"sum by (service) ({_counted(source, reporter, window)})"


def _failed(source: Source, reporter: str, window: str) -> str:
    failed = (_counted(source, reporter, window, *each) for each in server_faults())
    return f"sum by (service) ({' or '.join(failed)})"


def rate(source: Source, window: str) -> str:
    """Requests a second to each service."""
    return f"{_answered(source, _CALLERS, window)} or {_answered(source, _SERVERS, window)}"


def failing(source: Source, window: str) -> str:
    """The share of requests to each service that fail, where there are any requests."""

    def share(reporter: str) -> str:
        answered, failed = (of(source, reporter, window) for of in (_answered, _failed))
        return f"({failed} or 0 * {answered}) / ({answered} > 0)"

    return f"{share(_CALLERS)} or {share(_SERVERS)}"


def quantile(source: Source, share: float, window: str) -> str:
    """Milliseconds within which this share of a service's requests is answered, if it has any."""
    metric = "istio_request_duration_milliseconds_bucket"
    chosen = (promql.equals("reporter", _SERVERS), _CUSTOMERS)
    buckets = source.job(metric, labels.MESH, where=chosen, window=window)
    # Without requests a quantile is not a number, which compares with nothing.
    return f"histogram_quantile({share:g}, sum by (service, le) (rate({buckets}))) >= 0"


def tiles(plan: Plan, entrances: Source) -> tuple[model.Panel, ...]:
    """How the shop does at its entrances, as its customers see it."""
    window = str(plan.timings.window)
    slow = threshold(plan, ENDPOINT_SLOW)
    return (
        tile(
            entrances,
            "Customers' requests",
            "Requests a second at the shop's entrance, without the prober's.",
            Query(expr=f"sum ({rate(entrances, window)})", legend="requests"),
            Face(unit="reqps", empty=_NO_TRAFFIC, decimals=1),
        ),
        tile(
            entrances,
            "Customers' requests that fail",
            "The share of requests at the shop's entrance that end in a server's error.",
            Query(expr=f"max ({failing(entrances, window)})", legend="failing"),
            Face(
                unit="percentunit",
                empty=_NO_TRAFFIC,
                decimals=2,
                steps=((None, GOOD), (_SOME, ATTENTION), (_MANY, BAD)),
            ),
        ),
        tile(
            entrances,
            "Customers' wait (p95)",
            "95 of 100 requests at the shop's entrance are answered within this time.",
            Query(expr=f"max ({quantile(entrances, 0.95, window)})", legend="p95"),
            Face(unit="ms", empty=_NO_TRAFFIC, decimals=0, steps=at_most(slow)),
        ),
    )


def traffic(plan: Plan, source: Source) -> tuple[model.Panel, ...]:
    """How much is asked of each service, and how much of it fails."""
    return (
        graph(
            source,
            "Requests to each service",
            "As the callers in the mesh saw them. Redis speaks no HTTP and is not here.",
            Query(expr=rate(source, RATE_INTERVAL), legend=_OF_SERVICE),
            face=Face(unit="reqps", empty=_NO_TRAFFIC, lowest=0),
            curve=Curve(overrides=lines(plan)),
        ),
        graph(
            source,
            "Requests that fail",
            "The share that ends in a server's error: HTTP 5xx, or gRPC's unknown, deadline "
            "exceeded, unimplemented, internal, unavailable and data loss, which HTTP calls 200; "
            "of the cart also failed precondition, its answer when Redis fails.",
            Query(expr=failing(source, RATE_INTERVAL), legend=_OF_SERVICE),
            face=Face(unit="percentunit", empty=_NO_TRAFFIC, lowest=0),
            curve=Curve(soft=(0, _MANY), overrides=lines(plan)),
        ),
    )


def waits(plan: Plan, source: Source) -> tuple[model.Panel, ...]:
    """How long each service takes: the usual request, and the slow one."""
    return (
        graph(
            source,
            WAIT_P95.title,
            "95 of 100 requests are answered within this time, as the service measured it. "
            f"The dashed line is where {ENDPOINT_SLOW.name} counts.",
            Query(expr=quantile(source, 0.95, RATE_INTERVAL), legend=_OF_SERVICE),
            face=Face(
                unit="ms",
                empty=_NO_TRAFFIC,
                lowest=0,
                steps=line_at(threshold(plan, ENDPOINT_SLOW)),
            ),
            curve=limited(*lines(plan)),
        ),
        graph(
            source,
            "Wait of the usual request (p50)",
            "Half of the requests are answered within this time, as the service measured it.",
            Query(expr=quantile(source, 0.5, RATE_INTERVAL), legend=_OF_SERVICE),
            face=Face(unit="ms", empty=_NO_TRAFFIC, lowest=0),
            curve=Curve(overrides=lines(plan)),
        ),
    )


def by_caller(plan: Plan, source: Source) -> model.Panel:
    """Who asks whom, and how it is answered: where failures come from, and whom they meet."""
    pair = "source_workload, service, response_code, grpc_response_status"
    counted = _counted(source, _CALLERS, str(plan.timings.window))
    return live_table(
        source,
        "Who asks whom, and how it is answered",
        "Requests a second as the callers saw them, by HTTP's code and gRPC's status. What failed "
        "stands on top.",
        (Query(expr=f"topk({_WAYS}, sum by ({pair}) ({counted}))", legend=""),),
        (
            Column(heading="HTTP", shows="response_code", width=80),
            Column(heading="gRPC", shows="grpc_response_status", width=80),
            Column(heading="Caller", shows="source_workload"),
            Column(heading="Service", shows=labels.SERVICE),
            Column(
                heading="Requests",
                shows="Value",
                width=120,
                face=Face(unit="reqps", empty="-", decimals=2),
            ),
        ),
        greatest_first=True,
    )
