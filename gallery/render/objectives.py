"""`docs/objectives.md`: what customers are promised. `make objectives` writes it."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from gallery.alerts.door import SHOP_DOOR_DOWN
from gallery.alerts.endpoints import ENDPOINT_DOWN
from gallery.alerts.objectives import OBJECTIVE_BURNING_FAST, OBJECTIVE_BURNING_SLOWLY
from gallery.metrics.durations import MINUTE, Duration
from gallery.objectives.model import Floors, Objective
from gallery.objectives.windows import PAGE, TICKET, WINDOW, Pair
from gallery.plan.catalogue import STORE, Catalogue
from gallery.store.services import SERVER_FAULTS

_WHAT_COUNTS = (
    "A request is answered unless it ends in HTTP's 5xx or in a status of gRPC that is a server's",
    f"fault: {', '.join(map(str, SERVER_FAULTS))}, and of the cart also 9, its answer when Redis",
    "fails. The proxies of whoever calls a service tell of its requests, and of the frontend its",
    "own. Requests of the prober and the load generator do not count, nor those that whoever asked",
    "gave up before there was an answer. How long an answer takes is counted of those without a",
    "fault. Redis has no objective: it speaks no HTTP, and the cart answers for what it fails at.",
    "",
    "A journey counts what the frontend asks of the services that it takes, each request once.",
    "What else the frontend asks of the same services is among it: a proxy knows no paths.",
    "",
    "The public address is counted by probes; while the prober does not answer itself, none",
    "counts. Probes are nowhere added to requests.",
)
_WHAT_A_BUDGET_IS = (
    "A budget is the share that may fail. It goes once as fast as it may where that share fails",
    "all the time. Told is what goes faster over a long window, with at least",
    f"{Floors().failures} failures in it, and over a short one, which ends it soon after:",
)
_WHAT_EXCUSES = (
    f"An outage is paged once. While {ENDPOINT_DOWN.name} or {SHOP_DOOR_DOWN.name} pages about",
    "what an objective cannot do without, and until that has left the short window, the page of",
    "its budget is silent. Its ticket is not: it says what the outage has cost.",
)


def objectives_document(catalogue: Catalogue) -> str:
    """Markdown, from objectives as the catalogue has them."""
    return "\n".join(_lines(catalogue))


def _lines(catalogue: Catalogue) -> Iterator[str]:
    yield "# Objectives"
    yield ""
    yield "What customers are promised, and when somebody is told that it is not kept. Written by"
    yield "`make objectives` from `gallery/objectives`; why it is so and what it costs:"
    yield "[ADR 0038](adr/0038-objectives.md), [ADR 0041](adr/0041-kinds-of-objectives.md)."
    yield ""
    yield (
        "| objective | what customers get | what is good | how much | spent by | a page after "
        "| told to |"
    )
    yield "|---|---|---|---|---|---|---|"
    for one in catalogue.objectives:
        yield _row(one)
    yield ""
    yield f"*Spent by*: an outage of so long, once in {WINDOW}. *A page after*: where everything"
    yield "fails of a traffic that is even, so long until 2 % of the budget are spent; on top of it"
    yield f"come the hold of {_HOLD} and what every page takes. `times_to_page` has the sum for"
    yield "the objective that takes longest."
    yield ""
    yield from _WHAT_COUNTS
    yield ""
    yield "## When somebody is told"
    yield ""
    yield from _WHAT_A_BUDGET_IS
    yield ""
    yield "| alert | times as fast | over | and over | then spent |"
    yield "|---|---|---|---|---|"
    for alert, pairs in ((OBJECTIVE_BURNING_FAST, PAGE), (OBJECTIVE_BURNING_SLOWLY, TICKET)):
        link = f"[{alert.name}](runbooks/{alert.name}.md), a {alert.severity}"
        for pair in pairs:
            spent = f"{100 * _spent(pair):g} %"
            yield f"| {link} | {pair.factor:g} | {pair.long} | {pair.short} | {spent} |"
    yield ""
    yield from _WHAT_EXCUSES
    yield ""


_HOLD, _SECOND = OBJECTIVE_BURNING_FAST.hold, Duration.of(seconds=1)


def _row(one: Objective) -> str:
    down = Duration(round(one.budget * one.window.milliseconds)).ceil_to(MINUTE)
    return (
        f"| {one.name} | {one.promise} | {one.indicator.good} | {one.target * 100:g} % "
        f"| {down} | {PAGE[0].spent(one.budget).ceil_to(_SECOND)} | {one.owner} |"
    )


def _spent(pair: Pair) -> float:
    """The share of a budget that is spent when the long window is over."""
    return pair.factor * Duration.parse(pair.long).seconds / WINDOW.seconds


if __name__ == "__main__":
    sys.stdout.write(objectives_document(STORE))
