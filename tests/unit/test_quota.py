from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Any

import pulumi
import pytest

from components.collector import Collector, CollectorArgs
from components.store import Store, StoreArgs
from gallery.plan.model import Plan
from gallery.plan.resolve import resolve
from gallery.render.quota import quotas
from gallery.render.resources import cpu, memory
from gallery.stack_file.parse import parse
from offline.monitor import Recording
from tests.unit.components import objects, on_openshift, pods, recorded, secrets_of
from tests.unit.pages import DOCS
from tests.unit.stack_files import errors, planned, with_value

TEMPORARY = "/tmp"  # noqa: S108 - where runtimes write
_MEBIBYTES = {"Mi": 1, "Gi": 1024}


def millicores(text: str) -> int:
    return int(text[:-1]) if text.endswith("m") else int(text) * 1000


def mebibytes(text: str) -> int:
    return int(text[:-2]) * _MEBIBYTES[text[-2:]]


def namespace(plan: Plan) -> Recording:
    def declare(opts: pulumi.ResourceOptions) -> None:
        store = Store("store", StoreArgs(plan=plan, secrets=secrets_of(plan)), opts)
        Collector(
            "collector",
            CollectorArgs(
                plan=plan,
                namespace=store.namespace,
                account="123456789012",
                workspace_arn="arn:aws:aps:eu-west-1:123456789012:workspace/ws-1",
                remote_write_url="https://amp.example.org/api/v1/remote_write",
                grafana_url=None,
            ),
            opts,
        )

    return recorded(declare)


def most(recording: Recording) -> dict[str, int]:
    """How many pods of each controller there may be at once."""
    counts = dict[str, int]()
    scalers = objects(recording, "HorizontalPodAutoscaler")
    for name, deployment in objects(recording, "Deployment").items():
        spec = deployment["spec"]
        replicas = spec.get("replicas") or scalers[name]["spec"]["maxReplicas"]
        grace = spec["template"]["spec"]["terminationGracePeriodSeconds"]
        # The one that starts, and those that are ending: each new one is ready for a while before
        # the next old one is told to end.
        counts[name] = replicas + 1 + ceil(grace / spec["minReadySeconds"])
    for name, each in objects(recording, "StatefulSet").items():
        counts[name] = each["spec"]["replicas"]
    return counts


LARGE = {
    "cpu_request": "250m",
    "cpu_limit": 4,
    "memory_request": "512Mi",
    "memory_limit": "3Gi",
}


def with_proxy(proxy: object) -> Plan:
    return resolve(parse(with_value("mesh.proxy", proxy)))


def _bounds(annotations: Mapping[str, str]) -> dict[str, str]:
    """Those that bound a proxy's resources."""
    return {key: text for key, text in annotations.items() if "io/proxy" in key}


def test_a_proxy_is_given_what_the_stack_file_says_and_the_quota_counts_it() -> None:
    (annotations,) = {
        tuple(sorted(_bounds(template["metadata"]["annotations"]).items()))
        for name, template in pods(namespace(with_proxy(LARGE))).items()
        if name not in ("collector", "prober")
    }
    assert dict(annotations) == {
        "sidecar.istio.io/proxyCPU": "250m",
        "sidecar.istio.io/proxyCPULimit": "4",
        "sidecar.istio.io/proxyMemory": "512Mi",
        "sidecar.istio.io/proxyMemoryLimit": "3Gi",
    }


@pytest.mark.parametrize(
    ("proxy", "words"),
    [
        ({"cpu_request": "0.1"}, "no amount of CPU"),
        ({"memory_limit": 512}, "no amount of memory"),
        ({"cpu_limit": "50m"}, "cpu_request exceeds cpu_limit"),
        ({"memory_request": "2Gi"}, "memory_request exceeds memory_limit"),
    ],
)
def test_amounts_that_no_proxy_can_be_given_are_refused(proxy: object, words: str) -> None:
    (error,) = errors(with_value("mesh.proxy", proxy))
    assert "gallery:mesh.proxy" in error
    assert words in error


def counted_by(recording: Recording, name: str) -> dict[str, dict[str, Any]]:
    """The pods that a quota counts, as the API server chooses them: by their PriorityClass."""
    spec = objects(recording, "ResourceQuota")[name]["spec"]
    (choice,) = spec["scopeSelector"]["matchExpressions"]
    assert choice["scopeName"] == "PriorityClass"
    wanted = choice["operator"] == "In"
    return {
        app: template
        for app, template in pods(recording).items()
        if (template["spec"].get("priorityClassName") in choice["values"]) is wanted
    }


def of_the_proxy(annotations: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """What a pod says of its proxy, in the form that a container says it of itself."""
    prefix = "sidecar.istio.io/proxy"
    return {
        bound: {
            "cpu": annotations[f"{prefix}CPU{end}"],
            "memory": annotations[f"{prefix}Memory{end}"],
        }
        for bound, end in (("requests", ""), ("limits", "Limit"))
    }


def needed(recording: Recording, templates: Mapping[str, dict[str, Any]]) -> dict[str, str]:
    """What so many of these pods and their proxies take, in the midst of a rollout of all."""
    counts = most(recording)
    given = {"requests.cpu": 0, "requests.memory": 0, "limits.cpu": 0, "limits.memory": 0}
    for name, template in templates.items():
        metadata = template["metadata"]
        each = [container["resources"] for container in template["spec"]["containers"]]
        if metadata["labels"].get("sidecar.istio.io/inject") != "false":
            each.append(of_the_proxy(metadata["annotations"]))
        for resources in each:
            for bound in ("requests", "limits"):
                given[f"{bound}.cpu"] += counts[name] * millicores(resources[bound]["cpu"])
                given[f"{bound}.memory"] += counts[name] * mebibytes(resources[bound]["memory"])
    return {
        **{key: (cpu if key.endswith("cpu") else memory)(total) for key, total in given.items()},
        "pods": str(sum(counts[name] for name in templates)),
    }


PLANS = pytest.mark.parametrize(
    "plan",
    [planned(), planned("prod"), with_proxy(LARGE), on_openshift("prod")],
    ids=["dev", "prod", "large proxies", "openshift"],
)


@PLANS
def test_the_namespace_may_take_what_its_pods_and_their_proxies_can_grow_to(plan: Plan) -> None:
    recording = namespace(plan)
    for name in ("gallery-shop", "gallery-watchers"):
        hard = objects(recording, "ResourceQuota")[name]["spec"]["hard"]
        assert hard == needed(recording, counted_by(recording, name)), name


@PLANS
def test_who_watches_competes_with_nobody(plan: Plan) -> None:
    recording = namespace(plan)
    watchers = counted_by(recording, "gallery-watchers")
    assert set(watchers) == {"collector", "prober"}
    assert set(counted_by(recording, "gallery-shop")) == set(pods(recording)) - set(watchers)
    # Where nodes are full, too: the API server knows the class before a pod names it.
    (chosen,) = {template["spec"]["priorityClassName"] for template in watchers.values()}
    assert chosen == plan.watchers_priority
    # Services, volumes and their like have no PriorityClass, and a quota of them counts no pods.
    (rest,) = (one for one in quotas(plan) if one.operator is None)
    assert not [key for key in rest.hard if key.startswith(("pods", "requests.", "limits."))]


def test_a_class_of_its_own_is_the_stacks_and_openshift_has_one_for_that() -> None:
    recording = namespace(planned("prod"))
    classes = objects(recording, "PriorityClass")
    # What lives in the namespace comes after it, or would not be admitted.
    (made,) = recording.of("kubernetes:scheduling.k8s.io/v1:PriorityClass")
    (space,) = recording.of("kubernetes:core/v1:Namespace")
    assert made.urn in space.dependencies
    assert set(classes) == {"gallery-prod-watchers"}
    assert classes["gallery-prod-watchers"]["value"] > 0
    # It is nobody else's: pods that name no class do not get it.
    assert not classes["gallery-prod-watchers"].get("globalDefault")
    assert objects(namespace(on_openshift()), "PriorityClass") == {}
    assert on_openshift().watchers_priority == "openshift-user-critical"


def test_nothing_in_the_namespace_opens_a_door_of_its_own() -> None:
    hard = objects(namespace(planned("prod")), "ResourceQuota")["gallery"]["spec"]["hard"]
    assert (hard["services.loadbalancers"], hard["services.nodeports"]) == ("0", "0")
    for service in objects(namespace(planned("prod")), "Service").values():
        assert service["spec"].get("type", "ClusterIP") == "ClusterIP"


def test_whoever_brings_a_load_balancer_is_told_where_it_may_lead() -> None:
    assert "A load balancer may stand before the gateway" in (DOCS / "deploying.md").read_text()
    refused = "requested: services.nodeports=1"
    assert refused in (DOCS / "troubleshooting.md").read_text()


@pytest.mark.parametrize(
    ("written", "expected"),
    [(cpu(250), "250m"), (cpu(2000), "2"), (memory(1024), "1Gi"), (memory(1536), "1536Mi")],
)
def test_quantities_are_written_as_the_api_server_would(written: str, expected: str) -> None:
    assert written == expected


def test_a_container_without_limits_gets_some() -> None:
    (limits,) = objects(namespace(planned()), "LimitRange").values()
    (item,) = limits["spec"]["limits"]
    assert item["type"] == "Container"
    assert set(item["default"]) == set(item["defaultRequest"])
    assert set(item["default"]) == {"cpu", "memory", "ephemeral-storage"}


@PLANS
def test_a_node_does_not_run_full_by_what_a_pod_writes(plan: Plan) -> None:
    for name, template in pods(namespace(plan)).items():
        spec = template["spec"]
        (container,) = spec["containers"]
        given = {
            bound: mebibytes(container["resources"][bound]["ephemeral-storage"])
            for bound in ("requests", "limits")
        }
        assert 0 < given["requests"] < given["limits"], name
        # Volumes that are on the node count, and so does the log, of which 250 MiB are kept.
        volumes = [each["emptyDir"] for each in spec["volumes"] if "emptyDir" in each]
        held = sum(mebibytes(each["sizeLimit"]) for each in volumes)
        assert held + 250 <= given["limits"], name


@PLANS
def test_whoever_cannot_write_to_its_root_has_a_place_for_temporary_files(plan: Plan) -> None:
    for name, template in pods(namespace(plan)).items():
        spec = template["spec"]
        (container,) = spec["containers"]
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        (scratch,) = (one for one in container["volumeMounts"] if one["mountPath"] == TEMPORARY)
        (volume,) = (one for one in spec["volumes"] if one["name"] == scratch["name"])
        assert set(volume) == {"name", "emptyDir"}, name
        assert not scratch.get("readOnly"), name
