"""The alerts of one stack: the catalogue's, with the stack's overrides applied."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from gallery.alerts.model import Alert, Delivery, ErrorState, Evaluator, Scope, Subject
from gallery.contact_points.model import Engine
from gallery.metrics import labels, promql
from gallery.metrics.durations import Duration
from gallery.metrics.timings import FailureMode, Timings
from gallery.objectives.model import Objective
from gallery.plan.routing import DELIVERY
from gallery.plan.rule_uid import rule_uid
from gallery.stack_file.sections import Override
from gallery.store.roles import Severity
from gallery.store.services import ENTRANCE, Service


@dataclass(frozen=True, kw_only=True)
class PlannedAlert:
    """One rule as it will be evaluated. `engine` says by whom.

    `owner` is told of whatever the rule finds, but of the hosts of some groups, or of some
    objectives, another role is told: `owners_of_others` has for each role the names of those.
    """

    alert: Alert
    scope: Scope
    uid: str
    engine: Engine
    hold: Duration
    severity: Severity
    owner: str
    annotations: Mapping[str, str]
    owners_of_others: Mapping[str, tuple[str, ...]] = field(
        default_factory=dict[str, tuple[str, ...]]
    )

    @property
    def name(self) -> str:
        """The alert's name."""
        return self.alert.name

    @property
    def expr(self) -> str:
        """The effective PromQL expression, which says the owner where the rule cannot."""
        expr = self.alert.expr(self.scope)
        if not self.owners_of_others:
            return expr
        expr = promql.labelled(expr, {labels.OWNER: self.owner})
        for owner, others in self.owners_of_others.items():
            expr = promql.labelled_where(expr, labels.OWNER, owner, self.owned_by, others)
        return expr

    @property
    def owned_by(self) -> str:
        """The label that says what of the rule's subject an alert is about, and so whose it is."""
        of_objective = self.alert.subject is Subject.OBJECTIVE
        return labels.OBJECTIVE if of_objective else labels.HOST_GROUP

    @property
    def labels(self) -> dict[str, str]:
        """The rule's own labels, among them its owner if it has only one."""
        way = {} if self.alert.delivery is Delivery.OWNER else {DELIVERY: str(self.alert.delivery)}
        owner = {} if self.owners_of_others else {labels.OWNER: self.owner}
        return {
            **self.alert.labels,
            **way,
            labels.ENVIRONMENT: self.scope.environment,
            labels.CLUSTER: self.scope.cluster,
            **owner,
            labels.SEVERITY: str(self.severity),
        }

    @property
    def owners(self) -> tuple[str, ...]:
        """Every role that this alert may be for."""
        return (self.owner, *self.owners_of_others)

    def onset(self, failure: FailureMode) -> Duration:
        """X of the time to page in this failure, for the objective that takes longest."""
        onset, spending = self.alert.onset[failure](self.scope.timings), self.alert.spending
        return onset + spending.spent(self.scope.loosest) if spending else onset

    def labels_for(self, owner: str) -> dict[str, str]:
        """The labels by which an alert of this rule reaches one of its owners."""
        return self.labels | {labels.OWNER: owner}

    def owner_of(self, found: str | None) -> str:
        """Who is told of the hosts of this group, of this objective, or of what is neither."""
        others = self.owners_of_others.items()
        return next((owner for owner, names in others if found in names), self.owner)


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What alerts are planned upon."""

    environment: str
    cluster: str
    engine: Engine
    timings: Timings
    services: tuple[Service, ...]
    host_owners: Mapping[str, tuple[str, ...]]
    door: bool
    mesh: bool
    objectives: tuple[Objective, ...]
    runbooks: str

    def has(self, alert: Alert) -> bool:
        """Whether this stack has what the alert speaks of."""
        if self.engine not in alert.engines or (alert.meshed and not self.mesh):
            return False
        subjects = {
            Subject.DOOR: self.door,
            Subject.HOST: bool(self.host_owners),
            Subject.OBJECTIVE: bool(self.objectives),
        }
        return subjects.get(alert.subject, True)

    def hosts_of(self, alert: Alert) -> Mapping[str, tuple[str, ...]]:
        """For each role its groups of hosts, where the alert speaks of hosts."""
        return self.host_owners if alert.subject is Subject.HOST else {}

    def owners_of(self, alert: Alert) -> Mapping[str, tuple[str, ...]]:
        """For each role what of the alert's subject is its own; none where all is one role's."""
        if alert.subject is not Subject.OBJECTIVE:
            return self.hosts_of(alert)
        # The usual owner first: what is nobody else's is told to that one.
        owners = dict.fromkeys((alert.owner, *sorted(one.owner for one in self.objectives)))
        owned = {
            owner: tuple(one.name for one in self.objectives if one.owner == owner)
            for owner in owners
        }
        return {owner: names for owner, names in owned.items() if names}


def effective_alerts(
    catalogue: Iterable[Alert], overrides: Mapping[str, Override], ground: Ground
) -> tuple[PlannedAlert, ...]:
    """Every alert that is on, in the catalogue's order."""
    return tuple(
        _planned(alert, override, ground)
        for alert in catalogue
        for override in (overrides.get(alert.name, Override()),)
        if ground.has(alert) and override.enabled
    )


def idle_overrides(catalogue: Iterable[Alert], overrides: Mapping[str, Override]) -> Iterator[str]:
    """What is wrong with overrides that would do nothing, or break what watches the watchers."""
    for alert in catalogue:
        override = overrides.get(alert.name)
        if override is not None:
            for error in _idle(alert, override):
                yield f"gallery:alerting.overrides.{alert.name}{error}"


def _idle(alert: Alert, override: Override) -> Iterator[str]:
    beats = alert.delivery in {Delivery.HEARTBEAT, Delivery.GRAFANA_HEARTBEAT}
    if beats and override.model_fields_set - {"owner"}:
        yield " changes a heartbeat, whose alarm would ring; only its owner can be another"
    if override.threshold is None:
        return
    if alert.threshold is None:
        yield ".threshold does nothing: this alert compares with nothing; remove it"
    elif alert.unit.startswith("share") and override.threshold >= 1:
        yield f".threshold is {override.threshold:g}; it is a {alert.unit}: write for example 0.5"


def _planned(alert: Alert, override: Override, ground: Ground) -> PlannedAlert:
    owned = ground.owners_of(alert)
    owner, *others = (override.owner,) if override.owner else tuple(owned) or (alert.owner,)
    engine = Engine.ALERTMANAGER if alert.evaluator is Evaluator.AMP else ground.engine
    hold = override.hold if override.hold is not None else alert.hold
    threshold = override.threshold if override.threshold is not None else alert.threshold
    timings = ground.timings
    scope = Scope(
        environment=ground.environment,
        cluster=ground.cluster,
        timings=timings,
        evaluate=timings.evaluate if engine is Engine.GRAFANA else timings.evaluate_amp,
        hold=hold,
        threshold=threshold or 0.0,
        services=tuple(service.name for service in ground.services),
        loosest=max((one.budget for one in ground.objectives), default=0.0),
        host_groups=tuple(name for groups in ground.hosts_of(alert).values() for name in groups),
    )
    return PlannedAlert(
        alert=alert,
        scope=scope,
        uid=rule_uid(alert.name),
        engine=engine,
        hold=hold,
        severity=override.severity or alert.severity,
        owner=owner,
        annotations=_annotations(alert, hold, ground),
        owners_of_others={other: owned[other] for other in others},
    )


def _annotations(alert: Alert, hold: Duration, ground: Ground) -> dict[str, str]:
    texts = {
        "summary": alert.summary,
        "what": alert.what,
        "customers": customers(alert, ground.services),
        "runbook_url": f"{ground.runbooks}/{alert.name}.md",
    }
    # An error is held by no Grafana before 13.0.2: nothing is said of how long it had lasted.
    if hold > Duration(0) and alert.error_state is not ErrorState.ERROR:
        texts["hold"] = str(hold)
    if alert.panel:
        texts["dashboard_path"] = f"/d/{alert.panel.dashboard}"
    return texts


_BLIND = (
    "Nothing yet, but while this lasts an outage of the store may go unseen or be reported late."
)


def customers(alert: Alert, services: Iterable[Service]) -> str:
    """What customers notice: a Go template that looks the alert's service up.

    Both engines know `if eq`, and neither knows a map.
    """
    if alert.impact:
        return alert.impact
    if alert.subject is Subject.PIPELINE:
        return _BLIND
    known = {service.name: service.impact.sentence() for service in services}
    if alert.subject is Subject.DOOR:
        return known[ENTRANCE]
    known[labels.DOOR_SERVICE] = known[ENTRANCE]
    lead = "" if alert.outage else "Should {{ $labels.service }} fail: "
    branches = " else ".join(
        f'if eq $labels.service "{name}" }}}}{lead}{text}{{{{' for name, text in known.items()
    )
    # What is left is the prober's and Grafana's: whoever watches.
    return f"{{{{ {branches} else }}}}{_BLIND}{{{{ end }}}}"
