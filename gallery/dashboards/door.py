"""The shop's public address: whether it answers, how soon, and for how long its name is good."""

from __future__ import annotations

from grafana_foundation_sdk.models import dashboard as model

from gallery.alerts.door import CERTIFIED, DAY, SHOP_DOOR_CERTIFICATE_EXPIRING
from gallery.alerts.panels import CERTIFICATE, DOOR_OVER_TIME
from gallery.dashboards.endpoints import NOT_PROBED, duration, state
from gallery.dashboards.panels import (
    Face,
    Query,
    at_least,
    graph,
    state_tiles,
    state_timeline,
    tile,
)
from gallery.dashboards.sources import Source, source, threshold
from gallery.metrics import labels, promql
from gallery.plan.model import Plan


def door(plan: Plan) -> Source:
    """The series of the door's probe."""
    return source(plan, promql.equals(labels.SERVICE, labels.DOOR_SERVICE))


def now(plan: Plan) -> model.Panel:
    """Whether customers stand before a closed door."""
    here = door(plan)
    return state_tiles(
        here,
        "The shop's public address",
        f"Whether {plan.door} answers from outside, as customers reach it.",
        Query(expr=state(here, labels.DOOR), legend=plan.door or ""),
        unseen=NOT_PROBED,
    )


def over_time(plan: Plan) -> model.Panel:
    """Since when the door is open or closed."""
    here = door(plan)
    return state_timeline(
        here,
        DOOR_OVER_TIME.title,
        f"Whether {plan.door} answered from outside.",
        Query(expr=state(here, labels.DOOR), legend=plan.door or ""),
        unseen=NOT_PROBED,
    )


def answer_time(plan: Plan) -> model.Panel:
    """How long the door takes to open."""
    here = door(plan)
    return graph(
        here,
        "Time the public address takes",
        "From name resolution to the last byte of the home page, TLS included.",
        Query(expr=duration(here, labels.DOOR), legend=plan.door or ""),
        face=Face(unit="s", empty=NOT_PROBED, lowest=0),
    )


def days_left(plan: Plan, by: str = "") -> str:
    """Days until the first certificate is over; `by` is what the minimum is taken by, if anything.

    As `by (service) `.
    """
    expiry = door(plan).job("probe_ssl_earliest_cert_expiry", *CERTIFIED)
    return f"(min {by}({expiry}) - time()) / {DAY}"


def certificate(plan: Plan) -> model.Panel:
    """How many days are left."""
    return tile(
        door(plan),
        CERTIFICATE.title,
        f"Days until a certificate expires in the chain of {plan.door}, or of where it redirects.",
        Query(expr=days_left(plan), legend="days left"),
        Face(
            unit="d",
            empty="NOT KNOWN",
            decimals=0,
            steps=at_least(threshold(plan, SHOP_DOOR_CERTIFICATE_EXPIRING)),
        ),
    )
