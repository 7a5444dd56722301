"""The cases of the alerts of `gallery.alerts.endpoints`."""

from __future__ import annotations

from gallery.alerts.cases.model import Case, Cases, Series, gone, unwritten
from gallery.alerts.cases.outages import (
    long_and_again,
    outages,
    probe_hangs,
    refused,
    two_outages,
)
from gallery.alerts.cases.probing import hanging, refusing, unanswered_cases
from gallery.alerts.cases.stories import (
    STEP,
    Spell,
    counter,
    lasting,
    passing,
    present,
    remembered,
    short_of,
    silent,
    told_once,
    valued,
)
from gallery.alerts.cases.subjects import (
    canary_labels,
    collector_dies,
    collector_labels,
    collector_well,
    planned_and_gone,
    probe_labels,
    whole,
)
from gallery.alerts.degraded import TOLERANCE, WINDOW
from gallery.alerts.endpoints import (
    ENDPOINT_DEGRADED,
    ENDPOINT_DOWN,
    ENDPOINT_PROBE_MISSING,
    ENDPOINT_SLOW,
    FLOOR,
)
from gallery.alerts.guards import SAME_MOMENT
from gallery.alerts.model import Labels, Scope
from gallery.metrics import labels
from gallery.metrics.durations import MINUTE, Duration, minus
from gallery.metrics.names import PROBE_EXPECTED


def _down_cases(scope: Scope) -> tuple[Case, ...]:
    cart, shop = probe_labels(scope, "cartservice"), probe_labels(scope, "frontend")
    scrape = scope.timings.scrape

    def cart_fails(*spells: Spell) -> tuple[Series, ...]:
        well = (False, whole(spells))
        others = (series for of in (shop, canary_labels(scope)) for series in refusing(of, well))
        return (*refusing(cart, *spells), *others)

    def store_fails(*spells: Spell) -> tuple[Series, ...]:
        services = (series for of in (cart, shop) for series in refusing(of, *spells))
        return (*services, *refusing(canary_labels(scope), (False, whole(spells))))

    return (
        *unanswered_cases(scope, cart),
        *told_once(scope, cart_fails, cart),
        lasting(scope, "the whole store is down", store_fails, cart, shop),
        _loses_sight(
            scope,
            "fails with the prober, a moment before",
            min(scrape * int(SAME_MOMENT), short_of(scope.hold, scrape)),
        ),
        _loses_sight(
            scope,
            "was down before the prober went blind",
            scrape * (int(SAME_MOMENT) + 1),
            cart,
        ),
    )


def _loses_sight(scope: Scope, name: str, early: Duration, *fires: Labels) -> Case:
    """One endpoint fails so long before the prober loses sight of everything."""
    step = scope.timings.scrape
    known, blind = (MINUTE * 5).ceil_to(step), (scope.hold + MINUTE * 2).ceil_to(step)
    cart, others = (
        probe_labels(scope, "cartservice"),
        (probe_labels(scope, "frontend"), canary_labels(scope)),
    )
    return Case(
        name=name,
        series=(
            *refusing(cart, (False, minus(known, early)), (True, blind + early)),
            *(series for of in others for series in refusing(of, (False, known), (True, blind))),
        ),
        fires_at=known + blind if fires else None,
        fires=fires,
        until=known + blind,
        interval=step,
    )


_BUSY = 2.0


def _degraded_cases(scope: Scope) -> tuple[Case, ...]:
    shipping = probe_labels(scope, "shippingservice")
    failing = 1 - 0.75 * scope.threshold
    enough = two_outages(scope, failing)
    sparing = two_outages(scope, 1 - (scope.threshold + min(2 * scope.threshold, 1)) / 2)
    once = ((1, WINDOW), (0, MINUTE * 5))
    cart = probe_labels(scope, "cartservice")
    alike, worse = (two_outages(scope, failing, int(TOLERANCE) + more) for more in (0, 1))
    return (
        outages(scope, shipping, "comes back for the second time", enough, shipping),
        outages(
            scope,
            shipping,
            "fails again after it was down for long",
            long_and_again(scope),
            shipping,
        ),
        outages(
            scope, shipping, "hangs for the second time", enough, shipping, probing=probe_hangs
        ),
        outages(scope, shipping, "fails twice, but not for long enough", sparing),
        outages(scope, shipping, "was down once, for long", once),
        outages(scope, shipping, "fails as the prober does", alike, canary=enough),
        outages(
            scope,
            shipping,
            "fails more than the prober, which another does not",
            worse,
            shipping,
            canary=enough,
            others=refused(cart, (*alike, (1, WINDOW))),
        ),
        outages(
            scope,
            shipping,
            "cannot be probed as the prober dies",
            enough,
            canary=enough,
            probing=probe_hangs,
        ),
    )


def _requests(
    scope: Scope, *spells: tuple[float, Duration], rate: float = _BUSY, **of: str
) -> tuple[Series, ...]:
    """Requests to one service whose duration lies below each given edge, and above the last.

    An edge and its duration are multiples of the threshold. `of` are other labels than usual.
    """
    common = scope.at(
        **{
            "job": labels.MESH,
            "service": "paymentservice",
            "instance": "paymentservice-1",
            "reporter": "destination",
            "source_workload": "frontend",
            **of,
        }
    )
    edges = (0.25, 0.5, 1, 1.5, 3, float("inf"))

    def bucket(edge: float) -> Series:
        le = "+Inf" if edge == float("inf") else f"{edge * scope.threshold:g}"
        counted = ((rate if edge >= spell else 0, length) for spell, length in spells)
        return counter("istio_request_duration_milliseconds_bucket", common | {"le": le}, *counted)

    total = counter("istio_requests_total", common, (rate, whole(_lengths(spells))))
    return (*map(bucket, edges), total)


def _lengths(spells: tuple[tuple[float, Duration], ...]) -> tuple[Spell, ...]:
    return tuple((True, length) for _, length in spells)


def _slow_cases(scope: Scope) -> tuple[Case, ...]:
    service: Labels = scope.at(service="paymentservice")
    window = scope.timings.window

    def slow(*spells: Spell) -> tuple[Series, ...]:
        return _requests(scope, *((1.5 if bad else 0.25, length) for bad, length in spells))

    def nearly_slow(*spells: Spell) -> tuple[Series, ...]:
        return _requests(scope, *((1, length) for _, length in spells))

    def always(
        duration: float, spells: tuple[Spell, ...], *, rate: float = _BUSY, **of: str
    ) -> tuple[Series, ...]:
        return _requests(scope, *((duration, length) for _, length in spells), rate=rate, **of)

    def seldom(*spells: Spell) -> tuple[Series, ...]:
        """The caller's proxy says so too, the prober asks often, and others are busy."""
        return (
            *always(1.5, spells, rate=0.75 * FLOOR),
            *always(1.5, spells, rate=0.75 * FLOOR, reporter="source"),
            *always(0.25, spells, source_workload=labels.PROBER_WORKLOAD),
            *always(0.25, spells, service="cartservice"),
        )

    def little_traffic(*spells: Spell) -> tuple[Series, ...]:
        """On each of two pods."""
        course = tuple((1.5 if bad else 0.25, length) for bad, length in spells)
        pods = (f"paymentservice-{number}" for number in (1, 2))
        return tuple(
            series
            for pod in pods
            for series in _requests(scope, *course, rate=0.75 * FLOOR, instance=pod)
        )

    def only_for_the_prober(*spells: Spell) -> tuple[Series, ...]:
        return (
            *always(1.5, spells, rate=_BUSY * 10, source_workload=labels.PROBER_WORKLOAD),
            *nearly_slow(*spells),
        )

    def only_on_the_way(*spells: Spell) -> tuple[Series, ...]:
        return *always(1.5, spells, reporter="source"), *nearly_slow(*spells)

    def on_a_pod_that_few_ask(*spells: Spell) -> tuple[Series, ...]:
        busy = always(0.25, spells, rate=_BUSY * 50, instance="paymentservice-2")
        return *always(1.5, spells), *busy

    return (
        # A twentieth of the window must be slow before the percentile is.
        lasting(scope, "answers slowly", slow, service, onset=STEP * 3),
        lasting(scope, "answers few, slowly", little_traffic, service, onset=STEP * 3),
        # The percentile stays high until the last slow request has left the window.
        passing(
            scope,
            "was slow for a moment",
            slow,
            spell=Duration(minus(scope.hold, window).milliseconds // 2).ceil_to(STEP),
        ),
        silent(scope, "is nearly slow", nearly_slow),
        silent(scope, "is slow for one customer in the night", seldom),
        silent(scope, "is slow for the prober alone", only_for_the_prober),
        silent(scope, "is slow on the way alone", only_on_the_way),
        silent(scope, "is slow on a pod that few ask", on_a_pod_that_few_ask),
    )


def _missing_cases(scope: Scope) -> tuple[Case, ...]:
    cart, shop = probe_labels(scope, "cartservice"), probe_labels(scope, "frontend")
    canary = canary_labels(scope)

    def expected(length: Duration) -> tuple[Series, ...]:
        return tuple(
            valued(PROBE_EXPECTED, scope.at(service=service), (1, length))
            for service in ("cartservice", "frontend")
        )

    def cart_is_lost(*spells: Spell) -> tuple[Series, ...]:
        length = whole(spells)
        return (
            *expected(length),
            present("up", cart, spells, away=gone),
            *(valued("up", of, (1, length)) for of in (shop, canary)),
            collector_well(scope, length),
        )

    def and_a_collector_is_dead(*spells: Spell) -> tuple[Series, ...]:
        second = collector_labels(scope) | {labels.INSTANCE: "collector-1"}
        return *cart_is_lost(*spells), present("up", second, spells, away=unwritten)

    def exporter_is_dead(*spells: Spell) -> tuple[Series, ...]:
        length = whole(spells)
        return (
            *expected(length),
            *(series for of in (cart, shop, canary) for series in hanging(of, *spells)),
            collector_well(scope, length),
        )

    return (
        lasting(scope, "nobody probes it", cart_is_lost, scope.at(service="cartservice")),
        lasting(
            scope,
            "nobody probes it, and one of two collectors is dead",
            and_a_collector_is_dead,
            scope.at(service="cartservice"),
        ),
        passing(
            scope,
            "the probe comes back just before the hold ends",
            cart_is_lost,
            spell=minus(short_of(scope.hold), remembered(scope)),
        ),
        silent(scope, "the prober itself cannot be scraped", exporter_is_dead),
        collector_dies(scope, expected, cart, shop),
        *planned_and_gone(scope, PROBE_EXPECTED, scope.at(service="cartservice"), 1, cart),
    )


CASES: Cases = {
    ENDPOINT_DOWN: _down_cases,
    ENDPOINT_DEGRADED: _degraded_cases,
    ENDPOINT_SLOW: _slow_cases,
    ENDPOINT_PROBE_MISSING: _missing_cases,
}
