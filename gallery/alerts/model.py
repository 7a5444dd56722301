"""What an alert is.

An alert's expression is a function of a `Scope`: the stack's place, intervals and effective
parameters. Its cases in `gallery.alerts.cases` are too. So an override in a stack file reaches
the rule, its proof and its time to page by the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gallery.alerts.panels import Panel
from gallery.contact_points.model import Engine
from gallery.metrics import labels, promql
from gallery.metrics.durations import ZERO, Duration
from gallery.metrics.timings import FailureMode, Timings
from gallery.objectives.windows import Pair
from gallery.store.roles import Severity

Labels = Mapping[str, str]


class Subject(StrEnum):
    """What an alert speaks of. An alert is planned where the stack has such a thing."""

    ENDPOINT = "endpoint"
    DOOR = "door"
    OBJECTIVE = "objective"
    HOST = "host"
    PIPELINE = "pipeline"
    MESH = "mesh"


class Evaluator(StrEnum):
    """Who evaluates the rule: the stack's engine, or AMP's ruler even where Grafana pages."""

    ENGINE = "engine"
    AMP = "amp"


class Delivery(StrEnum):
    """Where the alert goes: to its owner, to a heartbeat's topic, or past Grafana."""

    OWNER = "owner"
    HEARTBEAT = "heartbeat"
    GRAFANA_HEARTBEAT = "grafana-heartbeat"
    INDEPENDENT = "independent-path"


class ErrorState(StrEnum):
    """What Grafana makes of a query that fails. Only the canary may turn it into an alert."""

    KEEP_LAST = "KeepLast"
    ERROR = "Error"
    OK = "OK"


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What an expression may depend on.

    `threshold` is in the unit of the alert's `unit`; `host_groups` are all that the stack has,
    and with `chosen_groups` only hosts whose group matches this regular expression are looked
    at; `evaluate` is the interval of the rule's own evaluator; `loosest` is the largest budget of
    an objective of the stack, as the share that may fail.
    """

    environment: str
    cluster: str
    timings: Timings
    evaluate: Duration
    hold: Duration
    threshold: float
    services: tuple[str, ...] = ()
    loosest: float = 0.0
    host_groups: tuple[str, ...] = ()
    chosen_groups: str = ""

    @property
    def stack(self) -> tuple[str, ...]:
        """The matchers every selector of this stack carries."""
        return (
            promql.equals(labels.ENVIRONMENT, self.environment),
            promql.equals(labels.CLUSTER, self.cluster),
        )

    def series(self, metric: str, *matchers: str, window: str = "", ago: str = "") -> str:
        """A selector within this stack."""
        return promql.selector(metric, (*self.stack, *matchers), window, ago)

    def job(self, metric: str, *jobs: str, window: str = "") -> str:
        """A selector of the series that these scrape jobs bring."""
        matcher = promql.equals("job", jobs[0]) if len(jobs) == 1 else promql.one_of("job", jobs)
        return self.series(metric, matcher, window=window)

    def of_hosts(self, metric: str, *matchers: str, window: str = "", ago: str = "") -> str:
        """A selector of the stack's hosts, or of those whose groups were chosen."""
        chosen = self.chosen_groups
        groups = (promql.one_of(labels.HOST_GROUP, (chosen,)),) if chosen else ()
        return self.series(metric, *groups, *matchers, window=window, ago=ago)

    def at(self, **more: str) -> dict[str, str]:
        """The labels of a series of this stack, for a case."""
        return {labels.ENVIRONMENT: self.environment, labels.CLUSTER: self.cluster} | more


@dataclass(frozen=True, kw_only=True, eq=False)
class Alert:
    """One promise to tell somebody; its cases are found by the object itself.

    `threshold` and `unit` are what `expr` compares with, None where it compares with nothing.
    `onset` is, for each scenario the alert is meant for, how long a windowed expression takes to
    become true (X in the formula of `gallery.times`); `clearing` how long it takes to end.
    `spending` is the pair of windows of which a share of a budget must be spent on top of `onset`.
    `recorded` is True where the expression reads recorded series, which adds AMP's interval.
    `outage` is True where the alert says that its service is down now, and not that it may fail.
    `blindness` is True where it says that nobody sees: it must be told before what was down is
    forgotten and looks mended.
    `unbridged` says why a missed scrape or a single good answer may delay or end it, where one may.
    `meshed` is True where it reads what the mesh alone tells: without a mesh it could never fire.
    `intermittent` is True where it says that a thing comes and goes: one that stays broken is
    another alert's.
    `impact` is what customers notice, where that is not what they notice of the alert's service.
    `what` is the first line of the page, a Go template over the alert's labels and value.
    `panel` is where a dashboard shows what the alert speaks of, None where none does.
    """

    name: str
    subject: Subject
    expr: Callable[[Scope], str]
    hold: Duration
    severity: Severity
    owner: str
    summary: str
    what: str
    panel: Panel | None
    onset: Mapping[FailureMode, Callable[[Timings], Duration]]
    clearing: Callable[[Timings], Duration] = lambda _: ZERO
    spending: Pair | None = None
    keep_firing: Duration = ZERO
    unbridged: str = ""
    impact: str = ""
    meshed: bool = False
    intermittent: bool = False
    threshold: float | None = None
    unit: str = ""
    recorded: bool = False
    outage: bool = False
    blindness: bool = False
    engines: frozenset[Engine] = frozenset(Engine)
    evaluator: Evaluator = Evaluator.ENGINE
    delivery: Delivery = Delivery.OWNER
    error_state: ErrorState = ErrorState.KEEP_LAST
    labels: Labels = field(default_factory=dict[str, str])


def at_once(_: Timings) -> Duration:
    """X of an expression that is true with the first sample."""
    return ZERO


def next_scrape(timings: Timings) -> Duration:
    """X of a condition that one scrape alone does not make true."""
    return timings.scrape


def scrape_times_out(timings: Timings) -> Duration:
    """X where the scrape itself hangs, beyond what a probe within it would take.

    The scrape timeout equals the scrape interval.
    """
    probe = timings.probe_time(FailureMode.HANGING)
    return Duration(timings.scrape.milliseconds - probe.milliseconds)


def leaves_discovery(timings: Timings) -> Duration:
    """X of a target that is no longer discovered: refresh, hand-over and staleness marker.

    Prometheus hands targets over every five seconds and marks a series two intervals and a
    tenth after its last scrape.
    """
    return timings.discovery + Duration.of(seconds=5) + timings.scrape * 3
