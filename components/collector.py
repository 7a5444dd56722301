"""The collector: two Prometheus agents that scrape the same and write to one AMP workspace."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import pulumi
import pulumi_kubernetes as k8s

from components.admission import admit
from components.collector_role import CollectorRole, CollectorRoleArgs
from components.disruption import disruption_budget
from components.pods import (
    APP,
    DNS,
    NO_PROXY,
    bounds,
    container_security,
    labels_of,
    pod_security,
    scratch,
    scratch_mount,
    spread,
)
from components.prober import Prober, ProberArgs
from components.probes import Probe, liveness, readiness, startup
from gallery.metrics.timings import Timings
from gallery.plan.model import Plan
from gallery.render.blackbox import blackbox_config
from gallery.render.collector import COLLECTOR_PORT_NAME, REPLICA_VARIABLE, collector_config
from gallery.store.companions import COLLECTOR, COLLECTOR_REPLICAS, PROBER, prober_replicas

FILE = "prometheus.yml"
_DIRECTORY = "/etc/prometheus"
_DATA = "/prometheus"
# Hours of samples for a time in which AMP cannot be written to.
_DATA_SIZE = "4Gi"
# After so long without a sample of the one replica, AMP takes the other's (AMP user guide, "Send
# high-availability data").
_FAILOVER_SECONDS = 30
_PLACEHOLDER = "https://placeholder.invalid"
_TOKEN = "aws-token"  # noqa: S105 (a volume's name)
_TOKEN_DIRECTORY = "/var/run/secrets/aws"  # noqa: S105 (a path)
_TOKEN_SECONDS = 3600


@dataclass(frozen=True, kw_only=True)
class CollectorArgs:
    """Where to collect and where to write.

    `grafana_url` has a scheme and no trailing slash; with None, Grafana is not probed.
    `account` is the AWS account's number.
    """

    plan: Plan
    namespace: pulumi.Input[str]
    account: pulumi.Input[str]
    workspace_arn: pulumi.Input[str]
    remote_write_url: pulumi.Input[str]
    grafana_url: pulumi.Input[str] | None


class Collector(pulumi.ComponentResource):
    """A StatefulSet, since a replica's name is its label, and the prober it asks."""

    role_arn: pulumi.Output[str]

    def __init__(
        self, name: str, args: CollectorArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("gallery:components:Collector", name, None, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        plan = args.plan
        self._metadata: k8s.meta.v1.ObjectMetaArgsDict = {
            "name": COLLECTOR.name,
            "namespace": args.namespace,
            "labels": labels_of(COLLECTOR.name),
        }
        role = CollectorRole(
            name,
            CollectorRoleArgs(
                stack=plan.stack,
                cluster=plan.cluster,
                account=args.account,
                workspace_arn=args.workspace_arn,
            ),
            self._child,
        )
        self.role_arn = role.arn
        # A pod is given credentials when it is admitted and never again, and an association takes
        # some seconds to be known everywhere, whose end nobody reports. So the association is
        # made first, and the agents wait until the prober's pods, made after it, have started.
        prober = Prober(
            f"{name}-prober",
            ProberArgs(
                config=blackbox_config(plan),
                image=plan.images[PROBER.name],
                replicas=prober_replicas(production=plan.production),
                cluster=plan.cluster,
                proxy=plan.proxy,
                ways_out=self._ways_out(),
                reach=plan.reaches[PROBER.name],
                namespace=args.namespace,
                priority=plan.watchers_priority,
                after=role.association,
            ),
            self._child,
        )
        self._account()
        self._agents(role, prober)
        admit(name, plan.reaches[COLLECTOR.name], namespace=args.namespace, opts=self._child)
        disruption_budget(name, COLLECTOR.name, args.namespace, self._child)
        self.register_outputs({"role_arn": self.role_arn})

    def _ways_out(self) -> list[pulumi.Input[str]]:
        """The hosts beyond the mesh that are probed."""
        door = [self._args.plan.door] if self._args.plan.door else []
        if self._args.grafana_url is None:
            return [*door]
        grafana = pulumi.Output.from_input(self._args.grafana_url)
        return [*door, grafana.apply(lambda url: url.removeprefix("https://"))]

    def _account(self) -> None:
        """The service account, and its right to see the pods of this namespace and of istiod's."""
        args = self._args
        k8s.core.v1.ServiceAccount(
            self._name,
            metadata=self._metadata,
            automount_service_account_token=False,
            opts=self._child,
        )
        self._sees_pods(self._name, COLLECTOR.name, args.namespace)
        if mesh := args.plan.mesh:
            # The store's namespace waits for a mesh that the stack makes, and so must this.
            there = pulumi.Output.from_input(args.namespace).apply(lambda _: mesh.namespace)
            # Other stacks may have theirs there too.
            role = args.plan.stack.cluster_name(COLLECTOR.name)
            self._sees_pods(f"{self._name}-istiod", role, there)

    def _sees_pods(self, name: str, role: str, namespace: pulumi.Input[str]) -> None:
        """Let the collector discover the pods of a namespace, by a role of this name there."""
        metadata: k8s.meta.v1.ObjectMetaArgsDict = {
            "name": role,
            "namespace": namespace,
            "labels": labels_of(COLLECTOR.name),
        }
        k8s.rbac.v1.Role(
            name,
            metadata=metadata,
            rules=[{"api_groups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}],
            opts=self._child,
        )
        k8s.rbac.v1.RoleBinding(
            name,
            metadata=metadata,
            role_ref={
                "api_group": "rbac.authorization.k8s.io",
                "kind": "Role",
                "name": role,
            },
            subjects=[
                {
                    "kind": "ServiceAccount",
                    "name": COLLECTOR.name,
                    "namespace": self._args.namespace,
                }
            ],
            opts=self._child,
        )

    def _config(self) -> pulumi.Output[str]:
        args = self._args

        def render(remote_write_url: str, grafana_url: str | None) -> str:
            return collector_config(
                args.plan, remote_write_url=remote_write_url, grafana_url=grafana_url
            )

        render(_PLACEHOLDER, _PLACEHOLDER)
        return pulumi.Output.all(args.remote_write_url, args.grafana_url).apply(
            lambda known: render(*known)
        )

    def _agents(self, role: CollectorRole, prober: Prober) -> None:
        config = self._config()
        # Made anew, under another name, for each content: an agent that restarts while a new one
        # does not come up finds what it ran with, and not what the new one stumbles over. The
        # name is the provider's choice: one that follows from the content would be taken where a
        # content comes back before its last map is gone.
        stored = k8s.core.v1.ConfigMap(
            self._name,
            metadata={
                "namespace": self._args.namespace,
                "labels": labels_of(COLLECTOR.name),
            },
            data={FILE: config},
            opts=pulumi.ResourceOptions(parent=self, replace_on_changes=["data"]),
        )
        stored_name = stored.metadata.apply(lambda metadata: metadata.name or COLLECTOR.name)
        k8s.core.v1.Service(
            self._name,
            metadata=self._metadata,
            spec={
                # The StatefulSet's own: it gives each agent a name, and spreads nobody's calls.
                "cluster_ip": "None",
                "selector": {APP: COLLECTOR.name},
                "ports": [
                    {
                        "name": COLLECTOR_PORT_NAME,
                        "app_protocol": "http",
                        "port": COLLECTOR.port,
                        "target_port": COLLECTOR.port,
                        "protocol": "TCP",
                    }
                ],
            },
            opts=self._child,
        )
        k8s.apps.v1.StatefulSet(
            self._name,
            metadata=self._metadata,
            spec={
                # Whoever is replaced collects, and is the one whose samples AMP takes, before
                # the other is touched. Both start at once where there are none.
                "min_ready_seconds": _settled(self._args.plan.timings),
                "pod_management_policy": "Parallel",
                "replicas": COLLECTOR_REPLICAS,
                "selector": {"match_labels": {APP: COLLECTOR.name}},
                "service_name": COLLECTOR.name,
                "template": {
                    "metadata": {
                        "labels": labels_of(COLLECTOR.name)
                        | (NO_PROXY if self._args.plan.mesh else {})
                    },
                    "spec": self._pod(role.arn, stored_name),
                },
                # From the last to the first, one at a time, and no further where one fails.
                "update_strategy": {"type": "RollingUpdate"},
            },
            opts=pulumi.ResourceOptions(
                parent=self,
                # A pod reads its configuration, and is given credentials, when it is made.
                depends_on=[stored, prober],
            ),
        )

    def _pod(
        self, role_arn: pulumi.Output[str], config_map: pulumi.Output[str]
    ) -> k8s.core.v1.PodSpecArgsDict:
        plan = self._args.plan
        by_token = plan.cluster.oidc_provider is not None
        return {
            # Discovery asks the API server.
            "automount_service_account_token": True,
            "containers": [_agent(plan, role_arn if by_token else None)],
            "dns_config": DNS,
            "enable_service_links": False,
            "priority_class_name": plan.watchers_priority,
            "security_context": pod_security(plan.cluster, COLLECTOR.user),
            "service_account_name": COLLECTOR.name,
            "termination_grace_period_seconds": COLLECTOR.ending.grace,
            "topology_spread_constraints": spread(
                COLLECTOR.name, COLLECTOR_REPLICAS, apart=plan.production, surging=False
            ),
            "volumes": [
                {"name": "config", "config_map": {"name": config_map}},
                {"name": "data", "empty_dir": {"size_limit": _DATA_SIZE}},
                scratch(),
                *([_token_volume()] if by_token else []),
            ],
        }


def _settled(timings: Timings) -> int:
    """Seconds until a new agent's samples are taken, should the other end."""
    return ceil((timings.scrape + timings.remote_write_deadline).seconds) + _FAILOVER_SECONDS


def _agent(plan: Plan, role_arn: pulumi.Output[str] | None) -> k8s.core.v1.ContainerArgsDict:
    """The container; with `role_arn` it takes that role with the token mounted beside it."""
    environment: list[k8s.core.v1.EnvVarArgsDict] = [
        {
            "name": REPLICA_VARIABLE,
            "value_from": {"field_ref": {"field_path": "metadata.name"}},
        },
        {"name": "AWS_REGION", "value": plan.region},
    ]
    mounts: list[k8s.core.v1.VolumeMountArgsDict] = [
        {"name": "config", "mount_path": _DIRECTORY, "read_only": True},
        {"name": "data", "mount_path": _DATA},
        scratch_mount(),
    ]
    if role_arn is not None:
        environment.append({"name": "AWS_ROLE_ARN", "value": role_arn})
        environment.append(
            {"name": "AWS_WEB_IDENTITY_TOKEN_FILE", "value": f"{_TOKEN_DIRECTORY}/token"}
        )
        mounts.append({"name": _TOKEN, "mount_path": _TOKEN_DIRECTORY, "read_only": True})
    return {
        "name": COLLECTOR.name,
        "image": plan.images[COLLECTOR.name],
        "args": [
            "--agent",
            f"--config.file={_DIRECTORY}/{FILE}",
            f"--storage.agent.path={_DATA}",
            f"--web.listen-address=:{COLLECTOR.port}",
        ],
        "env": environment,
        "ports": [{"name": COLLECTOR_PORT_NAME, "container_port": COLLECTOR.port}],
        "startup_probe": startup(_health("healthy"), within=60),
        # It is healthy, and not ready, while it reads what it had not sent.
        "readiness_probe": readiness(_health("ready")),
        "liveness_probe": liveness(_health("healthy")),
        "resources": bounds(COLLECTOR.resources),
        "security_context": container_security(),
        "volume_mounts": mounts,
    }


def _health(state: str) -> Probe:
    return {"http_get": {"path": f"/-/{state}", "port": COLLECTOR.port}}


def _token_volume() -> k8s.core.v1.VolumeArgsDict:
    """A token of the pod's service account, made out to AWS."""
    return {
        "name": _TOKEN,
        "projected": {
            "sources": [
                {
                    "service_account_token": {
                        "audience": "sts.amazonaws.com",
                        "expiration_seconds": _TOKEN_SECONDS,
                        "path": "token",
                    }
                }
            ]
        },
    }
