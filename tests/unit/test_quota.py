from __future__ import annotations

from collections.abc import Mapping
from math import ceil

import pulumi
import pytest

from components.collector import Collector, CollectorArgs
from components.store import Store, StoreArgs
from gallery.plan.model import Plan
from gallery.plan.resolve import resolve
from gallery.render.quota import quota
from gallery.render.resources import cpu, memory
from gallery.stack_file.parse import parse
from offline.monitor import Recording
from tests.unit.components import objects, pods, recorded
from tests.unit.pages import DOCS
from tests.unit.stack_files import errors, planned, with_value

_MEBIBYTES = {"Mi": 1, "Gi": 1024}


def millicores(text: str) -> int:
    return int(text[:-1]) if text.endswith("m") else int(text) * 1000


def mebibytes(text: str) -> int:
    return int(text[:-2]) * _MEBIBYTES[text[-2:]]


def namespace(plan: Plan) -> Recording:
    def declare(opts: pulumi.ResourceOptions) -> None:
        store = Store("store", StoreArgs(plan=plan), opts)
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
    return resolve(parse(with_value("gallery:mesh", {"proxy": proxy})))


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
    (error,) = errors(with_value("gallery:mesh", {"proxy": proxy}))
    assert "gallery:mesh.proxy" in error
    assert words in error


@pytest.mark.parametrize(
    "plan", [planned(), planned("prod"), with_proxy(LARGE)], ids=["dev", "prod", "large proxies"]
)
def test_the_namespace_may_take_what_its_pods_and_their_proxies_can_grow_to(plan: Plan) -> None:
    recording, hard = namespace(plan), quota(plan)
    counts = most(recording)
    requested = limited = 0
    for name, template in pods(recording).items():
        metadata = template["metadata"]
        proxy = metadata["labels"].get("sidecar.istio.io/inject") != "false"
        for container in template["spec"]["containers"]:
            resources = container["resources"]
            requested += counts[name] * millicores(resources["requests"]["cpu"])
            limited += counts[name] * mebibytes(resources["limits"]["memory"])
        if proxy:
            given = metadata["annotations"]
            requested += counts[name] * millicores(given["sidecar.istio.io/proxyCPU"])
            limited += counts[name] * mebibytes(given["sidecar.istio.io/proxyMemoryLimit"])
    assert hard["requests.cpu"] == cpu(requested)
    assert hard["limits.memory"] == memory(limited)
    assert hard["pods"] == str(sum(counts.values()))
    assert objects(recording, "ResourceQuota")["gallery"]["spec"]["hard"] == hard


def test_nothing_in_the_namespace_opens_a_door_of_its_own() -> None:
    hard = quota(planned("prod"))
    assert (hard["services.loadbalancers"], hard["services.nodeports"]) == ("0", "0")
    for service in objects(namespace(planned("prod")), "Service").values():
        assert service["spec"].get("type", "ClusterIP") == "ClusterIP"


def test_whoever_brings_a_load_balancer_is_told_which_kind_is_let_in() -> None:
    assert "`alb.ingress.kubernetes.io/target-type: ip`" in (DOCS / "deploying.md").read_text()
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
    assert set(item["default"]) == set(item["defaultRequest"]) == {"cpu", "memory"}
