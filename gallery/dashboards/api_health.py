"""The dashboard of the store's services."""

from __future__ import annotations

from collections.abc import Iterator

from grafana_foundation_sdk.models import dashboard as model

from gallery.alerts.panels import API_HEALTH
from gallery.dashboards import door, endpoints, pipeline, requests
from gallery.dashboards.frame import choice, framed, outages
from gallery.dashboards.grid import Band, Heading, side_by_side
from gallery.dashboards.impact import impact
from gallery.dashboards.on_call import on_call
from gallery.dashboards.sources import Source, source
from gallery.dashboards.texts import alert_list
from gallery.metrics import labels, promql
from gallery.plan.model import Plan

_CHOSEN = f'{labels.SERVICE}=~"$service"'


def api_health(plan: Plan) -> model.Dashboard:
    """Whether the shop works, what is broken, what that means to customers, who is called."""
    services = source(plan, _CHOSEN)
    return framed(
        plan,
        uid=API_HEALTH,
        title="Gallery: API health",
        description=(
            "Whether the shop works: every endpoint now and over time, what an outage means to "
            "customers, who is called, and whether anybody would see it."
        ),
        shown="1h",
        parts=_parts(plan, services),
        variables=(
            choice(
                "service",
                "Service",
                "Which services the panels show.",
                (planned.service.name for planned in plan.services),
            ),
        ),
        annotations=(outages(services, "Outages", endpoints.down(services)),),
    )


def _parts(plan: Plan, services: Source) -> Iterator[Band | Heading]:
    every, entrances = source(plan, _one_of(_names(plan))), source(plan, _one_of(_entrances(plan)))
    yield side_by_side(
        4,
        *endpoints.tiles(plan, every),
        *(requests.tiles(plan, entrances) if plan.mesh else ()),
        *((door.now(plan),) if plan.door else ()),
    )
    yield side_by_side(4, endpoints.now(plan, services))
    alerts = alert_list(plan, "Alerts")
    yield Band(height=8, panels=((16, endpoints.over_time(services)), (8, alerts)))
    yield side_by_side(8, impact(plan, services))
    if plan.mesh:
        yield Heading(title="Requests")
        yield side_by_side(9, *requests.traffic(plan, services))
        yield side_by_side(9, *requests.waits(plan, services))
        yield side_by_side(8, requests.by_caller(plan, services))
    yield Heading(title="Probes")
    yield side_by_side(
        9, endpoints.availability(plan, services), endpoints.probe_time(plan, services)
    )
    if plan.door:
        yield Heading(title="The shop's public address")
        yield side_by_side(6, door.over_time(plan), door.answer_time(plan), door.certificate(plan))
    yield Heading(title="Whether anybody would see an outage")
    yield side_by_side(5, *pipeline.first_row(plan))
    yield side_by_side(8, *pipeline.second_row(plan))
    yield Heading(title="Who is called")
    yield on_call(plan, API_HEALTH)


def _names(plan: Plan) -> tuple[str, ...]:
    return tuple(planned.service.name for planned in plan.services)


def _entrances(plan: Plan) -> tuple[str, ...]:
    """The services that customers call: those that no other service does."""
    called = {callee for planned in plan.services for callee in planned.service.callees}
    names = _names(plan)
    return tuple(name for name in names if name not in called) or names


def _one_of(names: tuple[str, ...]) -> str:
    return promql.one_of(labels.SERVICE, names)
