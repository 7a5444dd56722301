"""Whether anybody would see an outage: the collector, its targets, what it writes."""

from __future__ import annotations

from grafana_foundation_sdk.models import dashboard as model

from gallery.alerts.guards import COLLECTOR_FRESH
from gallery.alerts.panels import (
    PROBER,
    RECORDING_AGE,
    REMOTE_WRITE,
    SAMPLE_AGE,
    TARGETS,
    UNREADY,
)
from gallery.alerts.pipeline import REMOTE_WRITE_BEHIND
from gallery.dashboards.endpoints import NOT_PROBED, answers, state
from gallery.dashboards.palette import UNKNOWN
from gallery.dashboards.panels import (
    Face,
    Query,
    at_most,
    graph,
    limited,
    line_at,
    none_at_all,
    state_tiles,
    tile,
)
from gallery.dashboards.sources import RATE_INTERVAL, Source, source, threshold
from gallery.metrics import labels, promql
from gallery.metrics.names import COLLECTOR_EXPECTED, PROBE_EXPECTED
from gallery.metrics.recordings import STALE_EVALUATIONS
from gallery.plan.model import Plan

_NOTHING = "nothing for an hour"


def _age(selector: str) -> str:
    """Seconds since the newest sample; within the last hour when nothing is fresh any more."""
    newest = f"timestamp({selector})"
    return f"time() - (max ({newest}) or max (max_over_time({newest}[1h:1m])))"


def first_row(plan: Plan) -> tuple[model.Panel, ...]:
    """How fresh what one sees is, and what is not seen at all."""
    here = source(plan)
    watchers = source(
        plan,
        promql.one_of(labels.SERVICE, (labels.COLLECTOR_SERVICE, labels.GRAFANA_SERVICE)),
    )
    stale = plan.timings.evaluate_amp * STALE_EVALUATIONS
    return (
        tile(
            here,
            SAMPLE_AGE.title,
            "How long ago the collector took its newest sample of itself. "
            f"From {COLLECTOR_FRESH} s on it counts as dead.",
            Query(expr=_age(here.job("up", labels.COLLECTOR)), legend="age"),
            Face(unit="s", empty=_NOTHING, decimals=0, steps=at_most(COLLECTOR_FRESH)),
        ),
        tile(
            here,
            RECORDING_AGE.title,
            f"How long ago AMP recorded what is expected; it should every "
            f"{plan.timings.evaluate_amp}.",
            Query(expr=_age(here.series(COLLECTOR_EXPECTED)), legend="age"),
            Face(unit="s", empty=_NOTHING, decimals=0, steps=at_most(stale.seconds)),
        ),
        tile(
            here,
            "Probes missing",
            "How many probes should be there and are not, the public address's, Grafana's and the "
            "prober's own among them.",
            Query(expr=_missing(here), legend="missing"),
            Face(unit="none", empty="NOT KNOWN", decimals=0, steps=none_at_all(UNKNOWN)),
        ),
        state_tiles(
            watchers,
            PROBER.title,
            "Whether the prober reaches itself and Grafana. If the prober does not even reach "
            "itself, nobody sees an outage.",
            Query(
                expr=state(watchers, labels.CANARY, labels.GRAFANA),
                legend="{{service}}",
            ),
            unseen=NOT_PROBED,
        ),
    )


def _missing(here: Source) -> str:
    probed = answers(here, *labels.PROBE_JOBS)
    expected = here.series(PROBE_EXPECTED)
    return f"count ({expected}) - (count ({expected} and on (service) {probed}) or vector(0))"


def second_row(plan: Plan) -> tuple[model.Panel, ...]:
    """What the collector cannot scrape, and how far behind it writes."""
    here = source(plan)
    # A pod that is not ready need not answer.
    scraped = here.series("up", promql.other_than("job", labels.UNREADY))
    unready = f"count by (service) ({here.job('up', labels.UNREADY)})"
    expected = here.series(PROBE_EXPECTED)
    sent = here.job(
        "prometheus_remote_storage_queue_highest_sent_timestamp_seconds", labels.COLLECTOR
    )
    failed = here.job(
        "prometheus_remote_storage_samples_failed_total", labels.COLLECTOR, window=RATE_INTERVAL
    )
    return (
        graph(
            here,
            TARGETS.title,
            "Targets of each job that the collector finds and cannot scrape.",
            Query(expr=f"sum by (job) ({scraped} == bool 0)", legend="{{job}}"),
            face=Face(unit="none", empty=_NOTHING, lowest=0, decimals=0),
        ),
        graph(
            here,
            UNREADY.title,
            "Pods of each service that are there and not ready. During a rollout some are, for a "
            "minute or two.",
            Query(expr=f"{unready} or 0 * max by (service) ({expected})", legend="{{service}}"),
            face=Face(unit="none", empty=_NOTHING, lowest=0, decimals=0),
        ),
        graph(
            here,
            REMOTE_WRITE.title,
            "Seconds between a sample and its sending to AMP, for each replica of the "
            f"collector. The dashed line is where {REMOTE_WRITE_BEHIND.name} counts.",
            Query(expr=f"max by (instance) (timestamp({sent}) - {sent})", legend="{{instance}}"),
            face=Face(
                unit="s",
                empty=_NOTHING,
                lowest=0,
                steps=line_at(threshold(plan, REMOTE_WRITE_BEHIND)),
            ),
            curve=limited(),
        ),
        graph(
            here,
            "Samples that AMP refused",
            "Samples a second that were given up, for each replica of the collector: they are "
            "lost.",
            Query(expr=f"sum by (instance) (rate({failed}))", legend="{{instance}}"),
            face=Face(unit="cps", empty=_NOTHING, lowest=0),
        ),
    )
