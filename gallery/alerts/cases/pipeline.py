"""The cases of the alerts of `gallery.alerts.pipeline`."""

from __future__ import annotations

from gallery.alerts.cases.model import Case, Cases, Phase, Series, flat, gone, ramp, unwritten
from gallery.alerts.cases.stories import (
    CALM,
    STEP,
    Spell,
    Story,
    counter,
    gauge,
    lasting,
    next_look,
    passing,
    present,
    repeated,
    short_of,
    silent,
    valued,
)
from gallery.alerts.cases.subjects import (
    canary_labels,
    collector_dies,
    collector_labels,
    collector_silent,
    collector_well,
    mesh_labels,
    probe_labels,
    whole,
)
from gallery.alerts.model import Scope
from gallery.alerts.pipeline import (
    COLLECTOR_BLIND,
    COLLECTOR_DOWN,
    MESH_UNMEASURED,
    REMOTE_WRITE_BEHIND,
    TARGETS_LOST,
    fresh,
)
from gallery.metrics import labels, promql
from gallery.metrics.durations import MINUTE, Duration, minus
from gallery.metrics.names import (
    CERTIFICATE_LEFT,
    COLLECTOR_EXPECTED,
    MESH_METRICS,
    TARGETS_EXPECTED,
    UNMATCHED,
)
from gallery.metrics.ports import INBOUND_PORT


def _collector_down_cases(scope: Scope) -> tuple[Case, ...]:
    expected = scope.at(service=labels.COLLECTOR_SERVICE)

    def stops(*spells: Spell) -> tuple[Series, ...]:
        return (
            collector_silent(scope, *spells),
            valued(COLLECTOR_EXPECTED, expected, (1, whole(spells))),
        )

    def one_of_two_writes(*spells: Spell) -> tuple[Series, ...]:
        """The other one hardly does."""
        length, rest = whole(spells), minus(fresh(scope.timings), STEP).ceil_to(STEP)
        second = collector_labels(scope) | {labels.INSTANCE: "collector-1"}
        times = length.milliseconds // (STEP + rest).milliseconds
        hardly = (flat(1, STEP), unwritten(rest)) * times
        return *stops((False, length)), Series(metric="up", labels=second, phases=hardly)

    def cannot_scrape_itself(*spells: Spell) -> tuple[Series, ...]:
        length = whole(spells)
        return (
            valued("up", collector_labels(scope), (0, length)),
            valued(COLLECTOR_EXPECTED, expected, (1, length)),
        )

    # From the last sample but one on.
    age = minus(fresh(scope.timings), STEP * 2).ceil_to(STEP)
    brief = minus(age + short_of(scope.hold), STEP)
    forever = age + scope.hold.ceil_to(STEP) + MINUTE * 10
    return (
        lasting(scope, "writes nothing any more", stops, expected, onset=age),
        Case(
            name="is silent for longer than its last values are remembered",
            series=stops((False, CALM), (True, forever)),
            fires_at=CALM + forever,
            fires=(expected,),
        ),
        passing(scope, "writes again in time", stops, spell=brief),
        silent(scope, "writes", lambda *spells: stops((False, whole(spells)))),
        silent(scope, "cannot scrape itself, and writes that", cannot_scrape_itself),
        Case(
            name="one of its two replicas hardly writes",
            series=one_of_two_writes((True, forever)),
            until=forever,
        ),
    )


def _blind_cases(scope: Scope) -> tuple[Case, ...]:
    probes = tuple(probe_labels(scope, service) for service in ("cartservice", "frontend"))
    canary = canary_labels(scope)
    targets = (*probes, canary)

    def reaches_nothing(*spells: Spell) -> tuple[Series, ...]:
        length = whole(spells)
        return (
            *(gauge("probe_success", of, spells, well=1, ill=0) for of in targets),
            *(valued("up", of, (1, length)) for of in targets),
        )

    def does_not_answer(*spells: Spell) -> tuple[Series, ...]:
        return (
            *(present("probe_success", of, spells, away=gone) for of in targets),
            *(gauge("up", of, spells, well=1, ill=0) for of in targets),
        )

    def store_is_down(*spells: Spell) -> tuple[Series, ...]:
        return (
            *(gauge("probe_success", of, spells, well=1, ill=0) for of in probes),
            valued("probe_success", canary, (1, whole(spells))),
            *(valued("up", of, (1, whole(spells))) for of in targets),
        )

    def canary_is_down(*spells: Spell) -> tuple[Series, ...]:
        length = whole(spells)
        return (
            *(valued("probe_success", of, (1, length)) for of in probes),
            gauge("probe_success", canary, spells, well=1, ill=0),
            *(valued("up", of, (1, length)) for of in targets),
        )

    return (
        lasting(
            scope,
            "reaches nothing, not even itself",
            reaches_nothing,
            scope.at(),
            onset=next_look(scope),
        ),
        lasting(
            scope,
            "its exporter cannot be scraped",
            does_not_answer,
            scope.at(),
            onset=next_look(scope),
        ),
        passing(scope, "reaches nothing for a moment", reaches_nothing),
        passing(scope, "its exporter restarts", does_not_answer),
        silent(scope, "the store is down as a whole", store_is_down),
        silent(scope, "loses itself alone", canary_is_down),
    )


def _targets_lost_cases(scope: Scope) -> tuple[Case, ...]:
    cart = scope.at(service="cartservice")
    proxy, second = (mesh_labels(scope, "cartservice", pod) for pod in ("1", "2"))

    def expected(length: Duration) -> Series:
        return valued(TARGETS_EXPECTED, cart, (1, length))

    def refuses(*spells: Spell) -> tuple[Series, ...]:
        length = whole(spells)
        return (
            gauge("up", proxy, spells, well=1, ill=0),
            expected(length),
            collector_well(scope, length),
        )

    def leaves(*spells: Spell) -> tuple[Series, ...]:
        length = whole(spells)
        return (
            present("up", proxy, spells, away=gone),
            expected(length),
            collector_well(scope, length),
        )

    def scales_down(*spells: Spell) -> tuple[Series, ...]:
        return (*leaves(*spells), valued("up", second, (1, whole(spells))))

    collector = scope.at(service=labels.COLLECTOR_SERVICE)
    replicas = (collector_labels(scope), collector_labels(scope) | {"instance": "collector-1"})

    def replica_is_evicted(*spells: Spell) -> tuple[Series, ...]:
        length = whole(spells)
        return (
            valued(TARGETS_EXPECTED, collector, (2, length)),
            valued("up", replicas[0], (1, length)),
            present("up", replicas[1], spells, away=gone),
        )

    def both_are_there(*spells: Spell) -> tuple[Series, ...]:
        length = whole(spells)
        every = (valued("up", each, (1, length)) for each in replicas)
        return (valued(TARGETS_EXPECTED, collector, (2, length)), *every)

    return (
        lasting(scope, "a proxy refuses to be scraped", refuses, proxy, onset=next_look(scope)),
        lasting(scope, "no proxy of a service is found", leaves, cart),
        lasting(scope, "a replica of the collector is evicted", replica_is_evicted, collector),
        silent(scope, "both replicas of the collector are there", both_are_there),
        passing(scope, "a proxy restarts", refuses),
        silent(scope, "a service scales down", scales_down),
        collector_dies(scope, lambda length: (expected(length),), proxy),
    )


def _mesh_unmeasured_cases(scope: Scope) -> tuple[Case, ...]:
    proxy = mesh_labels(scope, "cartservice")
    asked = proxy | {"reporter": "destination", "source_workload": "frontend"}
    said = dict.fromkeys(MESH_METRICS, asked) | {
        CERTIFICATE_LEFT: proxy | {"resource_name": "default"},
        UNMATCHED: proxy | {"listener_address": f"0.0.0.0_{INBOUND_PORT}"},
    }
    last = Duration.parse(promql.LAST_KNOWN)

    def without(*metrics: str, answers: tuple[float, ...] = (1,)) -> Story:
        """One of its proxies goes on answering, without these metrics of those that are read."""
        silent_one = mesh_labels(scope, "cartservice", "2")

        def story(*spells: Spell) -> tuple[Series, ...]:
            calm, length = ((False, whole(spells)),), whole(spells)
            return (
                Series(metric="up", labels=proxy, phases=repeated(answers, STEP, length)),
                valued("up", silent_one, (0, length)),
                *(
                    present(metric, of, spells if metric in metrics else calm, away=gone)
                    for metric, of in said.items()
                ),
            )

        return story

    def of_nobody(metric: str) -> Story:
        """It leaves out which end of the request it is that speaks."""
        anybody = {key: value for key, value in asked.items() if key != "reporter"}

        def story(*spells: Spell) -> tuple[Series, ...]:
            return (*without(metric)(*spells), valued(metric, anybody, (1, whole(spells))))

        return story

    def does_not_answer(*spells: Spell) -> tuple[Series, ...]:
        return (
            gauge("up", proxy, spells, well=1, ill=0),
            *(present(metric, of, spells, away=gone) for metric, of in said.items()),
        )

    timed, counted = MESH_METRICS
    seen = last + short_of(scope.hold)
    return (
        lasting(scope, "times no request any more", without(timed), scope.at(), onset=last),
        lasting(scope, "counts no request any more", without(counted), scope.at(), onset=last),
        lasting(
            scope, "hides how long it is good", without(CERTIFICATE_LEFT), scope.at(), onset=last
        ),
        lasting(scope, "hides whom it turns away", without(UNMATCHED), scope.at(), onset=last),
        lasting(
            scope,
            "counts no request any more, and answers now and then",
            without(counted, answers=(1, 0, 0)),
            scope.at(),
            onset=last,
        ),
        *(
            lasting(scope, f"drops a label of {metric}", of_nobody(metric), scope.at(), onset=last)
            for metric in MESH_METRICS
        ),
        Case(
            name="says nothing of requests for a while",
            series=without(*said)((False, CALM), (True, seen), (False, MINUTE)),
            until=CALM + seen + MINUTE,
        ),
        silent(scope, "does not answer at all", does_not_answer),
        silent(scope, "measures", without()),
        collector_dies(scope, lambda _: (), proxy),
    )


def _behind_cases(scope: Scope) -> tuple[Case, ...]:
    replica = {
        key: value
        for key, value in collector_labels(scope).items()
        if key in {*labels.COMMON, labels.INSTANCE}
    }
    # Of two queues one is ill.
    queue, well = (
        collector_labels(scope) | {"remote_name": name, "url": f"https://{name}/"}
        for name in ("amp", "archive")
    )

    def lags(*spells: Spell, ill: float) -> tuple[Series, ...]:
        return _sent(queue, spells, ill=ill * scope.threshold), _sent(well, spells, ill=0)

    def rejected(*spells: Spell) -> tuple[Series, ...]:
        metric = "prometheus_remote_storage_samples_failed_total"
        return (
            *lags(*spells, ill=0),
            counter(metric, queue, *((10 if bad else 0, length) for bad, length in spells)),
            counter(metric, well, (0, whole(spells))),
        )

    def far_behind(*spells: Spell) -> tuple[Series, ...]:
        return lags(*spells, ill=1.5)

    return (
        lasting(scope, "falls far behind", far_behind, replica),
        lasting(scope, "loses samples for good", rejected, replica, onset=STEP),
        # What was late is late for as long as the window remembers it.
        passing(
            scope,
            "catches up",
            far_behind,
            spell=minus(short_of(scope.hold), scope.timings.window.ceil_to(STEP)),
        ),
        passing(scope, "loses one batch", rejected, spell=STEP),
        silent(scope, "is a little behind", lambda *spells: lags(*spells, ill=0.75)),
    )


def _sent(queue: dict[str, str], spells: tuple[Spell, ...], *, ill: float) -> Series:
    """The newest timestamp sent, in seconds, so far behind the clock while the condition lasts."""
    phases, now = list[Phase](), 0.0
    for bad, length in spells:
        phases.append(ramp(now - (ill if bad else 0), per_sample=STEP.seconds, length=length))
        now += length.seconds
    return Series(
        metric="prometheus_remote_storage_queue_highest_sent_timestamp_seconds",
        labels=queue,
        phases=tuple(phases),
    )


CASES: Cases = {
    COLLECTOR_DOWN: _collector_down_cases,
    COLLECTOR_BLIND: _blind_cases,
    MESH_UNMEASURED: _mesh_unmeasured_cases,
    TARGETS_LOST: _targets_lost_cases,
    REMOTE_WRITE_BEHIND: _behind_cases,
}
