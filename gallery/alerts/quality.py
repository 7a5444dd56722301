"""Alerts on how well the store's services answer: too seldom, or too late."""

from __future__ import annotations

from collections.abc import Callable

from gallery.alerts.model import Alert, Case, Labels, Scope, Series, Subject, flat, gone
from gallery.alerts.panels import API_HEALTH
from gallery.alerts.stories import (
    MINUTE,
    STEP,
    Spell,
    counter,
    lasting,
    minus,
    passing,
    silent,
    valued,
)
from gallery.alerts.subjects import canary_labels, probe_labels, whole
from gallery.metrics import labels, promql
from gallery.metrics.durations import Duration
from gallery.metrics.timings import FailureMode
from gallery.store.roles import RELIABILITY, Severity

_WINDOW = MINUTE * 10
# Two outages at least; a single one is EndpointDown's.
_CHANGES = 4
# Scrapes by which an endpoint may fail more often than the prober's canary.
_TOLERANCE = 1.5
# Requests a second below which a percentile is one customer's bad luck.
_FLOOR = 0.2
_BUSY = 2.0


def _degraded(scope: Scope) -> str:
    probe, canary = _answers(scope, labels.PROBE), _answers(scope, labels.CANARY)
    more = _TOLERANCE * scope.timings.scrape.seconds / _WINDOW.seconds
    alike = (
        f"avg_over_time({probe}) >= {promql.ON_STACK} group_left ()"
        f" (max {promql.BY_STACK} (avg_over_time({canary})) - {more:g})"
    )
    # Whole numbers: a mean of exactly the threshold would be below it or not by its rounding.
    share = f"sum_over_time({probe}) / count_over_time({probe})"
    return (
        f"{share} < {scope.threshold:g} and changes({probe}) >= {_CHANGES}"
        f" unless {promql.ON_SERVICE} ({alike})"
    )


def _answers(scope: Scope, job: str) -> str:
    """What each target answered to its probes in the window. A probe that hangs is a failed one."""
    probe = f"{scope.job('probe_success', job)} or {scope.job('up', job)} == 0"
    return f"min without () ({probe})[{_WINDOW}:{scope.timings.scrape}]"


Spells = tuple[tuple[float, Duration], ...]
# What a probe leaves behind: an answer, or a scrape that fails.
Probing = Callable[[Labels, Spells], tuple[Series, ...]]


def _refused(target: Labels, spells: Spells) -> tuple[Series, ...]:
    return (valued("probe_success", target, *spells),)


def _hanging(target: Labels, spells: Spells) -> tuple[Series, ...]:
    answers = tuple(flat(1, length) if value else gone(length) for value, length in spells)
    return (
        valued("up", target, *spells),
        Series(metric="probe_success", labels=target, phases=answers),
    )


def _two_outages(scope: Scope, share: float, more: int = 0) -> Spells:
    """A probe that fails for a share of the window and some scrapes, in two outages."""
    step = scope.timings.scrape
    lost = Duration.of(seconds=_WINDOW.seconds * share).ceil_to(step) + step * more
    long = max(minus(lost, step), step)
    return ((1, _WINDOW), (0, long), (1, step), (0, step))


def _degraded_cases(scope: Scope) -> tuple[Case, ...]:
    shipping = probe_labels(scope, "shippingservice")
    failing = 1 - 0.75 * scope.threshold
    enough = _two_outages(scope, failing)
    sparing = _two_outages(scope, 1 - (scope.threshold + min(2 * scope.threshold, 1)) / 2)
    once = ((1, _WINDOW), (0, MINUTE * 5))
    alike, worse = (_two_outages(scope, failing, int(_TOLERANCE) + more) for more in (0, 1))
    return (
        _outages(scope, "comes back for the second time", enough, shipping),
        _outages(scope, "hangs for the second time", enough, shipping, probing=_hanging),
        _outages(scope, "fails twice, but not for long enough", sparing),
        _outages(scope, "was down once, for long", once),
        _outages(scope, "fails as the prober does", alike, canary=enough),
        _outages(scope, "fails more than the prober", worse, shipping, canary=enough),
        _outages(
            scope, "cannot be probed as the prober dies", enough, canary=enough, probing=_hanging
        ),
    )


def _outages(
    scope: Scope,
    name: str,
    spells: Spells,
    *fires: Labels,
    canary: Spells = ((1, _WINDOW * 2),),
    probing: Probing = _refused,
) -> Case:
    """The alert fires with the second return, or never."""
    step = scope.timings.scrape
    back = sum((length for _, length in spells), Duration(0))
    well = (1.0, _WINDOW)
    return Case(
        name=name,
        series=(
            *probing(probe_labels(scope, "shippingservice"), (*spells, well)),
            *probing(canary_labels(scope), (*canary, well)),
        ),
        fires_at=back + scope.hold.ceil_to(step) if fires else None,
        fires=fires,
        until=back + _WINDOW,
        interval=step,
    )


ENDPOINT_DEGRADED = Alert(
    name="EndpointDegraded",
    subject=Subject.ENDPOINT,
    expr=_degraded,
    hold=Duration(0),
    severity=Severity.TICKET,
    owner=RELIABILITY.name,
    threshold=0.9,
    unit="share of probes that succeed in ten minutes",
    summary="An endpoint keeps failing and coming back.",
    what="{{ $labels.service }} keeps failing and coming back: "
    "{{ $value | humanizePercentage }} of its probes succeeded in ten minutes.",
    dashboard=API_HEALTH,
    # From the first failure: two outages of half a minute, each with its recovery.
    onset={FailureMode.CHANGED: lambda _: MINUTE * 4},
    clearing=lambda _: _WINDOW,
    cases=_degraded_cases,
)


def _slow(scope: Scope) -> str:
    window = str(scope.timings.window)
    matchers = (
        promql.equals("job", labels.MESH),
        promql.equals("reporter", "destination"),
        f"source_workload!={promql.quoted(labels.PROBER_WORKLOAD)}",
    )
    buckets = scope.series("istio_request_duration_milliseconds_bucket", *matchers, window=window)
    requests = scope.series("istio_requests_total", *matchers, window=window)
    each = promql.by((*labels.COMMON, "le"))
    return (
        f"histogram_quantile(0.95, sum {each} (rate({buckets}))) > {scope.threshold:g}"
        f" and {promql.ON_SERVICE} sum {promql.BY_SERVICE} (rate({requests})) > {_FLOOR:g}"
    )


def _requests(
    scope: Scope, *spells: tuple[float, Duration], caller: str = "frontend", rate: float = _BUSY
) -> tuple[Series, ...]:
    """Requests to one service whose duration lies below each given edge, and above the last.

    An edge and its duration are multiples of the threshold.
    """
    common = scope.at(
        job=labels.MESH,
        service="paymentservice",
        reporter="destination",
        source_workload=caller,
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

    def seldom(*spells: Spell) -> tuple[Series, ...]:
        return _requests(scope, *((1.5, length) for _, length in spells), rate=0.75 * _FLOOR)

    def little_traffic(*spells: Spell) -> tuple[Series, ...]:
        course = ((1.5 if bad else 0.25, length) for bad, length in spells)
        return _requests(scope, *course, rate=1.5 * _FLOOR)

    def only_for_the_prober(*spells: Spell) -> tuple[Series, ...]:
        probes = ((1.5, length) for _, length in spells)
        return (
            *_requests(scope, *probes, caller=labels.PROBER_WORKLOAD, rate=_BUSY * 10),
            *nearly_slow(*spells),
        )

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
    )


ENDPOINT_SLOW = Alert(
    name="EndpointSlow",
    subject=Subject.ENDPOINT,
    expr=_slow,
    # Longer than the window: one slow second keeps the percentile high for a whole minute.
    hold=Duration.of(seconds=120),
    severity=Severity.TICKET,
    owner=RELIABILITY.name,
    # The edges of Istio's histogram next to it are 250 and 1000.
    threshold=500,
    unit="milliseconds within which 95 of 100 requests are answered",
    summary="An endpoint answers its customers slowly.",
    what="{{ $labels.service }} takes {{ $value | humanize }} ms for the slowest "
    "of twenty requests.",
    dashboard=API_HEALTH,
    onset={FailureMode.CHANGED: lambda timings: timings.window},
    clearing=lambda timings: timings.window,
    cases=_slow_cases,
)
