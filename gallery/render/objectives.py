"""`docs/objectives.md`: what customers are promised of services. `make objectives` writes it."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from gallery.alerts.endpoints import ENDPOINT_DOWN
from gallery.alerts.objectives import OBJECTIVE_BURNING_FAST, OBJECTIVE_BURNING_SLOWLY
from gallery.metrics.durations import MINUTE, Duration
from gallery.objectives.model import Floors, Objective, Reporter
from gallery.objectives.windows import PAGE, TICKET, WINDOW, Pair
from gallery.plan.catalogue import STORE, Catalogue
from gallery.store.services import SERVER_FAULTS

_SEEN_BY = {
    Reporter.CALLERS: "its callers' proxies",
    Reporter.SERVER: "its own proxy",
}
_WHAT_COUNTS = (
    "A request is answered unless it ends in HTTP's 5xx or in a status of gRPC that is a server's",
    f"fault: {', '.join(map(str, SERVER_FAULTS))}, and of the cart also 9, its answer when Redis",
    "fails. Requests of the prober and the load generator do not count, nor those that whoever",
    "asked gave up before there was an answer. Redis has no objective: it speaks no HTTP, and the",
    "cart answers for what it fails at.",
)
_WHAT_A_BUDGET_IS = (
    "A budget is the share of requests that may fail. It goes once as fast as it may where that",
    "share fails all the time. Told is what goes faster over a long window, with at least",
    f"{Floors().failures} failed requests in it, and over a short one, which ends it soon after:",
)
_WHAT_EXCUSES = (
    f"While {ENDPOINT_DOWN.name} pages about a service, or about one it cannot do without, and",
    "until that has left the short window, the page of a budget is silent for it.",
)


def objectives_document(catalogue: Catalogue) -> str:
    """Markdown, from objectives as the catalogue has them."""
    return "\n".join(_lines(catalogue))


def _lines(catalogue: Catalogue) -> Iterator[str]:
    yield "# Objectives"
    yield ""
    yield "What customers are promised of each service, and when somebody is told that it is not"
    yield "kept. Written by `make objectives` from `gallery/objectives`; why it is so and what it"
    yield "costs: [ADR 0038](adr/0038-objectives.md)."
    yield ""
    yield "| service | what customers get | answered | of 30 days it may be down for | seen by |"
    yield "|---|---|---|---|---|"
    for one in catalogue.objectives:
        yield _row(one)
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


def _row(one: Objective) -> str:
    down = Duration(round(one.budget * one.window.milliseconds)).ceil_to(MINUTE)
    return (
        f"| {one.service} | {one.promise} | {one.target * 100:g} % | {down} "
        f"| {_SEEN_BY[one.seen_by]} |"
    )


def _spent(pair: Pair) -> float:
    """The share of a budget that is spent when the long window is over."""
    return pair.factor * Duration.parse(pair.long).seconds / WINDOW.seconds


if __name__ == "__main__":
    sys.stdout.write(objectives_document(STORE))
