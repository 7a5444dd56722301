"""One stack's platform, worked out: what render, components and rehearsal read, and all they read.

`resolve` joins settings and catalogue, and refuses what cannot work.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from gallery import labels
from gallery.alerts.model import Delivery
from gallery.catalogue import STORE, Catalogue
from gallery.contact_points import (
    INDEPENDENT_PATH,
    WAKING,
    ContactPoint,
    Engine,
    Kind,
)
from gallery.durations import Duration
from gallery.effective import Ground, PlannedAlert, effective_alerts, idle_overrides
from gallery.faults import StackFault
from gallery.intervals import FORGOTTEN, impossible, timings_of
from gallery.probes import ProbeTarget, probe_targets
from gallery.roles import Severity
from gallery.routing import (
    DATASOURCE_ALERTS,
    DELIVERY,
    Points,
    RoutingTree,
    amp_tree,
    fallback,
    grafana_tree,
)
from gallery.services import LoadGenerator, Service
from gallery.settings import ExistingEks, ExistingOpenShift, Settings, referenced_secrets
from gallery.times import MANAGED, REHEARSED, ZERO, Assumptions, Bound, Scenario, Timings, bound

PRODUCTION = "prod"
# How far production's autoscalers may go above what runs at rest.
_PRODUCTION_GROWTH = 4


@dataclass(frozen=True, kw_only=True)
class EksPlan:
    """An existing EKS cluster."""

    name: str
    platform: Literal["eks"] = "eks"


@dataclass(frozen=True, kw_only=True)
class OpenShiftPlan:
    """An existing OpenShift cluster, the addresses its pods leave from, and who vouches for them.

    `oidc_provider` is the ARN of an IAM OIDC provider.
    """

    kubeconfig_secret: str
    context: str
    egress_cidrs: tuple[str, ...]
    oidc_provider: str
    platform: Literal["openshift"] = "openshift"


@dataclass(frozen=True, kw_only=True)
class PlannedService:
    """A service of the store and how many of it run: `replicas` at least, and at rest."""

    service: Service
    replicas: int
    most: int

    @property
    def autoscaled(self) -> bool:
        """Whether load decides how many run."""
        return self.most > self.replicas


@dataclass(frozen=True, kw_only=True)
class Host:
    """One EC2 instance. `name` is its stable label, which survives its replacement."""

    name: str
    group: str
    service: str
    owner: str
    instance_type: str
    subnet: str
    generation: int
    stateful: bool
    disk_gib: int


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Everything a stack gets."""

    environment: str
    region: str
    cluster_name: str
    cluster: EksPlan | OpenShiftPlan
    vpc: str
    catalogue: Catalogue
    services: tuple[PlannedService, ...]
    load_generator: LoadGenerator | None
    hosts: tuple[Host, ...]
    probes: tuple[ProbeTarget, ...]
    door: str | None
    existing_prometheus: str | None
    retention_days: int
    existing_grafana: str | None
    owns_notification_policy: bool
    grafana_version: str
    grafana_admins: tuple[str, ...]
    engine: Engine
    timings: Timings
    alerts: tuple[PlannedAlert, ...]
    contact_points: tuple[ContactPoint, ...]
    points: Points
    independent_emails: tuple[str, ...]
    runbooks: str
    secrets: tuple[str, ...]
    bounds: tuple[Bound, ...]

    @property
    def production(self) -> bool:
        """Whether what holds data is protected and pages must wake somebody."""
        return self.environment == PRODUCTION

    @property
    def name(self) -> str:
        """The prefix of physical names: one per environment of an account."""
        return f"gallery-{self.environment}"

    @property
    def grafana_routes(self) -> RoutingTree | None:
        """Grafana's notification policies, where it is the engine."""
        return grafana_tree(self.points, self.timings) if self.engine is Engine.GRAFANA else None

    @property
    def amp_routes(self) -> RoutingTree:
        """The routes of AMP's Alertmanager."""
        return amp_tree(self.engine, self.points, self.timings)

    def evaluated_by(self, engine: Engine) -> tuple[PlannedAlert, ...]:
        """The rules that this engine evaluates."""
        return tuple(alert for alert in self.alerts if alert.engine is engine)

    def deliver(self, values: Mapping[str, str]) -> frozenset[str]:
        """Which contact points hear of an alert with these labels: the one truth.

        It is worked out from the model and not from a tree, so that a tree can be held to it.
        """
        if values.get("alertname") in DATASOURCE_ALERTS.split("|"):
            return frozenset(fallback(self.points))
        if way := values.get(DELIVERY):
            return frozenset({way})
        owner = self.points.get(values.get(labels.OWNER, ""), {})
        severity = values.get(labels.SEVERITY)
        told = next((names for level, names in owner.items() if level == severity), ())
        return frozenset(told or fallback(self.points))


def resolve(settings: Settings, catalogue: Catalogue = STORE) -> Plan:
    """Work a stack out. Raises StackFault with everything that cannot work."""
    faults = [
        *impossible(settings),
        *_repeated_groups(settings),
        *_unreachable_from_openshift(settings),
        *_divided_data(settings, catalogue),
        *_undeliverable(settings),
        *_idle_integrations(settings),
        *idle_overrides(catalogue.alerts, settings.alerting.overrides),
    ]
    if faults:
        raise StackFault(faults)
    timings = timings_of(settings)
    door = settings.door.domain if settings.door else None
    existing = settings.cluster.existing
    cluster = _cluster(existing)
    cluster_name = cluster.name if isinstance(cluster, EksPlan) else cluster.context
    ground = Ground(
        environment=settings.environment,
        cluster=cluster_name,
        engine=settings.alerting.engine,
        timings=timings,
        services=catalogue.services,
        host_owners=_host_owners(settings),
        door=door is not None,
        runbooks=settings.alerting.runbooks,
    )
    alerts = effective_alerts(catalogue.alerts, settings.alerting.overrides, ground)
    points = _points(settings, catalogue)
    contact_points = _contact_points(settings)
    independent = settings.alerting.independent_path
    plan = Plan(
        environment=settings.environment,
        region=settings.region,
        cluster_name=cluster_name,
        cluster=cluster,
        vpc=settings.network.existing.vpc,
        catalogue=catalogue,
        services=_services(settings, catalogue),
        load_generator=catalogue.load_generator if settings.store.load_generator else None,
        hosts=_hosts(settings),
        probes=probe_targets(catalogue.services, door),
        door=door,
        existing_prometheus=settings.prometheus.existing,
        retention_days=settings.prometheus.retention,
        existing_grafana=settings.grafana.existing,
        owns_notification_policy=(
            settings.grafana.existing is None or settings.grafana.replace_notification_policy
        ),
        grafana_version=settings.grafana.version,
        grafana_admins=tuple(settings.grafana.admins),
        engine=settings.alerting.engine,
        timings=timings,
        alerts=alerts,
        contact_points=contact_points,
        points=points,
        independent_emails=tuple(independent.emails) if independent else (),
        runbooks=settings.alerting.runbooks,
        secrets=referenced_secrets(settings),
        bounds=tuple(_bounds(alerts, timings)),
    )
    faults = [
        *_told_too_late(alerts, timings),
        *_unrouted(plan),
        *_unheard(plan),
        *_unused(plan),
        *_unwoken(plan),
        *_unfit_for_production(plan, settings),
    ]
    if faults:
        raise StackFault(faults)
    return plan


def _repeated_groups(settings: Settings) -> Iterator[str]:
    names = [group.name for group in settings.hosts]
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            yield f'gallery:hosts names the group "{name}" {names.count(name)} times; once is right'


def _cluster(existing: ExistingEks | ExistingOpenShift) -> EksPlan | OpenShiftPlan:
    if isinstance(existing, ExistingEks):
        return EksPlan(name=existing.name)
    return OpenShiftPlan(
        kubeconfig_secret=existing.kubeconfig.secret,
        context=existing.kubeconfig.context,
        egress_cidrs=tuple(existing.egress_cidrs),
        # Without one the stack was refused before.
        oidc_provider=existing.oidc_provider or "",
    )


def _unreachable_from_openshift(settings: Settings) -> Iterator[str]:
    existing, key = settings.cluster.existing, "gallery:cluster.existing"
    if not isinstance(existing, ExistingOpenShift):
        return
    if existing.oidc_provider is None:
        yield (
            f"{key}.oidc_provider is missing: the collector writes to AMP under an AWS role of its "
            "own; give the ARN of the IAM OIDC provider for the cluster's service accounts, as "
            "arn:aws:iam::123456789012:oidc-provider/oidc.example.org"
        )
    if settings.hosts and not existing.egress_cidrs:
        yield (
            f"{key}.egress_cidrs is missing: the hosts' metrics port opens to the collector alone, "
            "and on OpenShift no security group can be named; give the addresses that pods leave "
            "from, as [10.40.0.0/16]"
        )


# What to write in the place of a kind that Managed Grafana does not have.
_INSTEAD = {
    Kind.EMAIL: "kind sns with these addresses",
    Kind.WEBHOOK: "kind sns, and subscribe the address to its topic",
    Kind.TEAMS: "kind sns with the channel's e-mail address among its addresses",
}


def _idle_integrations(settings: Settings) -> Iterator[str]:
    kinds = {point.kind for point in settings.alerting.contact_points.values()}
    for kind in settings.grafana.integrations:
        if kind not in kinds:
            yield (
                f"gallery:grafana.integrations names {kind}, and no contact point is of that "
                "kind; remove it"
            )


def _undeliverable(settings: Settings) -> Iterator[str]:
    engine, able = settings.alerting.engine, settings.deliverable
    for name, point in settings.alerting.contact_points.items():
        if point.kind in able:
            continue
        instead = _INSTEAD.get(point.kind)
        cure = f"; write {instead}" if instead else ""
        if engine is Engine.GRAFANA:
            cure += (
                f", or say gallery:grafana.integrations: [{point.kind}] if the workspace's "
                "/api/alert-notifiers lists it"
            )
        yield (
            f'contact point "{name}" is of kind {point.kind}, which engine {engine} cannot '
            f"deliver to; it can: {', '.join(sorted(able))}{cure}"
        )


def _divided_data(settings: Settings, catalogue: Catalogue) -> Iterator[str]:
    for service in catalogue.services:
        replicas = settings.store.replicas.get(service.name, 1)
        if service.data_path and replicas > 1:
            yield (
                f"gallery:store.replicas.{service.name} is {replicas}; it keeps its data in one "
                "place, and a second one would be another cart; remove it"
            )


def _services(settings: Settings, catalogue: Catalogue) -> tuple[PlannedService, ...]:
    production = settings.environment == PRODUCTION
    usual, growth = (2, _PRODUCTION_GROWTH) if production else (1, 1)

    def planned(service: Service) -> PlannedService:
        if service.data_path:
            return PlannedService(service=service, replicas=1, most=1)
        replicas = settings.store.replicas.get(service.name, usual)
        return PlannedService(service=service, replicas=replicas, most=replicas * growth)

    return tuple(planned(service) for service in catalogue.services)


def _hosts(settings: Settings) -> tuple[Host, ...]:
    subnets = settings.network.existing.private_subnets
    return tuple(
        Host(
            name=f"{group.name}-{number}",
            group=group.name,
            service=group.service,
            owner=group.owner,
            instance_type=group.instance_type,
            subnet=subnets[(number - 1) % len(subnets)],
            generation=group.generation,
            stateful=group.stateful,
            disk_gib=group.disk_gib,
        )
        for group in settings.hosts
        for number in range(1, group.count + 1)
    )


def _host_owners(settings: Settings) -> dict[str, tuple[str, ...]]:
    owners = dict[str, tuple[str, ...]]()
    for group in settings.hosts:
        owners[group.owner] = (*owners.get(group.owner, ()), group.name)
    return owners


def _points(settings: Settings, catalogue: Catalogue) -> Points:
    def of(role: str, severity: Severity) -> tuple[str, ...]:
        names = settings.alerting.roles[role]
        chosen = names.get(severity, []) if isinstance(names, dict) else names
        return tuple(sorted(set(chosen)))

    return {
        role.name: {severity: of(role.name, severity) for severity in Severity}
        for role in catalogue.roles
    }


def _contact_points(settings: Settings) -> tuple[ContactPoint, ...]:
    return tuple(
        ContactPoint(
            name=name,
            kind=point.kind,
            wakes=point.kind in WAKING if point.wakes is None else point.wakes,
            secret=point.secret,
            channel=point.channel,
            addresses=tuple(point.addresses or ()),
            topic_arn=point.topic_arn,
        )
        for name, point in sorted(settings.alerting.contact_points.items())
    )


def _bounds(alerts: tuple[PlannedAlert, ...], timings: Timings) -> Iterator[Bound]:
    for planned in alerts:
        recording = timings.evaluate_amp if planned.alert.recorded else ZERO
        for scenario in planned.alert.onset:
            for assumptions in (REHEARSED, MANAGED):
                yield _bound(planned, scenario, assumptions, timings, recording)


def _bound(
    planned: PlannedAlert,
    scenario: Scenario,
    assumptions: Assumptions,
    timings: Timings,
    recording: Duration,
) -> Bound:
    alert = planned.alert
    return bound(
        alert=planned.uid,
        scenario=scenario,
        timings=timings,
        evaluate=planned.scope.evaluate,
        onset=alert.onset[scenario](timings) + recording,
        clearing=alert.clearing(timings) + recording,
        hold=planned.hold,
        keep_firing=alert.keep_firing,
        assumptions=assumptions,
    )


def _told_too_late(alerts: tuple[PlannedAlert, ...], timings: Timings) -> Iterator[str]:
    """Blindness of which nobody hears before an outage is forgotten and looks mended."""
    for planned in alerts:
        if not planned.alert.blindness:
            continue
        # What these read of recordings is a constant, which is always there.
        pages = [
            _bound(planned, scenario, REHEARSED, timings, ZERO).page
            for scenario in planned.alert.onset
        ]
        if max(pages) > FORGOTTEN:
            yield (
                f"{planned.name} would be told after up to {max(pages)}, but an endpoint that was "
                f"down before is forgotten after {FORGOTTEN} and would look mended first; shorten "
                f"its hold ({planned.hold}), or in gallery:monitoring scrape, evaluate or "
                "evaluate_amp, group_wait or group_interval"
            )


def _unrouted(plan: Plan) -> Iterator[str]:
    if plan.engine is Engine.GRAFANA and not plan.owns_notification_policy:
        yield (
            f"gallery:grafana.existing is {plan.existing_grafana}, and without its notification "
            "policy every alert of this stack would go wherever that Grafana's default leads. "
            "The policy is one per Grafana and is replaced whole: if that is what you want, say "
            "replace_notification_policy: true"
        )


def _unheard(plan: Plan) -> Iterator[str]:
    for alert in plan.alerts:
        if alert.alert.delivery is not Delivery.OWNER:
            continue
        if not plan.points[alert.owner][alert.severity]:
            yield (
                f"{alert.name} would reach nobody: role {alert.owner} has no contact point for "
                f"severity {alert.severity}; add one under gallery:alerting.roles.{alert.owner}"
            )


def _unused(plan: Plan) -> Iterator[str]:
    used = {name for names in plan.points.values() for told in names.values() for name in told}
    for point in plan.contact_points:
        if point.name not in used:
            yield (
                f'contact point "{point.name}" is named by no role; name it under '
                "gallery:alerting.roles, or remove it"
            )


def _unwoken(plan: Plan) -> Iterator[str]:
    if not plan.production:
        return
    waking = {point.name for point in plan.contact_points if point.wakes}
    for alert in plan.alerts:
        told = plan.points[alert.owner][alert.severity]
        paging = alert.severity is Severity.PAGE and alert.alert.delivery is Delivery.OWNER
        if paging and told and not waking & set(told):
            yield (
                f"{alert.name} pages role {alert.owner} in production, but none of "
                f"{', '.join(told)} wakes a person; add a PagerDuty contact point, or mark one "
                "wakes: true"
            )


def _unfit_for_production(plan: Plan, settings: Settings) -> Iterator[str]:
    if not plan.production:
        return
    if not plan.independent_emails:
        yield (
            f"gallery:alerting.{INDEPENDENT_PATH.replace('-', '_')} is missing: when the pipeline "
            "itself dies nobody would hear of it; write for example "
            "independent_path: {emails: [oncall@example.org]}"
        )
    if plan.door is None:
        yield "gallery:door is missing: production watches the shop's public address"
    if settings.store.load_generator:
        yield "gallery:store.load_generator is true: it plays customers, and prod has real ones"
