"""Works a stack out: joins the stack file and the catalogue, and refuses what cannot work."""

from __future__ import annotations

from gallery.contact_points.kinds import KINDS
from gallery.contact_points.model import ContactPoint
from gallery.metrics.probes import PublicAddress, probe_targets
from gallery.plan.alerts import Ground, effective_alerts
from gallery.plan.bounds import bounds
from gallery.plan.catalogue import STORE, Catalogue
from gallery.plan.cluster import Cluster, EksCluster, OpenShiftCluster
from gallery.plan.door import entry_of, gateway_of
from gallery.plan.images import images
from gallery.plan.installed_mesh import NAMESPACE
from gallery.plan.intervals import timings_of
from gallery.plan.mesh import Mesh, Proxy
from gallery.plan.model import Network, Plan, PlannedHost, PlannedService
from gallery.plan.network import Pods
from gallery.plan.objectives import objectives
from gallery.plan.refusals import refused_plan, refused_settings
from gallery.plan.routing import (
    Points,
)
from gallery.plan.stack import PRODUCTION, Stack
from gallery.stack_file.errors import StackFileError
from gallery.stack_file.parse import referenced_secrets
from gallery.stack_file.sections import ExistingEks, Settings
from gallery.store.roles import Severity
from gallery.store.services import Resources, Service

# How far production's autoscalers may go above what runs at rest.
_PRODUCTION_GROWTH = 4
# Of a mesh that nobody has given another one.
_TRUST_DOMAIN = "cluster.local"


def resolve(settings: Settings, catalogue: Catalogue = STORE, *, stack: str | None = None) -> Plan:
    """Work a stack out. Raises StackFileError with everything that cannot work.

    `stack` is the Pulumi stack's name; without it the stack is called as its environment.
    """
    if errors := tuple(refused_settings(settings, catalogue)):
        raise StackFileError(errors)
    timings = timings_of(settings)
    address = _public_address(settings)
    cluster = _cluster(settings)
    mesh = _mesh(settings, cluster)
    promised = objectives(
        catalogue.objectives,
        settings.objectives,
        mesh=mesh is not None,
        door=address is not None,
    )
    ground = Ground(
        environment=settings.environment,
        cluster=cluster.name,
        engine=settings.alerting.engine,
        timings=timings,
        services=catalogue.services,
        host_owners=_host_owners(settings),
        door=address is not None,
        mesh=settings.mesh is not None,
        objectives=promised,
        runbooks=settings.alerting.runbooks,
    )
    alerts = effective_alerts(catalogue.alerts, settings.alerting.overrides, ground)
    points = _points(settings, catalogue)
    contact_points = _contact_points(settings)
    independent = settings.alerting.independent_path
    plan = Plan(
        stack=Stack(
            name=stack or settings.environment,
            environment=settings.environment,
            region=settings.region,
        ),
        account=settings.account,
        cluster=cluster,
        network=Network(
            vpc=settings.network.existing.vpc,
            subnets=tuple(settings.network.existing.private_subnets),
        ),
        catalogue=catalogue,
        services=_services(settings, catalogue),
        load_generator=catalogue.load_generator if settings.store.load_generator else None,
        images=images(settings, catalogue),
        proxy=_proxy(settings),
        mesh=mesh,
        customers=_customers(settings, mesh),
        entry=entry_of(settings, mesh.gateway if mesh else None),
        storage_class=settings.store.storage_class,
        redis_secret=settings.store.redis.secret if settings.store.redis else None,
        hosts=_hosts(settings),
        objectives=promised,
        probes=probe_targets(catalogue.services, address),
        public_address=address,
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
        bounds=tuple(bounds(alerts, timings)),
    )
    if errors := tuple(refused_plan(plan, settings)):
        raise StackFileError(errors)
    return plan


def _cluster(settings: Settings) -> Cluster:
    existing = settings.cluster.existing
    if isinstance(existing, ExistingEks):
        return EksCluster(
            name=existing.name,
            region=settings.region,
            security_groups=tuple(existing.security_groups),
            egress_cidrs=tuple(existing.egress_cidrs),
            pod_identity_agent=existing.pod_identity_agent,
        )
    return OpenShiftCluster(
        name=existing.kubeconfig.context,
        kubeconfig_secret=existing.kubeconfig.secret,
        egress_cidrs=tuple(existing.egress_cidrs),
        # Without one the stack was refused before.
        oidc_provider=existing.oidc_provider or "",
    )


def _public_address(settings: Settings) -> PublicAddress | None:
    door = settings.door
    if door is None:
        return None
    return PublicAddress(
        domain=door.domain, path=door.path, contains=door.contains, headers=door.headers
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


def _mesh(settings: Settings, cluster: Cluster) -> Mesh | None:
    mesh = settings.mesh
    if mesh is None:
        return None
    if mesh.installed:
        installed = cluster.install_mesh(mesh.installed.version)
        return Mesh(
            trust_domain=_TRUST_DOMAIN,
            namespace=NAMESPACE,
            revision=installed.revision,
            gateway=gateway_of(settings, cluster),
            istio=installed.istio,
            installed=installed,
        )
    existing = mesh.existing
    return Mesh(
        trust_domain=existing.trust_domain,
        namespace=existing.namespace,
        revision=existing.revision,
        gateway=gateway_of(settings, cluster),
        istio=cluster.install_mesh(existing.version).istio if existing.version else None,
    )


def _customers(settings: Settings, mesh: Mesh | None) -> Pods | None:
    """The pods that customers come through, of a mesh or of none."""
    gateway = mesh.gateway if mesh else settings.door and settings.door.gateway
    return Pods(labels=gateway.pods, namespace=gateway.namespace) if gateway else None


def _proxy(settings: Settings) -> Proxy | None:
    mesh = settings.mesh
    if mesh is None:
        return None
    return Proxy(
        resources=Resources(
            cpu=(mesh.proxy.cpu_request, mesh.proxy.cpu_limit),
            memory=(mesh.proxy.memory_request, mesh.proxy.memory_limit),
        ),
        version=mesh.installed.version if mesh.installed else None,
    )


def _hosts(settings: Settings) -> tuple[PlannedHost, ...]:
    subnets = len(settings.network.existing.private_subnets)
    return tuple(
        PlannedHost(
            name=f"{group.name}-{number}",
            group=group.name,
            service=group.service,
            owner=group.owner,
            instance_type=group.instance_type,
            subnet=(number - 1) % subnets,
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
        return tuple(sorted(chosen))

    return {
        role.name: {severity: of(role.name, severity) for severity in Severity}
        for role in catalogue.roles
    }


def _contact_points(settings: Settings) -> tuple[ContactPoint, ...]:
    return tuple(
        ContactPoint(
            name=name,
            kind=KINDS[point.kind],
            wakes=KINDS[point.kind].wakes if point.wakes is None else point.wakes,
            secret=point.secret,
            channel=point.channel,
            addresses=tuple(point.addresses or ()),
            topic_arn=point.topic_arn,
        )
        for name, point in sorted(settings.alerting.contact_points.items())
    )
