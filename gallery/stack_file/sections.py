"""The sections of the stack file as types."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from ipaddress import IPv4Network
from itertools import combinations
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from gallery.alerts import ALERTS
from gallery.alerts.grafana_release import recent
from gallery.contact_points.kinds import BY_REQUEST, KINDS, deliverable
from gallery.contact_points.model import BUILT_IN, Engine
from gallery.metrics.durations import Duration
from gallery.stack_file.aws_names import grafana_regions, known_instance_type, known_region
from gallery.stack_file.door import Door
from gallery.stack_file.errors import all_of, nearest
from gallery.stack_file.mesh import Mesh, MeshChoice
from gallery.stack_file.objectives import ObjectiveSection
from gallery.stack_file.quantities import (
    Account,
    Cidr,
    Days,
    Distinct,
    EksName,
    Group,
    Image,
    Length,
    Mail,
    Name,
    Version,
    listed,
    one_of,
)
from gallery.stack_file.roles import RoleName
from gallery.stack_file.section import SUBDOMAIN, Section
from gallery.store.companions import COMPANIONS
from gallery.store.roles import ROLE_NAMES, Severity
from gallery.store.services import LOAD_GENERATOR, SERVICES

_SERVICES = tuple(service.name for service in SERVICES)
_ALERTS = tuple(alert.name for alert in ALERTS)
_WORKLOADS = tuple(each.name for each in (*SERVICES, LOAD_GENERATOR, *COMPANIONS))
ServiceName = Annotated[str, one_of("a service of the store", _SERVICES), listed(_SERVICES)]
_WorkloadName = Annotated[str, one_of("a workload", _WORKLOADS), listed(_WORKLOADS)]
AlertName = Annotated[str, one_of("an alert", _ALERTS), listed(_ALERTS)]
KindName = Annotated[str, one_of("a kind of contact point", KINDS), listed(KINDS)]
Integration = Annotated[
    str,
    one_of("a kind that a workspace may have beyond the documented ones", BY_REQUEST),
    listed(BY_REQUEST),
]
# Pulumi secrets have names; what PagerDuty hands out is letters and digits without a break.
_KEY = re.compile(r"[0-9a-z]{20,}")


def _no_key(name: str) -> str:
    if _KEY.fullmatch(name):
        raise ValueError("looks like the credential itself")
    return name


SecretName = Annotated[Name, AfterValidator(_no_key)]


class ExistingNetwork(Section):
    """A VPC that is there, and its private subnets, in which hosts live."""

    vpc: Annotated[str, Field(pattern=r"^vpc-[0-9a-z]+$")]
    private_subnets: Annotated[
        list[Annotated[str, Field(pattern=r"^subnet-[0-9a-z]+$")]], Field(min_length=1), Distinct
    ]


class Network(Section):
    """`{existing: {vpc, private_subnets}}`."""

    existing: ExistingNetwork


class SecretFile(Section):
    """A kubeconfig in a Pulumi secret, and the context to use in it."""

    secret: SecretName
    context: str


def _apart(cidrs: list[str]) -> list[str]:
    clashes = [
        f"{one} and {other} overlap; keep the wider one"
        for one, other in combinations(map(IPv4Network, cidrs), 2)
        if one.overlaps(other)
    ]
    if clashes:
        raise ValueError("\n".join(clashes))
    return cidrs


Cidrs = Annotated[list[Cidr], AfterValidator(_apart)]


class ExistingEks(Section):
    """An EKS cluster, found by name.

    node_exporter's port opens to the cluster's own security group; where nodes or pods carry
    others, to `security_groups` and `egress_cidrs` instead. `pod_identity_agent` says that the
    agent is there although it is no add-on.
    """

    platform: Literal["eks"]
    name: EksName
    security_groups: list[Annotated[str, Field(pattern=r"^sg-[0-9a-z]+$")]] = []
    egress_cidrs: Cidrs = []
    pod_identity_agent: bool = False

    @property
    def secrets(self) -> tuple[str, ...]:
        """The names of secrets that lead to it: none, whoever deploys asks AWS."""
        return ()

    def missing(self, *, hosts: bool) -> Iterator[str]:
        """Keys without which a stack, with or without hosts, cannot work: none."""
        del hosts
        yield from ()


class ExistingOpenShift(Section):
    """An OpenShift cluster, reached by a kubeconfig.

    `egress_cidrs` are the addresses its pods leave from: node_exporter's port opens to them,
    since no security group can be named. `oidc_provider` is the ARN of the IAM OIDC provider
    that trusts the cluster's service accounts: the collector takes its AWS role through it.
    """

    platform: Literal["openshift"]
    kubeconfig: SecretFile
    egress_cidrs: Cidrs = []
    oidc_provider: (
        Annotated[str, Field(pattern=r"^arn:aws[-a-z]*:iam::\d{12}:oidc-provider/\S+$")] | None
    ) = None

    @property
    def secrets(self) -> tuple[str, ...]:
        """The names of secrets that lead to it."""
        return (self.kubeconfig.secret,)

    def missing(self, *, hosts: bool) -> Iterator[str]:
        """Keys without which a stack, with or without hosts, cannot work, and why."""
        if self.oidc_provider is None:
            yield (
                "oidc_provider is missing: the collector writes to AMP under an AWS role of its "
                "own; give the ARN of the IAM OIDC provider for the cluster's service accounts, "
                "as arn:aws:iam::123456789012:oidc-provider/oidc.example.org"
            )
        if hosts and not self.egress_cidrs:
            yield (
                "egress_cidrs is missing: the hosts' metrics port opens to the collector alone, "
                "and on OpenShift no security group can be named; give the addresses that pods "
                "leave from, as [10.40.0.0/16]"
            )


class Cluster(Section):
    """`{existing: {platform: eks, name: …}}` or `{existing: {platform: openshift, …}}`."""

    existing: Annotated[ExistingEks | ExistingOpenShift, Field(discriminator="platform")]


class HostGroup(Section):
    """A group of equal EC2 instances. Raise `generation` to replace them."""

    name: Name
    count: Annotated[int, Field(ge=1, le=1000)]
    instance_type: Annotated[
        str,
        Field(pattern=r"^[a-z][-a-z0-9]*\.[-a-z0-9]+$"),
        AfterValidator(known_instance_type),
    ]
    service: ServiceName
    owner: RoleName
    generation: Annotated[int, Field(ge=1)] = 1
    stateful: bool = False
    disk_gib: Annotated[int, Field(ge=8, le=16384)] = 30


def _refuse_beside_existing(section: Section, *keys: str) -> None:
    """What a new workspace would have, an existing one has already. Raises ValueError."""
    given = section.model_fields_set
    extra = [key for key in keys if key in given]
    if "existing" in given and extra:
        raise ValueError(
            f"an existing workspace keeps its own {' and '.join(extra)}; remove that here"
        )


class PrometheusSection(Section):
    """A new AMP workspace with this retention, or an existing one."""

    retention: Annotated[Days, Field(ge=1, le=1095)] = 150
    existing: Annotated[str, Field(pattern=r"^ws-[-0-9a-f]+$")] | None = None

    @model_validator(mode="after")
    def _of_new_ones(self) -> PrometheusSection:
        _refuse_beside_existing(self, "retention")
        return self


class GrafanaSection(Section):
    """A new AMG workspace, or an existing one.

    The notification policy is one per Grafana and is replaced whole, so an existing Grafana's is
    only touched when `replace_notification_policy: true` says so. `integrations` are kinds of
    contact points that this workspace has beyond what Managed Grafana is documented to have.
    """

    admins: Annotated[list[Group], Distinct] = []
    integrations: Annotated[list[Integration], Distinct] = []
    version: Annotated[Version, AfterValidator(recent)] = "12.4"
    existing: Annotated[str, Field(pattern=r"^g-[0-9a-z]+$")] | None = None
    replace_notification_policy: bool = False

    @model_validator(mode="after")
    def _of_new_ones(self) -> GrafanaSection:
        _refuse_beside_existing(self, "admins", "version")
        if self.existing is None and not self.admins:
            raise ValueError(
                "admins is empty: nobody could log in; give the id of a group in Identity Center"
            )
        return self


class Redis(Section):
    """The carts' Redis. `secret` holds its password."""

    secret: SecretName


class Store(Section):
    """How much of the store runs. Replicas default to 2 in production and 1 elsewhere.

    `storage_class` is that of the carts' volume in production, where the cluster's default is not
    the one that is wanted, or is not there. `images` are other ones than the catalogue's, or the
    same with their digests.
    """

    load_generator: bool = False
    images: dict[_WorkloadName, Image] = {}
    redis: Redis | None = None
    storage_class: Annotated[str, Field(max_length=253, pattern=SUBDOMAIN)] | None = None
    replicas: dict[ServiceName, Annotated[int, Field(ge=1, le=100)]] = {}


class Monitoring(Section):
    """Intervals. `evaluate` is Grafana's, `evaluate_amp` that of AMP's ruler."""

    scrape: Length = Duration.parse("15s")
    probe_timeout: Length = Duration.parse("2s")
    remote_write_deadline: Length = Duration.parse("1s")
    evaluate: Length | None = None
    evaluate_amp: Length = Duration.parse("60s")
    group_wait: Length = Duration.parse("11s")
    group_interval: Length = Duration.parse("10s")


class ContactPointSection(Section):
    """One way to tell somebody. Which keys belong to which kind is said by the kind."""

    kind: KindName
    secret: SecretName | None = None
    channel: Annotated[str, Field(pattern=r"^#\S+$")] | None = None
    addresses: Annotated[list[Mail], Field(min_length=1), Distinct] | None = None
    topic_arn: Annotated[str, Field(pattern=r"^arn:aws[-a-z]*:sns:[^:]+:\d{12}:\S+$")] | None = None
    wakes: bool | None = None

    @model_validator(mode="after")
    def _keys(self) -> ContactPointSection:
        kind = KINDS[self.kind]
        keys = set(type(self).model_fields) - {"kind", "wakes"}
        given = {key for key in keys if getattr(self, key) is not None}
        missing, extra = kind.required - given, given - kind.required - kind.optional
        if missing:
            raise ValueError(f"kind {self.kind} needs {', '.join(sorted(missing))}")
        if extra:
            raise ValueError(f"kind {self.kind} has no {', '.join(sorted(extra))}")
        if {"addresses", "topic_arn"} <= given:
            raise ValueError(
                "an existing topic keeps its own subscriptions; remove addresses, or topic_arn"
            )
        return self


class Override(Section):
    """What a stack changes of one alert. Switching one off needs a reason."""

    enabled: bool = True
    reason: str | None = None
    hold: Length | None = None
    threshold: Annotated[float, Field(gt=0, strict=False)] | None = None
    severity: Severity | None = None
    owner: RoleName | None = None

    @model_validator(mode="after")
    def _reason(self) -> Override:
        if not self.enabled and not self.reason:
            raise ValueError("an alert that is switched off needs a reason: say why")
        return self


class IndependentPath(Section):
    """Who hears of it when Grafana or the pipeline itself is dead: e-mail through SNS."""

    emails: Annotated[list[Mail], Field(min_length=1), Distinct]


class Alerting(Section):
    """Who is told of what, and how.

    `roles` maps a role to contact points, by severity or for all severities alike.
    """

    engine: Engine = Engine.GRAFANA
    contact_points: dict[Name, ContactPointSection]
    roles: dict[RoleName, list[str] | dict[Severity, list[str]]]
    overrides: dict[AlertName, Override] = {}
    independent_path: IndependentPath | None = None
    runbooks: Annotated[str, Field(pattern=r"^https://\S+[^/]$", max_length=200)] = (
        "https://github.com/redhat-gallery/gallery/blob/main/docs/runbooks"
    )

    @model_validator(mode="after")
    def _reachable(self) -> Alerting:
        errors = [
            *self._reserved(),
            *self._roles_without(),
            *self._undeclared(),
            *self._repeated(),
        ]
        if errors:
            raise ValueError("\n".join(errors))
        return self

    def _reserved(self) -> Iterator[str]:
        for name in self.contact_points.keys() & set(BUILT_IN):
            yield f'contact point "{name}" is the stack\'s own; choose another name'

    def _roles_without(self) -> Iterator[str]:
        for role in ROLE_NAMES:
            names = self.roles.get(role)
            lists = list(names.values()) if isinstance(names, dict) else [names or []]
            if not any(lists):
                yield f'role "{role}" names no contact point; give it at least one under roles'

    def _undeclared(self) -> Iterator[str]:
        naming = dict[str, dict[str, None]]()
        for role, names in self.roles.items():
            lists = names.values() if isinstance(names, dict) else [names]
            for name in (name for part in lists for name in part):
                if name not in self.contact_points:
                    naming.setdefault(name, {})[role] = None
        for name, roles in naming.items():
            known = nearest(name, self.contact_points) if self.contact_points else "none is"
            those = all_of(f'"{role}"' for role in roles)
            naming_it = f"role {those} names" if len(roles) == 1 else f"roles {those} name"
            yield (
                f'{naming_it} contact point "{name}", which is not declared under contact_points; '
                f"{known}"
            )

    def _repeated(self) -> Iterator[str]:
        for role, names in self.roles.items():
            lists = names.items() if isinstance(names, dict) else [("any severity", names)]
            for severity, part in lists:
                for name, count in Counter(part).items():
                    if count > 1:
                        yield (
                            f'role "{role}" names contact point "{name}" {count} times for '
                            f"{severity}; a message is sent to it once: name it once"
                        )


class Settings(Section):
    """One stack file: the keys under `gallery:`."""

    environment: Literal["dev", "staging", "prod"]
    account: Account | None = None
    region: Annotated[str, AfterValidator(known_region), listed(grafana_regions())]
    network: Network
    cluster: Cluster
    hosts: list[HostGroup] = []
    prometheus: PrometheusSection = PrometheusSection()
    grafana: GrafanaSection
    door: Door | None = None
    mesh: MeshChoice = Mesh()
    store: Store = Store()
    monitoring: Monitoring = Monitoring()
    objectives: dict[Name, ObjectiveSection] = {}
    alerting: Alerting

    @property
    def deliverable(self) -> frozenset[str]:
        """The kinds of contact points that the stack's engine can deliver to."""
        return deliverable(self.alerting.engine, self.grafana.integrations)
