"""What each outage means to the shop's customers, with what is broken on top."""

from __future__ import annotations

from collections.abc import Callable

from grafana_foundation_sdk.models import dashboard as model

from gallery.dashboards.endpoints import NOT_PROBED, state
from gallery.dashboards.panels import Query
from gallery.dashboards.sources import Source
from gallery.dashboards.tables import Column, live_table
from gallery.metrics import labels
from gallery.plan.model import Plan
from gallery.store.services import Impact

TITLE = "What each outage means to customers"
_NOTHING = "-"
_ASPECTS: dict[str, tuple[str, Callable[[Impact], str]]] = {
    "disruption": ("What stops", lambda impact: impact.disruption),
    "data": ("Data out of reach", lambda impact: impact.data_unavailable),
    "transactions": ("Transactions that wait", lambda impact: impact.delayed_transactions),
    "experience": ("What customers see", lambda impact: impact.user_experience),
}
_CALLERS = "callers"


def impact(plan: Plan, source: Source) -> model.Panel:
    """One line for each service: its state, the impact of its outage, and who depends on it."""
    return live_table(
        source,
        TITLE,
        "The state of each service, the broken ones first, with what its outage does to the "
        "shop's customers and which services call it.",
        (Query(expr=_lines(source), legend=""),),
        (
            Column(heading="State", shows="Value", width=120, state=NOT_PROBED),
            Column(heading="Service", shows=labels.SERVICE, width=190),
            *(
                Column(heading=heading, shows=name, texts=_texts(plan, aspect))
                for name, (heading, aspect) in _ASPECTS.items()
            ),
            Column(heading="Called by", shows=_CALLERS, width=180, texts=_callers(plan)),
        ),
    )


def _lines(source: Source) -> str:
    """The states, with the service's name once for each column that puts a text in its place."""
    expr = state(source, labels.PROBE)
    for name in (*_ASPECTS, _CALLERS):
        expr = f'label_replace({expr}, "{name}", "$1", "{labels.SERVICE}", "(.+)")'
    return expr


def _texts(plan: Plan, aspect: Callable[[Impact], str]) -> dict[str, str]:
    services = (planned.service for planned in plan.services)
    return {service.name: aspect(service.impact) or _NOTHING for service in services}


def _callers(plan: Plan) -> dict[str, str]:
    # Outside the rehearsal and tests customers come in where the load generator does.
    names = (planned.service.name for planned in plan.services)
    return {name: ", ".join(plan.catalogue.callers(name)) or "customers" for name in names}
