"""The dashboard of what was promised: how much of each budget is left, and how fast it goes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from grafana_foundation_sdk.models import dashboard as model

from gallery.alerts.panels import BURN, OBJECTIVES
from gallery.dashboards.frame import choice, framed
from gallery.dashboards.grid import Band, Heading, side_by_side
from gallery.dashboards.on_call import on_call
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
from gallery.dashboards.sources import Source, source
from gallery.dashboards.texts import alert_list
from gallery.metrics import labels, names, promql
from gallery.objectives.model import Objective
from gallery.objectives.windows import COUNTED_EVERY, PAGE, TICKET, Pair
from gallery.plan.model import Plan

_CHOSEN = f'{labels.OBJECTIVE}=~"$objective"'
_SHOWN, _REFRESH = "7d", "1m"
_NAME = "{{objective}}"
_UNKNOWN = "NOT KNOWN"
# What is written seldom is known until it should have been written three times.
_KNOWN = str(COUNTED_EVERY * 3)
# The window from whose pace it is told when a budget is gone.
_PACE, _SOON, _LATE = PAGE[1].long, 3, 7
_DAY = 86_400
# A budget of which less is left is worth a thought before the next release.
_LITTLE = 0.25


def objectives(plan: Plan) -> model.Dashboard:
    """What customers were promised, and what of that is kept."""
    chosen = source(plan, _CHOSEN)
    return framed(
        plan,
        uid=OBJECTIVES,
        title="Gallery: objectives",
        description=(
            "What customers were promised: how much of each budget of failures is left of its "
            "window, what spends it, and how fast it goes."
        ),
        shown=_SHOWN,
        parts=_parts(plan, chosen),
        variables=(
            choice(
                "objective",
                "Objective",
                "Which objectives the panels below the journeys show.",
                (one.name for one in plan.objectives),
            ),
        ),
        annotations=(),
        refresh=_REFRESH,
    )


def _parts(plan: Plan, chosen: Source) -> Iterator[Band | Heading]:
    yield side_by_side(4, *_tiles(source(plan)))
    journeys = [one.name for one in plan.objectives if one.indicator.journey]
    if journeys:
        yield side_by_side(
            8, *_of_journeys(source(plan, promql.one_of(labels.OBJECTIVE, journeys)))
        )
    yield Band(height=10, panels=((16, _left(chosen)), (8, alert_list(plan, "Alerts on budgets"))))
    agreed = [one for one in plan.objectives if one.agreement]
    if agreed:
        yield side_by_side(8, _agreements(source(plan), agreed))
    yield side_by_side(9, _spending(chosen), _lasting(chosen))
    yield side_by_side(9, *(_burn(chosen, pair) for pair in PAGE))
    yield side_by_side(9, *(_burn(chosen, pair) for pair in TICKET))
    yield side_by_side(9, _failures_left(chosen), _seen(chosen))
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
            "Of the budget that has the least left of its window; below zero it is overspent.",
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
            "Of how many objectives more failed in their window than may.",
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
        tile(
            here,
            "Soonest that a budget is gone",
            f"At the pace of {_PACE}, a whole window at most, of the budgets that are not gone.",
            Query(expr=f"min ({_days_left(here)})", legend="days"),
            Face(
                unit="d",
                empty="no traffic",
                decimals=1,
                steps=((None, BAD), (_SOON, ATTENTION), (_LATE, GOOD)),
            ),
        ),
    )


def _days_left(here: Source) -> str:
    """In how many days each budget is gone that has something left: a whole window at most.

    What goes no faster than it may lasts, since failures leave the window as others come.
    """
    left = f"(1 - {_known(here, names.OBJECTIVE_SPENT)} > 0)"
    burn, window = here.series(names.OBJECTIVE_BURN[_PACE]), here.series(names.OBJECTIVE_WINDOW)
    goes = f"{left} * {window} / {burn} < {window}"
    return f"(({goes}) or ({window} and {left} and {burn})) / {_DAY}"


def _of_journeys(journeys: Source) -> tuple[model.Panel, ...]:
    fast = PAGE[0]
    return (
        graph(
            journeys,
            "Journeys: budget that is left",
            "Of what customers come for: to browse, to fill a cart, to check out.",
            Query(expr=f"1 - {_known(journeys, names.OBJECTIVE_SPENT)}", legend=_NAME),
            face=Face(unit="percentunit", empty=_UNKNOWN, highest=1, steps=line_at(0)),
            curve=limited(),
        ),
        graph(
            journeys,
            "Journeys: how fast budgets go",
            f"How many times as fast as they may, over {fast.long}.",
            Query(expr=journeys.series(names.OBJECTIVE_BURN[fast.long]), legend=_NAME),
            face=Face(unit="none", empty="no traffic", lowest=0, steps=line_at(fast.factor)),
            curve=limited(),
        ),
    )


def _agreements(here: Source, agreed: Iterable[Objective]) -> model.Panel:
    """What is left until something is owed; what is spent is a share of the objective's budget."""
    agreement = here.series(names.OBJECTIVE_AGREED)
    budget = here.series(names.OBJECTIVE_BUDGET)
    spent = _known(here, names.OBJECTIVE_SPENT)
    owed = " ".join(
        f"{one.name}, below {one.agreement.target * 100:g} %: {one.agreement.owed}"
        for one in agreed
        if one.agreement
    )
    return graph(
        here,
        "Agreements: what is left until something is owed",
        f"The share of the failures agreed on that are not yet spent. At the dashed line: {owed}",
        Query(expr=f"1 - {spent} * {budget} / {agreement}", legend=_NAME),
        face=Face(unit="percentunit", empty=_UNKNOWN, highest=1, steps=line_at(0)),
        curve=limited(),
    )


def _spending(chosen: Source) -> model.Panel:
    return graph(
        chosen,
        "What spends budgets",
        f"What failed in each {COUNTED_EVERY}: requests, or probes of the public address.",
        Query(expr=_known(chosen, names.OBJECTIVE_FAILURES_COUNTED), legend=_NAME),
        face=Face(unit="short", empty="no traffic", lowest=0),
        curve=Curve(calcs=("sum", "max")),
    )


def _lasting(chosen: Source) -> model.Panel:
    return graph(
        chosen,
        "Days until a budget is gone",
        f"At the pace of the last {_PACE}, a window at most. One that is gone is not shown.",
        Query(expr=_days_left(chosen), legend=_NAME),
        face=Face(unit="d", empty="no traffic", steps=line_at(_SOON)),
        curve=Curve(log=10),
    )


def _left(chosen: Source) -> model.Panel:
    return graph(
        chosen,
        "Budget that is left",
        "The share of the failures that may be in a window that are not yet spent. At the dashed "
        "line the budget is gone, and below it overspent. Of what is younger than its window, "
        "what was not seen yet counts as free of failures.",
        Query(expr=f"1 - {_known(chosen, names.OBJECTIVE_SPENT)}", legend=_NAME),
        face=Face(unit="percentunit", empty=_UNKNOWN, highest=1, steps=line_at(0)),
        curve=limited(),
    )


def _burn(chosen: Source, pair: Pair) -> model.Panel:
    title = BURN.title if pair is PAGE[0] else f"The same over {pair.long}"
    told = "page" if pair in PAGE else "ticket"
    return graph(
        chosen,
        title,
        f"How many times as fast as it may a budget goes, over {pair.long}. Above the dashed line "
        f"it is a {told}, where it is so over {pair.short} too.",
        Query(expr=chosen.series(names.OBJECTIVE_BURN[pair.long]), legend=_NAME),
        face=Face(unit="none", empty="no traffic", lowest=0, steps=line_at(pair.factor)),
        curve=limited(),
    )


def _failures_left(chosen: Source) -> model.Panel:
    return graph(
        chosen,
        "How much more may fail",
        "Requests, or probes of the public address, in a window, if the days not yet seen are "
        "like those that were.",
        Query(expr=_known(chosen, names.OBJECTIVE_LEFT), legend=_NAME),
        face=Face(unit="short", empty=_UNKNOWN, steps=line_at(0)),
        curve=limited(),
    )


def _seen(chosen: Source) -> model.Panel:
    return graph(
        chosen,
        "Share of the window that was seen",
        "Of each window how much was counted: little where a service is young or an objective new, "
        "less than all where nothing was written for a time.",
        Query(expr=_known(chosen, names.OBJECTIVE_SEEN), legend=_NAME),
        face=Face(unit="percentunit", empty=_UNKNOWN, lowest=0, highest=1),
        curve=limited(),
    )
