"""What the probes know of the store's services, as PromQL and as panels."""

from __future__ import annotations

from dataclasses import replace

from grafana_foundation_sdk.models import dashboard as model

from gallery.alerts.endpoints import ENDPOINT_DEGRADED, ENDPOINT_DOWN
from gallery.alerts.panels import API_HEALTH, AVAILABILITY, ENDPOINTS_OVER_TIME
from gallery.dashboards.frame import link
from gallery.dashboards.lines import Override, distinct
from gallery.dashboards.palette import UNKNOWN
from gallery.dashboards.panels import (
    UNSEEN,
    Face,
    Query,
    graph,
    limited,
    line_at,
    none_at_all,
    state_tiles,
    state_timeline,
    tile,
)
from gallery.dashboards.sources import RATE_INTERVAL, Source, effective, threshold
from gallery.metrics import labels, promql
from gallery.metrics.names import PROBE_EXPECTED
from gallery.plan.model import Plan

NOT_PROBED = "NOT PROBED"
# What Grafana puts in a data link for the time range that is shown.
_TIME_RANGE = "${__url_time_range}"
_OF_SERVICE = "{{service}}"


def lines(plan: Plan) -> tuple[Override, ...]:
    """The line of each service, the same on every graph."""
    return distinct([planned.service.name for planned in plan.services])


def answers(source: Source, *jobs: str) -> str:
    """1 or 0 for each service: whether it answered its last probe.

    A gRPC probe of a service that hangs leaves no `probe_success`, only a scrape that failed
    (docs/adr/0012).
    """
    return f"min by (service) ({source.job('probe_success', *jobs)} or {_hanging(source, *jobs)})"


def down(source: Source) -> Query:
    """1 while a service does not answer its probe, for marks on graphs."""
    probed = answers(source, labels.PROBE)
    return Query(expr=f"{probed} == bool 0", legend="{{service}} does not answer")


def _hanging(source: Source, *jobs: str) -> str:
    """0 for each target whose probe did not come back.

    While the prober does not reach itself, that tells nothing.
    """
    everywhere = replace(source, matchers=())
    seeing = f"{everywhere.job('probe_success', labels.CANARY)} == 1"
    return f"{source.job('up', *jobs)} == 0 and {promql.ON_STACK} {seeing}"


def duration(source: Source, job: str) -> str:
    """Seconds that the last probe of each service took; what hangs took its scrape's timeout."""
    scrape = source.job("scrape_duration_seconds", job)
    return (
        f"max by (service) ({source.job('probe_duration_seconds', job)}"
        f" or {scrape} and {_hanging(source, job)})"
    )


def state(source: Source, *jobs: str) -> str:
    """1, 0 or -1 for each service: up, down, or expected and not probed."""
    probed = answers(source, *jobs)
    expected = f"max by (service) ({source.series(PROBE_EXPECTED)})"
    return f"{probed} or on (service) 0 * {expected} + {UNSEEN}"


def tiles(plan: Plan, source: Source) -> tuple[model.Panel, ...]:
    """How many endpoints are down, and how many nobody looks at."""
    probed = answers(source, labels.PROBE)
    expected = f"sum ({source.series(PROBE_EXPECTED)})"
    services = len(plan.services)
    return (
        tile(
            source,
            "Endpoints down",
            f"How many of the store's {services} services do not answer their probe now.",
            Query(expr=f"sum ({probed} == bool 0)", legend="down"),
            Face(unit="none", empty=NOT_PROBED, steps=none_at_all(), decimals=0),
        ),
        tile(
            source,
            "Endpoints not probed",
            "How many services should be probed and are not: their outage would go unseen.",
            Query(expr=f"{expected} - (count ({probed}) or vector(0))", legend="not probed"),
            Face(unit="none", empty="NOT KNOWN", steps=none_at_all(UNKNOWN), decimals=0),
        ),
    )


def now(plan: Plan, source: Source) -> model.Panel:
    """Every endpoint as a tile."""
    planned = effective(plan, ENDPOINT_DOWN)
    runbook = planned.annotations["runbook_url"] if planned else plan.runbooks
    name = "${__field.labels.service}"
    return state_tiles(
        source,
        "Every endpoint now",
        "What each service answered to its last probe. NOT PROBED is not well: nobody knows.",
        Query(expr=state(source, labels.PROBE), legend=_OF_SERVICE),
        unseen=NOT_PROBED,
        links=(
            link(f"{name} alone", f"/d/{API_HEALTH}?var-service={name}&{_TIME_RANGE}", within=True),
            link("Runbook", runbook),
        ),
    )


def over_time(source: Source) -> model.Panel:
    """Every endpoint as a lane."""
    return state_timeline(
        source,
        ENDPOINTS_OVER_TIME.title,
        "Since when an endpoint is down, and how often it was. Gaps are times nobody looked.",
        Query(expr=state(source, labels.PROBE), legend=_OF_SERVICE),
        unseen=NOT_PROBED,
    )


def availability(plan: Plan, source: Source) -> model.Panel:
    """How reliably each endpoint answers."""
    probes = f"{answers(source, labels.PROBE)}[{RATE_INTERVAL}:{source.step}]"
    return graph(
        source,
        AVAILABILITY.title,
        "The share of probes that each service answered. The dashed line is where "
        f"{ENDPOINT_DEGRADED.name} counts, over its own longer window.",
        Query(expr=f"avg_over_time({probes})", legend=_OF_SERVICE),
        face=Face(
            unit="percentunit",
            empty=NOT_PROBED,
            steps=line_at(threshold(plan, ENDPOINT_DEGRADED)),
            lowest=0,
            highest=1,
        ),
        curve=limited(*lines(plan)),
    )


def probe_time(plan: Plan, source: Source) -> model.Panel:
    """How long probes take, against the time after which they fail."""
    limit = plan.timings.probe_timeout
    return graph(
        source,
        "Time a probe takes",
        f"From inside the cluster, connection included. After {limit} a probe has failed.",
        Query(expr=duration(source, labels.PROBE), legend=_OF_SERVICE),
        face=Face(
            unit="s",
            empty=NOT_PROBED,
            steps=line_at(limit.seconds),
            lowest=0,
        ),
        curve=limited(*lines(plan)),
    )
