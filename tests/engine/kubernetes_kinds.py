"""The Kubernetes resource types the program uses, with what an API server refuses of them.

What replaces an object is the provider's own list (pulumi/pulumi-kubernetes,
provider/pkg/provider/diff.go): maps and secrets are replaced when their content changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .kinds import Kind, Reference, table
from .values import at

if TYPE_CHECKING:
    from .cloud import Cloud, Made

NAMESPACE = "kubernetes:core/v1:Namespace"
SECRET = "kubernetes:core/v1:Secret"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
SERVICE = "kubernetes:core/v1:Service"
CLAIM = "kubernetes:core/v1:PersistentVolumeClaim"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
AUTOSCALER = "kubernetes:autoscaling/v2:HorizontalPodAutoscaler"
STATEFUL_SET = "kubernetes:apps/v1:StatefulSet"
PRIORITY_CLASS = "kubernetes:scheduling.k8s.io/v1:PriorityClass"
RELEASE = "kubernetes:helm.sh/v3:Release"
SUBSCRIPTION = "kubernetes:operators.coreos.com/v1alpha1:Subscription"

# Every cluster has these; OpenShift's own all begin alike.
NAMESPACES = frozenset({"default", "kube-system", "kube-public", "kube-node-lease"})
OPENSHIFT = "openshift-"
# A cluster that was there before the stack has its mesh already.
MESH_NAMESPACE = "istio-system"

# Whose custom resources an API server knows: by group, the chart or operator that must be
# installed first; None where the platform itself brings them.
DEFINED_BY: dict[str, tuple[str, str] | None] = {
    "networking.istio.io": (RELEASE, "base"),
    "security.istio.io": (RELEASE, "base"),
    "telemetry.istio.io": (RELEASE, "base"),
    "sailoperator.io": (SUBSCRIPTION, "servicemeshoperator3"),
    "eks.amazonaws.com": None,
    "karpenter.sh": None,
    "operators.coreos.com": None,
    "route.openshift.io": None,
    "security.openshift.io": None,
    "monitoring.coreos.com": None,
}


def _namespace_exists(cloud: Cloud, made: Made) -> str | None:
    namespace = made.text("metadata.namespace") or made.text("namespace")
    if not namespace or namespace in NAMESPACES or namespace.startswith(OPENSHIFT):
        return None
    if namespace == MESH_NAMESPACE and made.scope in cloud.existing:
        return None
    if made.kind.type == RELEASE and made.inputs.get("createNamespace"):
        return None
    makers = [
        *(other.text("metadata.name") for other in cloud.all(NAMESPACE, made.scope)),
        *(
            other.text("namespace")
            for other in cloud.all(RELEASE, made.scope)
            if other.inputs.get("createNamespace")
        ),
    ]
    return None if namespace in makers else f"{made.name}: namespaces {namespace!r} not found"


def _definition_exists(cloud: Cloud, made: Made) -> str | None:
    group = made.text("apiVersion").partition("/")[0]
    source = DEFINED_BY.get(group)
    if source is None or made.scope in cloud.existing:
        return None
    type_token, name = source
    if type_token == SUBSCRIPTION and cloud.all(SUBSCRIPTION, made.scope):
        return None
    for other in cloud.all(type_token, made.scope):
        if name in (at(other.inputs, "chart"), at(other.inputs, "spec.name")):
            return None
    # On OpenShift the mesh operator brings Istio's definitions.
    if group.endswith("istio.io") and cloud.all(SUBSCRIPTION, made.scope):
        return None
    return f"{made.name}: no matches for kind {made.text('kind')} in {made.text('apiVersion')}"


def _selector_matches(_cloud: Cloud, made: Made) -> str | None:
    selector = at(made.inputs, "spec.selector.matchLabels")
    labels = at(made.inputs, "spec.template.metadata.labels")
    if not isinstance(selector, dict) or not isinstance(labels, dict):
        return f"{made.name}: no selector, or no labels to select"
    if selector.items() <= labels.items():
        return None
    return f"{made.name}: `selector` does not match template `labels`"


_METADATA = frozenset({"metadata.name", "metadata.namespace"})
_INSIDE = Reference(path="metadata.namespace", type=NAMESPACE, required=False)


# What is only ever as it was declared; the rest reports a status.
_WITHOUT_STATUS = frozenset(
    {
        "ClusterRole",
        "ClusterRoleBinding",
        "ConfigMap",
        "IngressClass",
        "LimitRange",
        "PriorityClass",
        "Role",
        "RoleBinding",
        "Secret",
        "ServiceAccount",
        "StorageClass",
    }
)


def _object(token: str, *replaced_by: str, selects: bool = False) -> Kind:
    return Kind(
        type=f"kubernetes:{token}",
        id="{metadata_namespace}/{metadata_name}",
        outputs={} if token.rpartition(":")[2] in _WITHOUT_STATUS else {"status": {}},
        identity=("metadata.namespace", "metadata.name"),
        autonamed="metadata.name",
        replaced_by=_METADATA | frozenset(replaced_by),
        references=(_INSIDE,),
        refusals=(_namespace_exists, *((_selector_matches,) if selects else ())),
        delete_before_replace=True,
    )


def custom(type_token: str) -> Kind | None:
    """The kind of a custom resource whose group some chart, operator or platform defines."""
    group = type_token.removeprefix("kubernetes:").partition("/")[0]
    if group not in DEFINED_BY:
        return None
    return Kind(
        type=type_token,
        id="{metadata_namespace}/{metadata_name}",
        identity=("metadata.namespace", "metadata.name"),
        autonamed="metadata.name",
        replaced_by=_METADATA,
        references=(_INSIDE,),
        refusals=(_namespace_exists, _definition_exists),
        delete_before_replace=True,
    )


_STATEFUL = (
    "spec.podManagementPolicy",
    "spec.revisionHistoryLimit",
    "spec.selector",
    "spec.serviceName",
    "spec.volumeClaimTemplates",
)

KUBERNETES_KINDS = table(
    _object("core/v1:Namespace"),
    _object("core/v1:ConfigMap", "binaryData", "data"),
    _object("core/v1:Secret", "type", "stringData", "data"),
    _object("core/v1:Service", "spec.clusterIP"),
    _object("core/v1:ServiceAccount"),
    _object("core/v1:ResourceQuota", "spec.scopes"),
    _object("core/v1:LimitRange"),
    _object(
        "core/v1:PersistentVolumeClaim",
        "spec.accessModes",
        "spec.selector",
        "spec.storageClassName",
        "spec.volumeName",
    ),
    _object("apps/v1:Deployment", "spec.selector", selects=True),
    _object("apps/v1:DaemonSet", "spec.selector", selects=True),
    _object("apps/v1:StatefulSet", *_STATEFUL, selects=True),
    _object(
        "batch/v1:Job", "spec.completions", "spec.parallelism", "spec.selector", "spec.template"
    ),
    _object("policy/v1:PodDisruptionBudget", "spec"),
    _object("autoscaling/v2:HorizontalPodAutoscaler"),
    _object("networking.k8s.io/v1:NetworkPolicy"),
    _object("networking.k8s.io/v1:Ingress"),
    _object("networking.k8s.io/v1:IngressClass"),
    _object("rbac.authorization.k8s.io/v1:Role"),
    _object("rbac.authorization.k8s.io/v1:RoleBinding", "roleRef"),
    _object("rbac.authorization.k8s.io/v1:ClusterRole"),
    _object("rbac.authorization.k8s.io/v1:ClusterRoleBinding", "roleRef"),
    _object("storage.k8s.io/v1:StorageClass", "parameters", "provisioner"),
    _object("scheduling.k8s.io/v1:PriorityClass", "value", "preemptionPolicy"),
    Kind(
        type=RELEASE,
        id="{namespace}/{name}",
        outputs={"status": {"status": "deployed"}, "resourceNames": {}},
        identity=("namespace", "name"),
        autonamed="name",
        replaced_by=frozenset({"name", "namespace"}),
        references=(Reference(path="namespace", type=NAMESPACE, required=False),),
        refusals=(_namespace_exists,),
    ),
)
