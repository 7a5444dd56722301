"""The Red Hat Gallery in its namespace: what runs, how much it may take, who may call whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from components.admission import of_all_pods
from components.door import Door, DoorArgs
from components.limits import limit
from components.load_generator import LoadGenerator, LoadGeneratorArgs
from components.mesh import Mesh, MeshArgs
from components.workload import PASSWORD_KEY, Password, Workload, WorkloadArgs
from gallery.plan.model import Plan
from gallery.plan.network import metrics_of_proxies
from gallery.render.quota import quotas
from gallery.render.resources import limits, requests
from gallery.store.services import ENTRANCE, NAMESPACE, Resources, Service

_UNSPOKEN = Resources(cpu=(50, 200), memory=(64, 256))
_OURS = {
    "app.kubernetes.io/managed-by": "pulumi",
    "app.kubernetes.io/part-of": NAMESPACE,
}
# Above what clusters give to workloads, far below what they keep for themselves.
_WATCHERS_PRIORITY = 1_000_000
# The restricted standard rejects what injection adds unless the mesh's CNI plugin sets the
# network up: Istio is installed with `pilot.cni.enabled`, OpenShift Service Mesh always so.
_NAMESPACE_LABELS = {
    **_OURS,
    "pod-security.kubernetes.io/audit": "restricted",
    "pod-security.kubernetes.io/enforce": "restricted",
    "pod-security.kubernetes.io/warn": "restricted",
}


@dataclass(frozen=True, kw_only=True)
class StoreArgs:
    """The plan, and the secrets it refers to by name.

    `after` is what must be there before the store's namespace, and outlast it.
    """

    plan: Plan
    secrets: Mapping[str, pulumi.Output[str]]
    after: Sequence[pulumi.Resource] = ()


class Store(pulumi.ComponentResource):
    """`namespace` is the name of the namespace, for what else lives there."""

    namespace: pulumi.Output[str]

    def __init__(
        self, name: str, args: StoreArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("gallery:components:Store", name, None, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        plan = args.plan
        injected = plan.mesh.namespace_labels if plan.mesh else {}
        self.namespace = k8s.core.v1.Namespace(
            f"{name}-namespace",
            metadata={"name": NAMESPACE, "labels": _NAMESPACE_LABELS | injected},
            # Its end is the end of everything in it, the carts' volume too.
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=plan.production,
                # No pod is admitted that names a class which is not there.
                depends_on=[*self._priority(name, plan), *args.after],
            ),
        ).metadata.apply(lambda metadata: metadata.name or NAMESPACE)
        self._bounds(name, plan)
        if plan.mesh:
            Mesh(
                f"{name}-mesh",
                MeshArgs(
                    allowed=plan.allowed,
                    services=plan.services,
                    waits=plan.waits,
                    namespace=self.namespace,
                ),
                self._child,
            )
        self._door(name, plan)
        password = self._password(name, args)
        workloads: list[pulumi.Resource] = [
            Workload(
                f"{name}-{planned.service.name}",
                WorkloadArgs(
                    planned=planned,
                    image=plan.images[planned.service.name],
                    environment=plan.catalogue.environment(
                        planned.service, guarded=password is not None
                    ),
                    password=_password_of(plan, planned.service, password),
                    reach=plan.reaches[planned.service.name],
                    durable=plan.production,
                    apart=plan.production,
                    storage_class=plan.storage_class,
                    cluster=plan.cluster,
                    proxy=plan.proxy,
                    namespace=self.namespace,
                ),
                self._child,
            )
            for planned in plan.services
        ]
        if plan.load_generator:
            workloads.append(
                LoadGenerator(
                    f"{name}-{plan.load_generator.name}",
                    LoadGeneratorArgs(
                        generator=plan.load_generator,
                        image=plan.images[plan.load_generator.name],
                        environment=plan.catalogue.environment(plan.load_generator),
                        reach=plan.reaches[plan.load_generator.name],
                        cluster=plan.cluster,
                        proxy=plan.proxy,
                        namespace=self.namespace,
                    ),
                    self._child,
                )
            )
        self._doors(name, plan, workloads)
        self.register_outputs({"namespace": self.namespace})

    def _door(self, name: str, plan: Plan) -> None:
        entrance = next(
            (each.service for each in plan.services if each.service.name == ENTRANCE), None
        )
        if plan.entry and entrance:
            Door(
                f"{name}-door",
                DoorArgs(
                    entry=plan.entry,
                    entrance=entrance,
                    wait=plan.waits[entrance.name],
                    namespace=self.namespace,
                ),
                self._child,
            )

    def _priority(self, name: str, plan: Plan) -> list[pulumi.Resource]:
        """The PriorityClass of whoever watches, where the platform has none for that."""
        if plan.cluster.watchers_priority:
            return []
        return [
            k8s.scheduling.v1.PriorityClass(
                f"{name}-watchers",
                metadata={"name": plan.watchers_priority, "labels": _OURS},
                description="Collects from the Gallery's store and probes it: comes before it.",
                value=_WATCHERS_PRIORITY,
                opts=self._child,
            )
        ]

    def _password(self, name: str, args: StoreArgs) -> pulumi.Output[str] | None:
        """The name of the Secret with Redis' password, where the stack has one.

        Made anew, under another name, for another password: pods name it, and so start anew.
        """
        if args.plan.redis_secret is None:
            return None
        secret = k8s.core.v1.Secret(
            f"{name}-redis",
            metadata={"namespace": self.namespace, "labels": _OURS},
            string_data={PASSWORD_KEY: args.secrets[args.plan.redis_secret]},
            opts=self._child,
        )
        return secret.metadata.apply(lambda metadata: metadata.name or f"{name}-redis")

    def _bounds(self, name: str, plan: Plan) -> None:
        for each in quotas(plan):
            limit(
                f"{name}-quota{each.name.removeprefix(NAMESPACE)}",
                each,
                priority=plan.watchers_priority,
                namespace=self.namespace,
                opts=self._child,
            )
        # Under a quota a container without limits is rejected; whoever debugs has none. And a
        # proxy has none for storage, of which no annotation speaks.
        k8s.core.v1.LimitRange(
            f"{name}-limits",
            metadata={"name": NAMESPACE, "namespace": self.namespace},
            spec={
                "limits": [
                    {
                        "type": "Container",
                        "default": limits(_UNSPOKEN),
                        "default_request": requests(_UNSPOKEN),
                    }
                ]
            },
            opts=self._child,
        )

    def _doors(self, name: str, plan: Plan, after: Sequence[pulumi.Resource]) -> None:
        of_all_pods(
            f"{name}-deny",
            "deny-by-default",
            "Ingress",
            namespace=self.namespace,
            opts=self._child,
        )
        if plan.mesh:
            of_all_pods(
                f"{name}-mesh-metrics",
                "mesh-metrics",
                "Ingress",
                [metrics_of_proxies()],
                namespace=self.namespace,
                opts=self._child,
            )
        of_all_pods(
            f"{name}-deny-out",
            "deny-egress-by-default",
            "Egress",
            namespace=self.namespace,
            # Where pods run already, each has its own ways out before the rest is closed.
            opts=pulumi.ResourceOptions(parent=self, depends_on=after),
        )


def _password_of(
    plan: Plan, service: Service, secret: pulumi.Output[str] | None
) -> Password | None:
    """How a service is given the password, where it needs one."""
    variable = plan.catalogue.password_variable(service)
    if secret is None or variable is None:
        return None
    return Password(variable=variable, secret=secret)
