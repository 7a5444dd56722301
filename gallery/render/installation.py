"""What installs a mesh, in the order in which it is made; it is deleted the other way around.

Sources: istio.io, "Install with Helm" and "Canary Upgrades"; Red Hat OpenShift Service Mesh,
"Installing" and "Updating".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from gallery.plan.door import AtLoadBalancer, Certificate
from gallery.plan.installed_mesh import NAMESPACE, IstioCharts, ServiceMesh
from gallery.plan.mesh_versions import minor
from gallery.plan.model import Plan

# Where Istio's charts are, since 1.31 here alone.
_CHARTS = "https://blob.istio.io/istio-release/charts"
_CNI_NAMESPACE = "istio-cni"
# Of what a control plane for a few hundred proxies takes (istio.io, "Performance and
# Scalability"); its autoscaler adds others.
_CONTROL_PLANE = {"requests": {"cpu": "500m", "memory": "2048Mi"}, "limits": {"memory": "2048Mi"}}
_RESTRICTED = {"type": "RuntimeDefault"}
# The plugin works on the nodes' own network.
_PRIVILEGED = {"pod-security.kubernetes.io/enforce": "privileged"}
_OPERATOR = "servicemeshoperator3"
_SAIL = "sailoperator.io/v1"
_READY = {"pulumi.com/waitFor": "condition=Ready", "pulumi.com/timeoutSeconds": "600"}


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A release of one of Istio's charts."""

    release: str
    chart: str
    version: str
    namespace: str
    values: Mapping[str, object]
    repository: str = _CHARTS


@dataclass(frozen=True, kw_only=True)
class Object:
    """An object of Kubernetes; `namespace` is None for one that belongs to the cluster."""

    api_version: str
    kind: str
    name: str
    namespace: str | None
    spec: Mapping[str, object]
    annotations: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, kw_only=True)
class Space:
    """A namespace."""

    name: str
    labels: Mapping[str, str] = field(default_factory=dict[str, str])


Step = Chart | Object | Space


def installation(plan: Plan) -> tuple[Step, ...]:
    """Every step, each after the one before it; none where nothing is installed."""
    installed = plan.mesh.installed if plan.mesh else None
    match installed:
        case IstioCharts():
            replicas = 2 if plan.production else 1
            return (*_charts(installed, replicas=replicas), *_gateway(plan, installed, replicas))
        case ServiceMesh():
            return tuple(_operator(installed, replicas=2 if plan.production else 1))
        case None:
            return ()


def _charts(mesh: IstioCharts, *, replicas: int) -> Iterator[Step]:
    """Definitions, the plugin on every node, and the control plane of this version."""

    def chart(release: str, name: str, values: Mapping[str, object]) -> Chart:
        return Chart(
            release=release, chart=name, version=mesh.version, namespace=NAMESPACE, values=values
        )

    yield Space(name=NAMESPACE, labels=_PRIVILEGED)
    # Whose control plane judges what is written of the mesh's kinds.
    yield chart("istio-base", "base", {"defaultRevision": mesh.revision})
    yield chart("istio-cni", "cni", {"seccompProfile": _RESTRICTED})
    yield chart(
        f"istiod-{mesh.revision}", "istiod", {"revision": mesh.revision, **_production(replicas)}
    )


def _gateway(plan: Plan, mesh: IstioCharts, replicas: int) -> Iterator[Step]:
    """The gateway that customers come through, and the load balancer before it."""
    entry = plan.entry
    if entry is None or not entry.gateway.installed:
        return
    namespace = entry.gateway.namespace
    values: dict[str, object] = {
        "autoscaling": {"enabled": True, "minReplicas": replicas, "maxReplicas": replicas + 3},
        "revision": mesh.revision,
        # Where this is left out the chart says the second alone.
        "securityContext": {
            "seccompProfile": _RESTRICTED,
            "sysctls": [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}],
        },
        "service": {
            "annotations": _load_balancer(entry.certificate),
            "loadBalancerClass": entry.load_balancer,
            "ports": [
                {"name": "http2", "port": 80, "protocol": "TCP", "targetPort": 80},
                {"name": "https", "port": 443, "protocol": "TCP", "targetPort": 443},
            ],
            "type": "LoadBalancer",
        },
        "topologySpreadConstraints": [_over_zones(namespace)],
    }
    if replicas > 1:
        values["podDisruptionBudget"] = {"maxUnavailable": 1}
    yield Space(name=namespace, labels={"pod-security.kubernetes.io/enforce": "baseline"})
    yield Chart(
        release=namespace,
        chart="gateway",
        version=mesh.version,
        namespace=namespace,
        values=values,
    )


def _load_balancer(certificate: Certificate) -> dict[str, str]:
    """A public Network Load Balancer, which ends TLS where it has the certificate."""
    prefix = "service.beta.kubernetes.io/aws-load-balancer"
    public = {f"{prefix}-nlb-target-type": "ip", f"{prefix}-scheme": "internet-facing"}
    if not isinstance(certificate, AtLoadBalancer):
        return public
    return {
        **public,
        f"{prefix}-ssl-cert": certificate.arn,
        f"{prefix}-ssl-negotiation-policy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
        f"{prefix}-ssl-ports": "443",
    }


def _over_zones(app: str) -> dict[str, object]:
    return {
        "labelSelector": {"matchLabels": {"app": app}},
        "maxSkew": 1,
        "topologyKey": "topology.kubernetes.io/zone",
        "whenUnsatisfiable": "ScheduleAnyway",
    }


def _production(replicas: int) -> dict[str, object]:
    """The control plane's: more than one of it have a disruption budget of the chart's."""
    return {
        "autoscaleEnabled": True,
        "autoscaleMin": replicas,
        "autoscaleMax": max(replicas + 3, 5),
        "cni": {"enabled": True},
        "resources": _CONTROL_PLANE,
        "seccompProfile": _RESTRICTED,
        "topologySpreadConstraints": [_over_zones("istiod")],
    }


def _operator(mesh: ServiceMesh, *, replicas: int) -> Iterator[Step]:
    """The operator, which makes the definitions, the plugin and then the control plane."""
    yield Object(
        api_version="operators.coreos.com/v1alpha1",
        kind="Subscription",
        name=_OPERATOR,
        namespace="openshift-operators",
        spec={
            # Patches of this minor come by themselves; the next minor is the stack file's to say.
            "channel": f"stable-{minor(mesh.version)}",
            "installPlanApproval": "Automatic",
            "name": _OPERATOR,
            "source": "redhat-operators",
            "sourceNamespace": "openshift-marketplace",
            "startingCSV": f"{_OPERATOR}.v{mesh.version}",
        },
        annotations={
            "pulumi.com/waitFor": "jsonpath={.status.state}=AtLatestKnown",
            "pulumi.com/timeoutSeconds": "600",
        },
    )
    istio = f"v{mesh.istio}-latest"
    yield Space(name=_CNI_NAMESPACE)
    yield Object(
        api_version=_SAIL,
        kind="IstioCNI",
        # The only one that the operator takes.
        name="default",
        namespace=None,
        spec={"version": istio, "namespace": _CNI_NAMESPACE},
        annotations=_READY,
    )
    yield Space(name=NAMESPACE)
    yield Object(
        api_version=_SAIL,
        kind="Istio",
        name=mesh.revision,
        namespace=None,
        spec={
            "version": istio,
            "namespace": NAMESPACE,
            "updateStrategy": {"type": "InPlace"},
            "values": {"pilot": _production(replicas)},
        },
        annotations=_READY,
    )
