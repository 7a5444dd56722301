"""The dashboard of what was promised: how much of each budget is left, and how fast it goes."""

from __future__ import annotations

from collections.abc import Iterator

from grafana_foundation_sdk.models import dashboard as model

from gallery.alerts.panels import BURN, OBJECTIVES
from gallery.dashboards.endpoints import lines
from gallery.dashboards.frame import choice, framed
from gallery.dashboards.grid import Band, Heading, side_by_side
from gallery.dashboards.on_call import on_call
from gallery.dashboards.palette import ATTENTION, BAD, GOOD
from gallery.dashboards.panels import Face, Query, at_most, graph, limited, line_at, tile
from gallery.dashboards.sources import Source, source
from gallery.dashboards.texts import alert_list
from gallery.metrics import labels, names
from gallery.objectives.windows import COUNTED_EVERY, PAGE, TICKET, WINDOW, Pair
from gallery.plan.model import Plan

_CHOSEN = f'{labels.SERVICE}=~"$service"'
_SHOWN, _REFRESH = "7d", "1m"
_OF_SERVICE = "{{service}}"
_UNKNOWN = "NOT KNOWN"
# What is written seldom is known until it should have been written three times.
_KNOWN = str(COUNTED_EVERY * 3)
# A budget of which less is left is worth a thought before the next release.
_LITTLE = 0.25


def objectives(plan: Plan) -> model.Dashboard:
    """What customers were promised, and what of that is kept."""
    services = source(plan, _CHOSEN)
    return framed(
        plan,
        uid=OBJECTIVES,
        title="Gallery: objectives",
        description=(
            "What customers were promised of each service: how much of its budget of failures is "
            f"left of {WINDOW}, and how fast it goes."
        ),
        shown=_SHOWN,
        parts=_parts(plan, services),
        variables=(
            choice(
                "service",
                "Service",
                "Which services the panels show.",
                (one.service for one in plan.objectives),
            ),
        ),
        annotations=(),
        refresh=_REFRESH,
    )


def _parts(plan: Plan, services: Source) -> Iterator[Band | Heading]:
    yield side_by_side(4, *_tiles(source(plan)))
    yield Band(
        height=10, panels=((16, _left(plan, services)), (8, alert_list(plan, "Alerts on budgets")))
    )
    yield side_by_side(9, *(_burn(plan, services, pair) for pair in PAGE))
    yield side_by_side(9, *(_burn(plan, services, pair) for pair in TICKET))
    yield side_by_side(9, _failures_left(plan, services), _seen(plan, services))
    yield Heading(title="Who is called")
    yield on_call(plan, OBJECTIVES)


def _known(of: Source, record: str) -> str:
    return f"last_over_time({of.series(record, window=_KNOWN)})"


def _tiles(here: Source) -> tuple[model.Panel, ...]:
    fast = PAGE[0]
    return (
        tile(
            here,
            "Least that is left of a budget",
            f"Of the budget that has the least left of {WINDOW}; below zero it is overspent.",
            Query(expr=f"1 - max ({_known(here, names.OBJECTIVE_SPENT)})", legend="left"),
            Face(
                unit="percentunit",
                empty=_UNKNOWN,
                decimals=1,
                steps=((None, BAD), (0, ATTENTION), (_LITTLE, GOOD)),
            ),
        ),
        tile(
            here,
            "Budgets that are overspent",
            f"How many services failed more requests of {WINDOW} than was promised.",
            Query(expr=f"sum ({_known(here, names.OBJECTIVE_SPENT)} > bool 1)", legend="overspent"),
            Face(unit="none", empty=_UNKNOWN, decimals=0, steps=at_most(1)),
        ),
        tile(
            here,
            "Fastest that a budget goes",
            f"How many times as fast as it may, over {fast.long}.",
            Query(expr=f"max ({here.series(names.OBJECTIVE_BURN[fast.long])})", legend="times"),
            Face(unit="none", empty="no traffic", decimals=1, steps=at_most(fast.factor)),
        ),
    )


def _left(plan: Plan, services: Source) -> model.Panel:
    return graph(
        services,
        "Budget that is left",
        f"The share of the failures promised for {WINDOW} that are not yet spent. At the dashed "
        "line the budget is gone, and below it overspent. Of a service that is younger than that, "
        "what it has not seen yet counts as free of failures.",
        Query(expr=f"1 - {_known(services, names.OBJECTIVE_SPENT)}", legend=_OF_SERVICE),
        face=Face(unit="percentunit", empty=_UNKNOWN, highest=1, steps=line_at(0)),
        curve=limited(*lines(plan)),
    )


def _burn(plan: Plan, services: Source, pair: Pair) -> model.Panel:
    title = BURN.title if pair is PAGE[0] else f"The same over {pair.long}"
    told = "page" if pair in PAGE else "ticket"
    return graph(
        services,
        title,
        f"How many times as fast as it may a budget goes, over {pair.long}. Above the dashed line "
        f"it is a {told}, where it is so over {pair.short} too.",
        Query(expr=services.series(names.OBJECTIVE_BURN[pair.long]), legend=_OF_SERVICE),
        face=Face(unit="none", empty="no traffic", lowest=0, steps=line_at(pair.factor)),
        curve=limited(*lines(plan)),
    )


def _failures_left(plan: Plan, services: Source) -> model.Panel:
    return graph(
        services,
        "Requests that may still fail",
        f"How many more of {WINDOW}, if the days not yet seen are like those that were.",
        Query(expr=_known(services, names.OBJECTIVE_LEFT), legend=_OF_SERVICE),
        face=Face(unit="short", empty=_UNKNOWN, steps=line_at(0)),
        curve=limited(*lines(plan)),
    )


def _seen(plan: Plan, services: Source) -> model.Panel:
    return graph(
        services,
        "Share of the window that was seen",
        f"Of {WINDOW} how much was counted: little where a service is young, less than all where "
        "nothing was written for a time.",
        Query(expr=_known(services, names.OBJECTIVE_SEEN), legend=_OF_SERVICE),
        face=Face(unit="percentunit", empty=_UNKNOWN, lowest=0, highest=1),
        curve=limited(*lines(plan)),
    )
