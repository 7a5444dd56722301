"""The alerts of one stack: the catalogue's, with the stack's overrides applied."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from gallery.alerts.model import Alert, Delivery, ErrorState, Evaluator, Scope, Subject
from gallery.contact_points.model import Engine
from gallery.metrics import labels
from gallery.metrics.durations import Duration
from gallery.metrics.timings import Timings
from gallery.plan.routing import DELIVERY
from gallery.plan.rule_uid import rule_uid
from gallery.stack_file.sections import Override
from gallery.store.roles import Severity
from gallery.store.services import ENTRANCE, Service


@dataclass(frozen=True, kw_only=True)
class PlannedAlert:
    """One rule as it will be evaluated. `engine` says by whom.

    An alert on hosts is planned once for each owner of host groups; `uid` tells them apart.
    """

    alert: Alert
    scope: Scope
    uid: str
    engine: Engine
    hold: Duration
    severity: Severity
    owner: str
    annotations: Mapping[str, str]

    @property
    def name(self) -> str:
        """The alert's name."""
        return self.alert.name

    @property
    def expr(self) -> str:
        """The effective PromQL expression."""
        return self.alert.expr(self.scope)

    @property
    def labels(self) -> dict[str, str]:
        """The rule's own labels, among them the way to its owner."""
        way = {} if self.alert.delivery is Delivery.OWNER else {DELIVERY: str(self.alert.delivery)}
        return {
            **self.alert.labels,
            **way,
            labels.ENVIRONMENT: self.scope.environment,
            labels.CLUSTER: self.scope.cluster,
            labels.OWNER: self.owner,
            labels.SEVERITY: str(self.severity),
        }


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
    runbooks: str

    def has(self, alert: Alert) -> bool:
        """Whether this stack has what the alert speaks of."""
        if self.engine not in alert.engines:
            return False
        return alert.subject is not Subject.DOOR or self.door


def effective_alerts(
    catalogue: Iterable[Alert], overrides: Mapping[str, Override], ground: Ground
) -> tuple[PlannedAlert, ...]:
    """Every alert that is on, in the catalogue's order."""
    return tuple(
        planned
        for alert in catalogue
        if ground.has(alert)
        for planned in _planned(alert, overrides.get(alert.name, Override()), ground)
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


def _planned(alert: Alert, override: Override, ground: Ground) -> Iterable[PlannedAlert]:
    if not override.enabled:
        return
    if alert.subject is not Subject.HOST:
        yield _one(alert, override, ground, override.owner or alert.owner, ())
        return
    owners = ground.host_owners
    if override.owner and owners:
        owners = {override.owner: tuple(name for names in owners.values() for name in names)}
    for owner, groups in owners.items():
        yield _one(alert, override, ground, owner, groups)


def _one(
    alert: Alert, override: Override, ground: Ground, owner: str, groups: tuple[str, ...]
) -> PlannedAlert:
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
        host_groups=groups,
    )
    return PlannedAlert(
        alert=alert,
        scope=scope,
        uid=rule_uid(alert.name, owner if groups else None),
        engine=engine,
        hold=hold,
        severity=override.severity or alert.severity,
        owner=owner,
        annotations=_annotations(alert, hold, ground),
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
