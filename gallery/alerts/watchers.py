"""Who watches the watchers: heartbeats, whose silence is heard, and what is said past Grafana."""

from __future__ import annotations

from gallery.alerts.guards import COLLECTOR_FRESH, collector_alive, unanswered
from gallery.alerts.model import (
    Alert,
    Case,
    Delivery,
    ErrorState,
    Evaluator,
    Scope,
    Series,
    Subject,
    at_once,
    flat,
    unwritten,
)
from gallery.alerts.panels import API_HEALTH
from gallery.alerts.probing import unanswered_cases
from gallery.alerts.stories import (
    CALM,
    MINUTE,
    STEP,
    Spell,
    Story,
    gauge,
    lasting,
    minus,
    passing,
    present,
    short_of,
    silent,
    valued,
)
from gallery.alerts.subjects import (
    collector_labels,
    probe_labels,
    whole,
)
from gallery.contact_points.model import Engine
from gallery.metrics import labels, promql
from gallery.metrics.durations import Duration
from gallery.metrics.names import COLLECTOR_EXPECTED, RECEIVE_USUAL, TRANSMIT_USUAL
from gallery.metrics.recordings import RATES, STALE_EVALUATIONS, USUAL, USUAL_EVERY, USUAL_KNOWN
from gallery.metrics.timings import BROKEN_WAIT, FailureMode, Timings
from gallery.store.roles import MONITORING, Severity

_GRAFANA = frozenset({Engine.GRAFANA})


def _stale_after(timings: Timings) -> Duration:
    """How long the recording rules may bring no new value."""
    return timings.evaluate_amp * STALE_EVALUATIONS


def _beats(scope: Scope, metric: str, of: dict[str, str], age: Duration) -> tuple[Case, ...]:
    """A heartbeat begins with its series, lasts while that is younger than `age`, and stops."""
    young, old = (Duration.of(seconds=age.seconds * share) for share in (0.75, 1.25))
    well = MINUTE * 5

    def ends(after: Duration) -> tuple[Series, ...]:
        phases = (flat(1, well), unwritten(after))
        return (Series(metric=metric, labels=of, phases=phases),)

    def begins(*spells: Spell) -> tuple[Series, ...]:
        phases = tuple(flat(1, length) if bad else unwritten(length) for bad, length in spells)
        return (Series(metric=metric, labels=of, phases=phases),)

    # The age counts from the last sample.
    last = minus(well, STEP)
    return (
        lasting(scope, "beats with the first sample", begins, scope.at()),
        Case(
            name="beats on while the newest sample is young",
            series=ends(old),
            fires_at=last + young.ceil_to(STEP),
            fires=(scope.at(),),
        ),
        Case(
            name="stops when the newest sample is old",
            series=ends(old + STEP * 2),
            fires_at=last + old.ceil_to(STEP),
        ),
    )


WATCHDOG = Alert(
    name="Watchdog",
    subject=Subject.PIPELINE,
    # A constant would beat on when the collector is dead.
    expr=collector_alive,
    hold=Duration(0),
    severity=Severity.INFO,
    owner=MONITORING.name,
    summary="A heartbeat: the collector writes, and AMP evaluates and delivers.",
    what="All is well: this alert always fires. Its silence is what is heard.",
    dashboard=None,
    # Nobody is told of a beat; a CloudWatch alarm tells of its absence.
    onset={},
    evaluator=Evaluator.AMP,
    delivery=Delivery.HEARTBEAT,
    cases=lambda scope: _beats(
        scope, "up", collector_labels(scope), Duration.of(seconds=COLLECTOR_FRESH)
    ),
)


def _grafana_beats(scope: Scope) -> str:
    newest = f"max {promql.BY_STACK} (timestamp({scope.series(COLLECTOR_EXPECTED)}))"
    return f"time() - {newest} < {_stale_after(scope.timings).seconds:g}"


GRAFANA_HEARTBEAT = Alert(
    name="GrafanaHeartbeat",
    subject=Subject.PIPELINE,
    expr=_grafana_beats,
    hold=Duration(0),
    severity=Severity.INFO,
    owner=MONITORING.name,
    summary="A heartbeat: Grafana reads AMP, evaluates and delivers.",
    what="All is well: this alert always fires. Its silence is what is heard.",
    dashboard=None,
    onset={},
    recorded=True,
    engines=_GRAFANA,
    delivery=Delivery.GRAFANA_HEARTBEAT,
    # An error must end the beat, not keep it.
    error_state=ErrorState.OK,
    cases=lambda scope: _beats(
        scope,
        COLLECTOR_EXPECTED,
        scope.at(service=labels.COLLECTOR_SERVICE),
        _stale_after(scope.timings),
    ),
)


def _constants_stale(scope: Scope) -> str:
    age = str(_stale_after(scope.timings))
    return f"absent_over_time({scope.series(COLLECTOR_EXPECTED, window=age)})"


def _constants_cases(scope: Scope) -> tuple[Case, ...]:
    age = _stale_after(scope.timings).ceil_to(STEP)
    constant = scope.at(service=labels.COLLECTOR_SERVICE)

    def stops(*spells: Spell) -> tuple[Series, ...]:
        return (present(COLLECTOR_EXPECTED, constant, spells, away=unwritten),)

    def recorded(*spells: Spell) -> tuple[Series, ...]:
        return (valued(COLLECTOR_EXPECTED, constant, (1, whole(spells))),)

    # The age counts from the sample before the stop; whether a range holds its left edge
    # differs between versions of Prometheus, hence a step less.
    brief = minus(age + short_of(scope.hold), STEP * 2)
    return (
        lasting(scope, "nothing is recorded any more", stops, scope.at(), onset=age),
        passing(scope, "is recorded again in time", stops, spell=brief),
        silent(scope, "is recorded", recorded),
    )


RECORDING_RULES_STALE = Alert(
    name="RecordingRulesStale",
    subject=Subject.PIPELINE,
    expr=_constants_stale,
    # What was planned is forgotten after five minutes; then what is missing would look found.
    hold=MINUTE,
    severity=Severity.PAGE,
    owner=MONITORING.name,
    summary="AMP's recording rules fail or are not evaluated.",
    what="AMP has recorded nothing of what is planned for three evaluations: soon hosts, probes "
    "and targets that are missing go unseen.",
    dashboard=API_HEALTH,
    # All of it: what is missed is the recording itself, which comes back with an evaluation.
    onset={FailureMode.GONE: _stale_after},
    clearing=lambda timings: timings.evaluate_amp,
    cases=_constants_cases,
)


def _usual_stale(_: Timings) -> Duration:
    """What is usual is recorded seldom, and known for a while."""
    return USUAL_KNOWN + USUAL_EVERY


def _traffic_unrecorded(scope: Scope) -> str:
    hosts = f"{scope.job('up', labels.NODE)} == 1"
    age = str(_stale_after(scope.timings))
    rates = (
        f"max {promql.BY_STACK} ({hosts})"
        f" unless {promql.ON_STACK} last_over_time({scope.series(rate, window=age)})"
        for rate, _ in RATES
    )
    # A new host has nothing that is usual, and one that is gone has nothing new.
    usual = (
        f"max {promql.BY_STACK} (last_over_time({scope.series(usual, window='1d')})"
        f" and {promql.ON_HOST} {hosts}"
        f" unless last_over_time({scope.series(usual, window=str(USUAL_KNOWN))}))"
        for usual, _ in USUAL
    )
    return " or ".join((*rates, *usual))


def _unrecorded_cases(scope: Scope) -> tuple[Case, ...]:
    age = _stale_after(scope.timings).ceil_to(STEP)
    of = scope.at(service="checkoutservice", host="orders-db-1", host_group="orders-db")
    names = tuple(name for name, _ in (*RATES, *USUAL))

    def host(*spells: tuple[float, Duration]) -> Series:
        return valued("up", {**of, "job": labels.NODE}, *spells)

    def recorded(length: Duration, *spells: Spell, stops: tuple[str, ...]) -> tuple[Series, ...]:
        """Everything is recorded, but what stops as the spells have it."""
        on = ((False, length),)
        return tuple(
            present(name, of, spells if name in stops else on, away=unwritten, value=20_000)
            for name in names
        )

    def stop(*stops: str) -> Story:
        def story(*spells: Spell) -> tuple[Series, ...]:
            length = whole(spells)
            return (host((1, length)), *recorded(length, *spells, stops=stops))

        return story

    def host_off(*spells: Spell) -> tuple[Series, ...]:
        length = whole(spells)
        spent = (False, MINUTE), (True, length)
        usual = (RECEIVE_USUAL, TRANSMIT_USUAL)
        return (host((1, MINUTE), (0, length)), *recorded(length, *spent, stops=usual))

    # As for the constants: the age counts from the sample before the stop.
    brief = minus(age + short_of(scope.hold), STEP * 2)
    return (
        *(
            lasting(scope, f"{name} is recorded no more", stop(name), scope.at(), onset=onset)
            for records, onset in ((RATES, age), (USUAL, USUAL_KNOWN))
            for name, _ in records
        ),
        passing(scope, "is recorded again in time", stop(*names), spell=brief),
        silent(scope, "records all there is", stop()),
        _outlasting(scope, "a host is off and nothing of it is usual", host_off, USUAL_KNOWN),
    )


def _outlasting(scope: Scope, name: str, story: Story, onset: Duration) -> Case:
    """The alert stays silent for longer than it would take."""
    length = CALM + onset + scope.hold.ceil_to(STEP) + STEP * 6
    return Case(name=name, series=story((True, length)), until=length)


HOST_TRAFFIC_UNRECORDED = Alert(
    name="HostTrafficUnrecorded",
    subject=Subject.PIPELINE,
    expr=_traffic_unrecorded,
    # A new stack's rates need two scrapes and an evaluation.
    hold=MINUTE * 2,
    severity=Severity.TICKET,
    owner=MONITORING.name,
    summary="What hosts' network traffic is and usually is, is no longer recorded.",
    what="AMP no longer records the hosts' network traffic, or what is usual for it: unusual "
    "traffic goes unseen.",
    dashboard=API_HEALTH,
    # Of the rates, and of what is usual.
    onset={FailureMode.GONE: _stale_after, FailureMode.CHANGED: _usual_stale},
    clearing=lambda _: USUAL_EVERY,
    cases=_unrecorded_cases,
)


def _grafana_page(scope: Scope) -> dict[str, str]:
    return probe_labels(scope, labels.GRAFANA_SERVICE, labels.GRAFANA)


GRAFANA_UNREACHABLE = Alert(
    name="GrafanaUnreachable",
    subject=Subject.PIPELINE,
    expr=lambda scope: unanswered(scope, labels.GRAFANA),
    hold=Duration.of(seconds=120),
    severity=Severity.PAGE,
    owner=MONITORING.name,
    summary="Grafana does not answer.",
    what="Grafana does not answer: dashboards are closed, and what Grafana alerts on may not be "
    "sent.",
    dashboard=None,
    onset={FailureMode.REFUSED: at_once, FailureMode.HANGING: at_once},
    evaluator=Evaluator.AMP,
    delivery=Delivery.INDEPENDENT,
    cases=lambda scope: unanswered_cases(scope, _grafana_page(scope)),
)


def _canary_cases(scope: Scope) -> tuple[Case, ...]:
    constant = scope.at(service=labels.COLLECTOR_SERVICE)

    def impossible(*spells: Spell) -> tuple[Series, ...]:
        return (gauge(COLLECTOR_EXPECTED, constant, spells, well=1, ill=0),)

    def readable(*spells: Spell) -> tuple[Series, ...]:
        return (valued(COLLECTOR_EXPECTED, constant, (1, whole(spells))),)

    return (
        lasting(scope, "reads what nobody wrote", impossible, constant),
        passing(scope, "reads nonsense for a moment", impossible),
        silent(scope, "reads what was recorded", readable),
    )


# Proven here only in part: that it is silent while AMP can be read. Its purpose is the query
# that fails. Every other rule keeps its last state then, or one refusal of AMP would page for
# each of them; this one turns into Grafana's own alert DatasourceError, which Grafana's first
# route takes to the monitoring engineer. No promtool can play that; Grafana's evaluator must.
DATASOURCE_CANARY = Alert(
    name="DatasourceCanary",
    subject=Subject.PIPELINE,
    expr=lambda scope: f"{scope.series(COLLECTOR_EXPECTED)} != 1",
    hold=Duration.of(seconds=60),
    severity=Severity.PAGE,
    owner=MONITORING.name,
    summary="Grafana cannot read Amazon Managed Prometheus.",
    what="Grafana cannot read Amazon Managed Prometheus: until it can, no alert changes.",
    dashboard=API_HEALTH,
    # Its route's group wait, beside the hold that a newer Grafana has as well.
    onset={FailureMode.REFUSED: lambda _: BROKEN_WAIT},
    recorded=True,
    engines=_GRAFANA,
    error_state=ErrorState.ERROR,
    cases=_canary_cases,
)
