"""What is recorded of objectives: counts first, so that every window weighs each request alike.

One rule serves all services. What it costs and why it is so: `docs/adr/0038-objectives.md`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gallery.metrics import labels, names, promql
from gallery.metrics.durations import Duration
from gallery.metrics.faults import server_faults
from gallery.metrics.recordings import Recording, RecordingGroup, StackSeries
from gallery.metrics.timings import Timings
from gallery.objectives.model import Objective, Reporter
from gallery.objectives.windows import COUNTED_EVERY, WINDOW, counted_over
from gallery.store.services import LOAD_GENERATOR

# No customer's requests.
_OTHERS = (labels.PROBER_WORKLOAD, LOAD_GENERATOR.name)
# What was given up by whoever asked before there was an answer: nobody's fault that can be known.
_GIVEN_UP = promql.other_than("response_code", "0")
_BY_NEEDED = promql.on((*labels.STACK, labels.NEEDS))


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """What recordings of objectives depend on.

    `needs` are, by a service's name, those it cannot do without. `outage` is how long a service
    must not answer before a page says that it is down, None where no page would.
    """

    stack: StackSeries
    timings: Timings
    objectives: tuple[Objective, ...]
    needs: Mapping[str, tuple[str, ...]]
    outage: Duration | None


def objective_groups(of: Recorded) -> tuple[RecordingGroup, ...]:
    """The groups of recordings; none without objectives."""
    if not of.objectives:
        return ()
    return (
        RecordingGroup(
            name="gallery-objectives",
            interval=of.timings.evaluate_amp,
            rules=(*_promised(of), *_counts(of), *_windows(of), *_excuses(of)),
        ),
        RecordingGroup(
            name="gallery-objectives-window", interval=COUNTED_EVERY, rules=tuple(_budgets(of))
        ),
    )


def within(window: Duration) -> str:
    """A range that holds as many samples as fit into the window, whether or not its edge counts."""
    return str(Duration(window.milliseconds - 1))


def _promised(of: Recorded) -> Iterator[Recording]:
    """Constants: what rules compare with, so that one serves services with other targets."""
    promised: dict[str, dict[str, float]] = {
        names.OBJECTIVE_BUDGET: {one.service: one.budget for one in of.objectives},
        names.OBJECTIVE_LEAST_FAILURES: {one.service: one.floors.failures for one in of.objectives},
        names.OBJECTIVE_LEAST_REQUESTS: {one.service: one.floors.requests for one in of.objectives},
    }
    for record, values in promised.items():
        series = (
            promql.labelled(f"vector({value:g})", {labels.SERVICE: service})
            for service, value in values.items()
        )
        yield Recording(record=record, expr=" or ".join(series), labels=of.stack.labels)
    needs = (
        promql.labelled("vector(1)", {labels.SERVICE: one.service, labels.NEEDS: needed})
        for one in of.objectives
        for needed in of.needs[one.service]
    )
    yield Recording(record=names.OBJECTIVE_NEEDS, expr=" or ".join(needs), labels=of.stack.labels)


def _counts(of: Recorded) -> Iterator[Recording]:
    window = str(counted_over(of.timings))

    def summed(*wheres: tuple[str, ...]) -> str:
        rates = (
            f"rate({of.stack.series('istio_requests_total', *chosen, *where, window=window)})"
            for chosen in _customers(of.objectives)
            for where in wheres
        )
        return f"sum {promql.BY_SERVICE} ({' or '.join(rates)})"

    yield Recording(record=names.OBJECTIVE_REQUESTS, expr=summed(()))
    none = f"0 * {of.stack.series(names.OBJECTIVE_REQUESTS)}"
    failed = summed(*server_faults())
    yield Recording(record=names.OBJECTIVE_FAILURES, expr=f"{failed} or {none}")


def _customers(objectives: tuple[Objective, ...]) -> Iterator[tuple[str, ...]]:
    """Matchers of customers' requests, as one of the two proxies tells of them."""
    for reporter in Reporter:
        services = tuple(one.service for one in objectives if one.seen_by is reporter)
        if services:
            yield (
                promql.equals("job", labels.MESH),
                promql.equals("reporter", reporter),
                promql.one_of(labels.SERVICE, services),
                promql.none_of("source_workload", _OTHERS),
                _GIVEN_UP,
            )


def _windows(of: Recorded) -> Iterator[Recording]:
    stack, seconds = of.stack, of.timings.evaluate_amp.seconds

    def summed(metric: str, window: str) -> str:
        return f"sum_over_time({stack.series(metric, window=within(Duration.parse(window)))})"

    for window, record in names.OBJECTIVE_BURN.items():
        requests = summed(names.OBJECTIVE_REQUESTS, window)
        failures = summed(names.OBJECTIVE_FAILURES, window)
        budget = stack.series(names.OBJECTIVE_BUDGET)
        yield Recording(record=record, expr=f"{failures} / ({requests} > 0) / {budget}")
    for window, record in names.OBJECTIVE_FAILED.items():
        requests = summed(names.OBJECTIVE_REQUESTS, window)
        failures = summed(names.OBJECTIVE_FAILURES, window)
        yield Recording(
            record=record,
            expr=(
                f"{failures} * {seconds:g} >= {stack.series(names.OBJECTIVE_LEAST_FAILURES)}"
                f" and {requests} * {seconds:g} >= {stack.series(names.OBJECTIVE_LEAST_REQUESTS)}"
            ),
        )


def _excuses(of: Recorded) -> Iterator[Recording]:
    """Of each service how many of those it needs do not answer, where that was paged.

    As EndpointDown holds it: at every look for so long, at some time since the last evaluation.
    Not while the prober does not even answer itself.
    """
    if of.outage is None:
        return
    scrape = of.timings.scrape
    held = of.outage.ceil_to(scrape) + scrape
    down = f"max_over_time(({_answers(of, labels.PROBE)})[{within(held)}:{scrape}]) == 0"
    lately = f"count_over_time(({down})[{of.timings.window}:{scrape}])"
    blind = f"max {promql.BY_STACK} ({_answers(of, labels.CANARY)}) == 0"
    named = promql.named(f"({lately} unless {promql.ON_STACK} ({blind}))", labels.NEEDS)
    needed = of.stack.series(names.OBJECTIVE_NEEDS)
    yield Recording(
        record=names.OBJECTIVE_UNANSWERED,
        expr=f"count {promql.BY_SERVICE} ({needed} and {_BY_NEEDED} {named})",
    )


def _answers(of: Recorded, job: str) -> str:
    """What each service answered to its last probe. A probe that hangs is a scrape that fails."""
    chosen = promql.equals("job", job)
    known = of.stack.series("probe_success", chosen, window=promql.LAST_KNOWN)
    hanging = f"{of.stack.series('up', chosen)} == 0"
    return f"min {promql.BY_SERVICE} ({hanging} or last_over_time({known}))"


def _budgets(of: Recorded) -> Iterator[Recording]:
    stack, seconds = of.stack, of.timings.evaluate_amp.seconds
    whole = within(WINDOW)
    for record, rate in (
        (names.OBJECTIVE_REQUESTS_COUNTED, names.OBJECTIVE_REQUESTS),
        (names.OBJECTIVE_FAILURES_COUNTED, names.OBJECTIVE_FAILURES),
    ):
        counted = stack.series(rate, window=within(COUNTED_EVERY))
        yield Recording(record=record, expr=f"sum_over_time({counted}) * {seconds:g}")
    requests = stack.series(names.OBJECTIVE_REQUESTS_COUNTED, window=whole)
    failures = stack.series(names.OBJECTIVE_FAILURES_COUNTED, window=whole)
    samples = WINDOW.milliseconds // COUNTED_EVERY.milliseconds
    yield Recording(record=names.OBJECTIVE_SEEN, expr=f"count_over_time({requests}) / {samples}")
    budget, seen = stack.series(names.OBJECTIVE_BUDGET), stack.series(names.OBJECTIVE_SEEN)
    # A service that is young has spent no more of the whole window's budget than it could.
    yield Recording(
        record=names.OBJECTIVE_SPENT,
        expr=(f"sum_over_time({failures}) / (sum_over_time({requests}) > 0) / {budget} * {seen}"),
    )
    yield Recording(
        record=names.OBJECTIVE_LEFT,
        expr=f"sum_over_time({requests}) / {seen} * {budget} - sum_over_time({failures})",
    )
