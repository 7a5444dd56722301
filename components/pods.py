"""What every pod of the namespace has in common: labels, rights, spread and bounds."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pulumi_kubernetes as k8s

from gallery.metrics.ports import INBOUND_PORT
from gallery.plan.cluster import Cluster
from gallery.plan.mesh import Proxy
from gallery.render.resources import limits, requests
from gallery.store.ending import Ending
from gallery.store.services import APP, NAMESPACE, Resources

# Keeps the proxy out of a pod. A label, because Istio's webhook selects by labels.
NO_PROXY = {"sidecar.istio.io/inject": "false"}
# What a proxy tells of beside what Istio lets every proxy tell: connections that its listener for
# what comes in takes none of, as those in plain text (istio.io, "Resource Annotations").
_COUNTED = {"sidecar.istio.io/statsInclusionSuffixes": f"{INBOUND_PORT}.no_filter_chain_match"}
_STORE_USER = 1000
_PROXY_VERSION = "gallery/proxy-version"
_NOTHING: Mapping[str, str] = {}
_SCRATCH = "scratch"
_SCRATCH_SIZE = "64Mi"
# A name with a dot is looked up as it stands. Kubernetes' own five have each name with fewer
# dots, the store's among them, looked up with every search domain first: four or five questions
# in the place of one, of which a lost one takes longer than a probe waits.
DNS: k8s.core.v1.PodDNSConfigArgsDict = {"options": [{"name": "ndots", "value": "1"}]}


def labels_of(app: str) -> dict[str, str]:
    """The labels of a workload and its pods; `app` is what selectors and discovery go by."""
    return {
        APP: app,
        "app.kubernetes.io/managed-by": "pulumi",
        "app.kubernetes.io/name": app,
        "app.kubernetes.io/part-of": NAMESPACE,
    }


def pod_security(
    cluster: Cluster, user: int = _STORE_USER
) -> k8s.core.v1.PodSecurityContextArgsDict:
    """The pod's part of the restricted Pod Security Standard."""
    restricted: k8s.core.v1.PodSecurityContextArgsDict = {
        "run_as_non_root": True,
        "seccomp_profile": {"type": "RuntimeDefault"},
    }
    named = cluster.pod_user(user)
    if named is None:
        return restricted
    return {**restricted, "run_as_user": named, "run_as_group": named, "fs_group": named}


def container_security() -> k8s.core.v1.SecurityContextArgsDict:
    """The container's part of the restricted Pod Security Standard, and nothing to write to."""
    return {
        "allow_privilege_escalation": False,
        "capabilities": {"drop": ["ALL"]},
        "privileged": False,
        "read_only_root_filesystem": True,
    }


def spread(
    app: str, replicas: int, *, apart: bool = False, surging: bool = True
) -> list[k8s.core.v1.TopologySpreadConstraintArgsDict]:
    """Evenly over zones, then over nodes; a cluster with one zone left still runs everything.

    With `apart`, no node takes more than half of the `replicas` at rest before a second one takes
    pods, and none gets further ahead of the others than that
    (docs/adr/0028-pods-that-come-and-go.md). `surging`: a rollout starts new pods beside the
    old ones, which then do not count; where a pod is replaced in its place, all count.
    """

    def over(key: str) -> k8s.core.v1.TopologySpreadConstraintArgsDict:
        constraint: k8s.core.v1.TopologySpreadConstraintArgsDict = {
            "label_selector": {"match_labels": {APP: app}},
            "max_skew": 1,
            "topology_key": key,
            "when_unsatisfiable": "ScheduleAnyway",
        }
        if surging:
            constraint["match_label_keys"] = ["pod-template-hash"]
        return constraint

    nodes = over("kubernetes.io/hostname")
    if apart:
        nodes["max_skew"] = max(1, replicas // 2)
        nodes["min_domains"] = 2
        # A node that is being drained takes no pods, and none waits for it.
        nodes["node_taints_policy"] = "Honor"
        nodes["when_unsatisfiable"] = "DoNotSchedule"
    return [over("topology.kubernetes.io/zone"), nodes]


def scratch() -> k8s.core.v1.VolumeArgsDict:
    """A place for `/tmp`: a container's root can only be read, and runtimes write there."""
    return {"name": _SCRATCH, "empty_dir": {"size_limit": _SCRATCH_SIZE}}


def scratch_mount() -> k8s.core.v1.VolumeMountArgsDict:
    """Where `scratch` is."""
    return {"name": _SCRATCH, "mount_path": "/tmp"}  # noqa: S108 (a volume of the pod's own)


def bounds(resources: Resources) -> k8s.core.v1.ResourceRequirementsArgsDict:
    """Requests and limits."""
    return {"requests": requests(resources), "limits": limits(resources)}


def pod_metadata(
    app: str, proxy: Proxy | None, ending: Ending, annotations: Mapping[str, str] = _NOTHING
) -> k8s.meta.v1.ObjectMetaArgsDict:
    """A pod's labels, and annotations by which it has its `proxy`, where there is a mesh."""
    of_proxy = {**_bounds_of(proxy.resources), **_ending_of(ending), **_COUNTED} if proxy else {}
    metadata: k8s.meta.v1.ObjectMetaArgsDict = {"labels": labels_of(app)}
    version = {_PROXY_VERSION: proxy.version} if proxy and proxy.version else {}
    # An empty mapping is dropped by the API server, and each deployment would count as a change.
    if every := {**of_proxy, **version, **annotations}:
        metadata["annotations"] = every
    return metadata


def _bounds_of(proxy: Resources) -> dict[str, str]:
    """Annotations that give the pod's proxy what the quota counts, whatever the mesh's own are.

    Source: istio.io, "Resource Annotations".
    """
    given, most = requests(proxy), limits(proxy)
    return {
        "sidecar.istio.io/proxyCPU": given["cpu"],
        "sidecar.istio.io/proxyCPULimit": most["cpu"],
        "sidecar.istio.io/proxyMemory": given["memory"],
        "sidecar.istio.io/proxyMemoryLimit": most["memory"],
    }


def until_nobody_calls(ending: Ending) -> k8s.core.v1.LifecycleArgsDict:
    """What keeps a container answering while its callers hear that it ends.

    The kubelet itself waits: images have no `sleep`. On by default since Kubernetes 1.30.
    """
    return {"pre_stop": {"sleep": {"seconds": ending.answers}}}


def _ending_of(ending: Ending) -> dict[str, str]:
    """The annotation that lets the pod's proxy outlive what is behind it.

    A proxy that is an init container ends after the others anyway; one that is a container is told
    to end with them, and would be gone after five seconds (istio.io, "ProxyConfig").
    """
    config = {"terminationDrainDuration": f"{ending.proxy}s"}
    return {"proxy.istio.io/config": json.dumps(config)}


def variables(values: Mapping[str, str]) -> list[k8s.core.v1.EnvVarArgsDict]:
    """Environment variables, by name."""
    return [{"name": name, "value": value} for name, value in sorted(values.items())]
