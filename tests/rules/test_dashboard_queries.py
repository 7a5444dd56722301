"""Every query of a dashboard reads what collectors produce, and says what its panel says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import promql_parser as parser
import pytest

from gallery.alerts.panels import API_HEALTH, HOSTS, OBJECTIVES, SHIFT
from gallery.dashboards import dashboards, queries
from gallery.metrics import names
from gallery.render.proof import Document
from tests.rules.contract import faults, selectors
from tests.rules.promtool import Proof, check, verdicts
from tests.unit.stack_files import STACKS, planned

_QUERIES = [
    pytest.param(stack, title, expr, id=f"{stack}-{uid}-{title}-{number}")
    for stack in STACKS
    for uid, document in dashboards(planned(stack)).items()
    for number, (title, expr) in enumerate(queries(document))
]
_PLACE = 'environment="dev",cluster="gallery-dev"'


@pytest.mark.parametrize(("stack", "title", "expr"), _QUERIES)
def test_a_query_reads_what_is_collected_and_joins_what_can_be_joined(
    stack: str, title: str, expr: str
) -> None:
    assert not faults(expr), f"{title} of {stack}: {expr}"


@pytest.mark.parametrize(("stack", "title", "expr"), _QUERIES)
def test_a_query_stays_within_its_stack(stack: str, title: str, expr: str) -> None:
    plan = planned(stack)
    wanted = {"environment": plan.environment, "cluster": plan.cluster_name}
    found = list(selectors(parser.parse(expr)))
    assert found, title
    for selector in found:
        matchers = {one.name: one.value for one in selector.matchers.matchers}
        assert {name: matchers.get(name) for name in wanted} == wanted


@pytest.mark.parametrize("stack", STACKS)
def test_prometheus_accepts_every_query(stack: str, promtool: Path, tmp_path: Path) -> None:
    found = [one for board in dashboards(planned(stack)).values() for one in queries(board)]
    rules = [
        {"record": f"query:{number}", "expr": expr, "labels": {"panel": title}}
        for number, (title, expr) in enumerate(found)
    ]
    verdict = check(promtool, tmp_path, {"groups": [{"name": "queries", "rules": rules}]})
    assert verdict.proven, verdict.output


@dataclass(frozen=True, kw_only=True)
class Story:
    """Series from the beginning, a sample every ten seconds, and what panels then show.

    `shows` holds, by a panel's title, the value for each label set; a set without labels is "".
    """

    series: Mapping[str, str]
    shows: Mapping[str, Mapping[str, float]]
    board: str = API_HEALTH
    # Seconds after the beginning.
    at: int = 600


def _probe(service: str, job: str = "probe", metric: str = "probe_success") -> str:
    return f'{metric}{{{_PLACE},job="{job}",service="{service}",instance="{service}"}}'


def _expected(service: str) -> str:
    return f'gallery:probe_expected{{{_PLACE},service="{service}"}}'


def _requests(
    service: str, reporter: str, *, caller: str = "loadgenerator", code: str = "200", grpc: str = ""
) -> str:
    return (
        f'istio_requests_total{{{_PLACE},job="mesh",service="{service}",reporter="{reporter}",'
        f'source_workload="{caller}",response_code="{code}",grpc_response_status="{grpc}"}}'
    )


def _host(metric: str, host: str, *more: str) -> str:
    labels = (
        _PLACE,
        'service="checkoutservice"',
        'host_group="orders-db"',
        f'host="{host}"',
        *more,
    )
    return f"{metric}{{{','.join(labels)}}}"


_UP, _DOWN, _GONE = "1x60", "1x30 0x29", "1x30 stale"
_COLLECTOR = f'up{{{_PLACE},job="collector",service="collector",instance="collector-0"}}'

_ENDPOINTS = Story(
    series={
        _probe("frontend"): _UP,
        _probe("cartservice"): _DOWN,
        _probe("adservice"): _GONE,
        # A gRPC probe that hangs leaves a scrape that failed, and no answer.
        _probe("checkoutservice"): _GONE,
        _probe("prober", "canary"): _UP,
        _probe("frontend", metric="up"): _UP,
        _probe("cartservice", metric="up"): _UP,
        _probe("checkoutservice", metric="up"): _DOWN,
        _probe("frontend", metric="probe_duration_seconds"): "0.1x60",
        _probe("checkoutservice", metric="probe_duration_seconds"): "0.1x30 stale",
        _probe("frontend", metric="scrape_duration_seconds"): "0.2x60",
        _probe("checkoutservice", metric="scrape_duration_seconds"): "0.2x30 2x29",
        **{
            _expected(name): _UP
            for name in ("frontend", "cartservice", "adservice", "checkoutservice")
        },
    },
    shows={
        "Every endpoint now": {
            '{service="frontend"}': 1,
            '{service="cartservice"}': 0,
            '{service="adservice"}': -1,
            '{service="checkoutservice"}': 0,
        },
        "Endpoints down": {"{}": 2},
        "Endpoints not probed": {"{}": 1},
        "Probes missing": {"{}": 1},
        "Share of probes that were answered": {
            '{service="frontend"}': 1,
            '{service="cartservice"}': 0,
            '{service="checkoutservice"}': 0,
        },
        "Time a probe takes": {'{service="frontend"}': 0.1, '{service="checkoutservice"}': 2},
        "annotation: Outages": {
            '{service="frontend"}': 0,
            '{service="cartservice"}': 1,
            '{service="checkoutservice"}': 1,
        },
    },
)
_NOTHING_PROBED = Story(
    series={
        _probe("frontend"): _GONE,
        _probe("prober", "canary"): _GONE,
        _probe("frontend", metric="up"): _DOWN,
        _expected("frontend"): _UP,
    },
    shows={
        "Every endpoint now": {'{service="frontend"}': -1},
        "Endpoints down": {},
        "Endpoints not probed": {"{}": 1},
        "Probes missing": {"{}": 1},
        # A dead prober tells nothing of the store.
        "Share of probes that were answered": {},
        "Time a probe takes": {},
    },
)
# A service that hangs, answers once, and hangs again: what hangs leaves no answer to average.
_HANGS_AGAIN = Story(
    series={
        _probe("checkoutservice"): "1x30 stale _x27 1 stale",
        _probe("prober", "canary"): _UP,
        _probe("checkoutservice", metric="up"): "1x30 0x27 1 0",
    },
    shows={"Share of probes that were answered": {'{service="checkoutservice"}': 0.5}},
    # Between two steps: versions of Prometheus differ on whether a range holds its left edge.
    at=603,
)
# A tenth of the calls to the cart fails behind HTTP 200, and nobody can reach checkout.
_FAILURES = Story(
    series={
        _requests("cartservice", "source", grpc="0"): "0+9x60",
        _requests("cartservice", "source", grpc="13"): "0+1x60",
        _requests("cartservice", "destination", grpc="0"): "0+10x60",
        _requests("checkoutservice", "source", code="503", grpc="14"): "0+5x60",
        _requests("checkoutservice", "source", caller="prober", grpc="0"): "0+50x60",
        _requests("frontend", "destination", caller="unknown"): "0+15x60",
        _requests("frontend", "destination", caller="unknown", code="500"): "0+5x60",
        _requests("adservice", "source", grpc="0"): "0x60",
    },
    shows={
        "Requests that fail": {
            '{service="cartservice"}': 0.1,
            '{service="checkoutservice"}': 1,
            '{service="frontend"}': 0.25,
        },
        "Requests to each service": {
            '{service="cartservice"}': 1,
            '{service="checkoutservice"}': 0.5,
            '{service="frontend"}': 2,
            '{service="adservice"}': 0,
        },
        "Customers' requests": {"{}": 2},
        "Customers' requests that fail": {"{}": 0.25},
    },
)
# The cart answers "failed precondition" to whatever Redis does; of others it is the caller's fault.
_REDIS_DEAD = Story(
    series={
        _requests("cartservice", "source", grpc="0"): "0+1x60",
        _requests("cartservice", "source", grpc="9"): "0+1x60",
        _requests("paymentservice", "source", grpc="0"): "0+1x60",
        _requests("paymentservice", "source", grpc="9"): "0+3x60",
        _requests("shippingservice", "source", grpc="0"): "0+1x60",
        _requests("shippingservice", "source", grpc="12"): "0+1x60",
    },
    shows={
        "Requests that fail": {
            '{service="cartservice"}': 0.5,
            '{service="paymentservice"}': 0,
            '{service="shippingservice"}': 0.5,
        },
    },
)
_COLLECTOR_DEAD = Story(
    series={_COLLECTOR: "1x30 _x90"},
    shows={"Age of the newest sample": {"{}": 900}, "What cannot be scraped": {}},
    at=1200,
)
_RATES = (names.RECEIVE_RATE, names.TRANSMIT_RATE)
_USUALS = (names.RECEIVE_USUAL, names.TRANSMIT_USUAL)


def _traffic(host: str, now: int, usual: int) -> dict[str, str]:
    """A host's traffic both ways, in bytes a second. What is usual is recorded seldom."""
    return {_host(metric, host): f"{now}x60" for metric in _RATES} | {
        _host(metric, host): f"{usual}x2 _x58" for metric in _USUALS
    }


_TRAFFIC = Story(
    board=HOSTS,
    series={
        **_traffic("orders-db-1", 20_000, 20_000),
        **_traffic("orders-db-2", 200_000, 20_000),
        **_traffic("orders-db-3", 2_000, 20_000),
    },
    shows={
        "Traffic in, against what is usual": {
            '{host="orders-db-1"}': 1,
            '{host="orders-db-2"}': 10,
            '{host="orders-db-3"}': 0.1,
        },
        "Hosts with unusual traffic": {"{}": 2},
    },
)
# Ten times next to nothing, a tenth of it, and a host whose silence HostDown explains.
_TRAFFIC_THAT_NO_ALERT_COUNTS = Story(
    board=HOSTS,
    series={
        **_traffic("orders-db-1", 50_000, 5_000),
        **_traffic("orders-db-2", 500, 5_000),
        **_traffic("orders-db-3", 2_000, 20_000),
        _host("up", "orders-db-3", 'job="node"'): "0x60",
    },
    shows={"Hosts with unusual traffic": {"{}": 0}},
)
_NOTHING_IS_USUAL_YET = Story(
    board=HOSTS,
    series={_host(metric, "orders-db-1"): "20000x60" for metric in _RATES},
    shows={"Hosts with unusual traffic": {}},
)
_USUAL_TRAFFIC = Story(
    board=HOSTS,
    series=_traffic("orders-db-1", 20_000, 20_000),
    shows={"Hosts with unusual traffic": {"{}": 0}},
)
_SHIFT = Story(
    board=SHIFT,
    series={
        _probe("frontend"): _UP,
        _probe("cartservice"): "1x20 0x20 1x19",
        _probe("adservice"): _DOWN,
        _probe("door", "door"): "1x20 0x20 1x19",
        _probe("door", "door", "probe_ssl_earliest_cert_expiry"): f"{28 * 86_400 + 600}x60",
        _host("up", "orders-db-1", 'job="node"'): _UP,
        _host("up", "orders-db-2", 'job="node"'): _DOWN,
        _host("node_memory_MemAvailable_bytes", "orders-db-1", 'job="node"'): "200x60",
        _host("node_memory_MemTotal_bytes", "orders-db-1", 'job="node"'): "1000x60",
        _host("node_memory_Hugetlb_bytes", "orders-db-1", 'job="node"'): "0x60",
    },
    shows={
        "Endpoints that were down": {"{}": 2},
        "Hosts that were down": {"{}": 1},
        # Zeros at each minute from 240 s to 360 s.
        "Time the public address was down": {'{service="door"}': 180},
        # How often; for how long is the other query of the same panel.
        "What was down": {
            '{where="frontend"}': 0,
            '{where="cartservice"}': 1,
            '{where="adservice"}': 1,
            '{where="orders-db-1"}': 0,
            '{where="orders-db-2"}': 1,
        },
        "Close to firing": {
            '{alert="HostMemoryLow",where="orders-db-1"}': 0.5,
            '{alert="ShopDoorCertificateExpiring",where="door"}': 0.5,
        },
    },
)
# An hour in which nobody looked is none in which nothing was down.
_SHIFT_UNSEEN = Story(
    board=SHIFT,
    series={_expected("frontend"): _UP},
    shows={"Endpoints that were down": {}, "Hosts that were down": {}},
)
_HOSTS = Story(
    board=HOSTS,
    series={
        _host("up", "orders-db-1", 'job="node"', 'instance="i-1"'): _UP,
        # It is being replaced, and its successor still starts.
        _host("up", "orders-db-1", 'job="node"', 'instance="i-2"'): "0x60",
        _host("up", "orders-db-2", 'job="node"'): _DOWN,
        _host("up", "orders-db-3", 'job="node"'): _GONE,
        f'gallery:hosts_expected{{{_PLACE},service="checkoutservice",host_group="orders-db"}}': (
            "3x60"
        ),
    },
    shows={
        "Every host over time": {
            '{host="orders-db-1"}': 1,
            '{host="orders-db-2"}': 0,
            '{host="orders-db-3"}': -1,
        },
        "Hosts up": {"{}": 1},
        "Hosts down": {"{}": 1},
        "Hosts missing from the plan": {"{}": 1},
    },
)


def _objective(record: str, service: str, name: str = "") -> str:
    name = name or f"{service}-availability"
    return f'{record}{{{_PLACE},service="{service}",objective="{name}"}}'


_BUDGETS = Story(
    board=OBJECTIVES,
    series={
        # The cart's is overspent; what is written every five minutes is known in between.
        _objective(names.OBJECTIVE_SPENT, "cartservice"): "_x10 1.25 _x49",
        _objective(names.OBJECTIVE_SPENT, "frontend"): "_x10 0.25 _x49",
        _objective(names.OBJECTIVE_SPENT, "cartservice", "fill-the-cart"): "_x10 0.5 _x49",
        _objective(names.OBJECTIVE_FAILURES_COUNTED, "cartservice"): "_x10 40 _x49",
        _objective(names.OBJECTIVE_WINDOW, "cartservice"): f"{30 * 86_400}x60",
        _objective(names.OBJECTIVE_WINDOW, "cartservice", "fill-the-cart"): f"{30 * 86_400}x60",
        _objective(names.OBJECTIVE_WINDOW, "frontend"): f"{28 * 86_400}x60",
        _objective(names.OBJECTIVE_BURN["6h"], "cartservice"): "8x60",
        _objective(names.OBJECTIVE_BURN["6h"], "cartservice", "fill-the-cart"): "5x60",
        _objective(names.OBJECTIVE_BURN["6h"], "frontend"): "0x60",
        _objective(names.OBJECTIVE_LEFT, "cartservice"): "_x10 -50 _x49",
        _objective(names.OBJECTIVE_SEEN, "cartservice"): "_x10 0.5 _x49",
        _objective(names.OBJECTIVE_BURN["1h"], "cartservice"): "20x60",
        _objective(names.OBJECTIVE_BURN["1h"], "frontend"): "0x60",
    },
    shows={
        "Least that is left of a budget": {"{}": -0.25},
        "Budgets that are overspent": {"{}": 1},
        "Fastest that a budget goes": {"{}": 20},
        "Budget that is left": {
            _objective("", "cartservice"): -0.25,
            _objective("", "frontend"): 0.75,
            _objective("", "cartservice", "fill-the-cart"): 0.5,
        },
        "Journeys: budget that is left": {_objective("", "cartservice", "fill-the-cart"): 0.5},
        "What spends budgets": {
            _objective(names.OBJECTIVE_FAILURES_COUNTED, "cartservice"): 40,
        },
        # Half of it is left, and goes five times as fast as it may; the cart's is gone, and what
        # does not go lasts for the whole window.
        "Soonest that a budget is gone": {"{}": 3},
        "Days until a budget is gone": {
            _objective("", "cartservice", "fill-the-cart"): 3,
            _objective("", "frontend"): 28,
        },
        "How much more may fail": {_objective(names.OBJECTIVE_LEFT, "cartservice"): -50},
        "Share of the window that was seen": {_objective(names.OBJECTIVE_SEEN, "cartservice"): 0.5},
    },
)
_STORIES = {
    "one endpoint is down, another is not probed": _ENDPOINTS,
    "a service hangs, answers once, and hangs again": _HANGS_AGAIN,
    "nothing is probed": _NOTHING_PROBED,
    "requests fail in every way": _FAILURES,
    "the cart fails as only it does": _REDIS_DEAD,
    "the collector is dead": _COLLECTOR_DEAD,
    "a budget is overspent": _BUDGETS,
    "one host has a flood, another a drought": _TRAFFIC,
    "traffic is as usual": _USUAL_TRAFFIC,
    "traffic is unusual by amounts that no alert counts": _TRAFFIC_THAT_NO_ALERT_COUNTS,
    "nobody knows yet what traffic is usual": _NOTHING_IS_USUAL_YET,
    "one host is down, another has left": _HOSTS,
    "much has happened before a shift": _SHIFT,
    "nothing was seen before a shift": _SHIFT_UNSEEN,
}


@pytest.mark.parametrize("story", _STORIES.values(), ids=_STORIES)
def test_panels_show_what_happens(story: Story, promtool: Path, tmp_path: Path) -> None:
    exprs = dict(queries(dashboards(planned("dev"))[story.board]))
    proof = Proof(rules={"groups": []}, tests=(_test(story, exprs),))
    [verdict] = verdicts(promtool, tmp_path, {"story": proof}).values()
    assert verdict.proven, verdict.output


def _test(story: Story, exprs: Mapping[str, str]) -> Document:
    return {
        "rule_files": ["rules.json"],
        "evaluation_interval": "10s",
        "tests": [
            {
                "interval": "10s",
                "input_series": [
                    {"series": series, "values": samples}
                    for series, samples in story.series.items()
                ],
                "promql_expr_test": [
                    {
                        "expr": exprs[title],
                        "eval_time": f"{story.at}s",
                        "exp_samples": [
                            {"labels": labels, "value": value} for labels, value in shown.items()
                        ],
                    }
                    for title, shown in story.shows.items()
                ],
            }
        ],
    }
