"""Requests, probes and the rules on objectives, as promtool plays them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gallery.alerts.cases.model import Phase, Series, flat
from gallery.metrics.durations import MINUTE, Duration
from gallery.metrics.recordings import Recording, StackSeries
from gallery.objectives.catalogue import OBJECTIVES
from gallery.objectives.indicators import Availability
from gallery.objectives.needs import needs
from gallery.objectives.recordings import Recorded, objective_groups
from gallery.render.proof import input_series
from gallery.render.rules import paged
from gallery.store.services import SERVICES
from tests.rules.promtool import Proof, Verdict, verdicts
from tests.unit.stack_files import planned

Document = dict[str, Any]
PLACE = {"environment": "dev", "cluster": "gallery-dev"}
STACK = StackSeries(**PLACE)
HOUR = MINUTE * 60
DEV = planned("dev")
STEP = DEV.timings.scrape
# One for each service, which is told by the service's name.
AVAILABILITY = tuple(one for one in OBJECTIVES if isinstance(one.indicator, Availability))
RECORDED = Recorded(
    stack=STACK,
    timings=DEV.timings,
    objectives=AVAILABILITY,
    needs=needs(SERVICES),
    paged=paged(DEV.alerts),
)


def document_of(rule: Recording) -> Document:
    """The rule as Prometheus reads it."""
    return {"record": rule.record, "expr": rule.expr, "labels": dict(rule.labels)}


def often(of: Recorded) -> list[Document]:
    """The rules that are evaluated at every evaluation of AMP."""
    first, _ = objective_groups(of)
    return [document_of(rule) for rule in first.rules]


def request_labels(**of: str) -> dict[str, str]:
    """Those of the requests of one caller, as the callee's side or the caller's tells of them."""
    usual = {
        "job": "mesh",
        "service": "paymentservice",
        "instance": "paymentservice-1",
        "reporter": "source",
        "source_workload": "checkoutservice",
        "response_code": "200",
        "grpc_response_status": "0",
    }
    return PLACE | usual | of


def counted(length: Duration, a_second: float, **of: str) -> Series:
    """So many requests a second for so long."""
    growth = Phase(start=0, step=a_second * STEP.seconds, length=length)
    return Series(metric="istio_requests_total", labels=request_labels(**of), phases=(growth,))


def judged(
    promtool: Path,
    place: Path,
    rules: list[Document],
    series: list[Series],
    asked: list[Document],
) -> None:
    """What is asked of the rules is true, where they are evaluated once a minute."""
    test = {
        "interval": str(STEP),
        "input_series": input_series(series, STEP),
        "promql_expr_test": asked,
    }
    verdict = verdict_on(promtool, place, rules, test, MINUTE)
    assert verdict.proven, verdict.output


def verdict_on(
    promtool: Path, place: Path, rules: list[Document], test: Document, evaluate: Duration
) -> Verdict:
    """Whether the test comes true of the rules."""
    document = {
        "rule_files": ["rules.json"],
        "evaluation_interval": str(evaluate),
        "tests": [test],
    }
    proof = Proof(rules={"groups": [{"name": "all", "rules": rules}]}, tests=(document,))
    [verdict] = verdicts(promtool, place / "proof", {"": proof}).values()
    return verdict


def probed(
    service: str, *phases: Phase, job: str = "probe", metric: str = "probe_success"
) -> Series:
    """What a probe of a service says."""
    of = PLACE | {"job": job, "service": service, "instance": service}
    return Series(metric=metric, labels=of, phases=phases)


def answering(length: Duration, *services: str) -> list[Series]:
    """Their probes, and the prober's of itself."""
    each = [("probe", service) for service in services] + [("canary", "collector")]
    return [
        probed(service, flat(1, length), job=job, metric=metric)
        for job, service in each
        for metric in ("probe_success", "up")
    ]


INTERNAL = {"grpc_response_status": "13"}
TO_THE_SHOP = {
    "service": "frontend",
    "reporter": "destination",
    "source_workload": "gateway",
    "grpc_response_status": "",
}
