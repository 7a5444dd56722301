"""One stack's platform, worked out: all that render, components and rehearsal read of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from gallery.contact_points.model import ContactPoint, Engine
from gallery.contact_points.sns import OWN_TOPICS
from gallery.metrics import labels
from gallery.metrics.durations import Duration
from gallery.metrics.probes import ProbeTarget, PublicAddress
from gallery.metrics.timings import Timings
from gallery.objectives.model import Objective
from gallery.plan.alerts import PlannedAlert
from gallery.plan.catalogue import Catalogue
from gallery.plan.cluster import Cluster
from gallery.plan.door import Entry
from gallery.plan.mesh import Allowed, Mesh, Proxy, allowed, edges
from gallery.plan.network import Pods, Reach, reaches
from gallery.plan.patience import patience
from gallery.plan.routing import (
    DATASOURCE_ALERTS,
    DELIVERY,
    Points,
    RoutingTree,
    amp_tree,
    fallback,
    grafana_tree,
)
from gallery.plan.stack import Stack
from gallery.plan.times import Bound
from gallery.store.services import LoadGenerator, Service


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
class Network:
    """The VPC of the hosts and its private subnets, which hosts name by index."""

    vpc: str
    subnets: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PlannedHost:
    """One EC2 instance. `name` is its stable label, which survives its replacement.

    `subnet` is an index into the network's subnets.
    """

    name: str
    group: str
    service: str
    owner: str
    instance_type: str
    subnet: int
    generation: int
    stateful: bool
    disk_gib: int


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Everything a stack gets.

    `mesh` and `proxy` are None for a stack without a mesh. `customers` are the pods that customers
    come through, where the stack has a door, `entry` what the stack declares there.
    """

    stack: Stack
    account: str | None
    cluster: Cluster
    network: Network
    catalogue: Catalogue
    services: tuple[PlannedService, ...]
    load_generator: LoadGenerator | None
    images: Mapping[str, str]
    proxy: Proxy | None
    mesh: Mesh | None
    customers: Pods | None
    entry: Entry | None
    storage_class: str | None
    redis_secret: str | None
    hosts: tuple[PlannedHost, ...]
    probes: tuple[ProbeTarget, ...]
    objectives: tuple[Objective, ...]
    public_address: PublicAddress | None
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
    def environment(self) -> str:
        """The value of the label `environment`."""
        return self.stack.environment

    @property
    def region(self) -> str:
        """The AWS region of everything."""
        return self.stack.region

    @property
    def production(self) -> bool:
        """Whether what holds data is protected and pages must wake somebody."""
        return self.stack.production

    @property
    def cluster_name(self) -> str:
        """The value of the label `cluster`."""
        return self.cluster.name

    @property
    def watchers_priority(self) -> str:
        """The PriorityClass of the collector and the prober: the platform's, or the stack's own."""
        return self.cluster.watchers_priority or self.stack.cluster_name("watchers")

    @property
    def door(self) -> str | None:
        """The domain under which customers find the shop, where there is one."""
        return self.public_address.domain if self.public_address else None

    @property
    def grafana_routes(self) -> RoutingTree | None:
        """Grafana's notification policies, where it is the engine."""
        return grafana_tree(self.points, self.timings) if self.engine is Engine.GRAFANA else None

    @property
    def amp_routes(self) -> RoutingTree:
        """The routes of AMP's Alertmanager."""
        return amp_tree(self.engine, self.points, self.timings)

    @property
    def every_contact_point(self) -> dict[str, ContactPoint]:
        """Those of the stack file and the stack's own topics, by name."""
        return {point.name: point for point in (*self.contact_points, *OWN_TOPICS)}

    @cached_property
    def allowed(self) -> tuple[Allowed, ...]:
        """Who may ask whom for what through the mesh; nothing where there is none."""
        if self.mesh is None:
            return ()
        services = (planned.service for planned in self.services)
        return allowed(services, self.load_generator, self.mesh)

    @cached_property
    def reaches(self) -> dict[str, Reach]:
        """Which connections each workload of the namespace may take part in, by its name."""
        services = (planned.service for planned in self.services)
        every = reaches(
            edges(services, self.load_generator, door=self.customers is not None),
            self.mesh,
            self.cluster,
            customers=self.customers,
            hosts=bool(self.hosts),
            generator=self.load_generator.name if self.load_generator else None,
        )
        return {each.app: each for each in every}

    @property
    def waits(self) -> dict[str, Duration]:
        """How long whoever asks a service waits for its answer, by the service's name."""
        return patience(planned.service for planned in self.services)

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
