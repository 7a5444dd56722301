from __future__ import annotations

import json
import re
import subprocess
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from gallery.metrics import labels
from gallery.metrics.names import ISTIOD_METRICS, PROXY_METRICS
from gallery.plan.model import Plan
from gallery.plan.resolve import resolve
from gallery.render.blackbox import blackbox_config
from gallery.render.collector import collector_config
from gallery.stack_file.parse import parse
from gallery.store.companions import COLLECTOR
from gallery.store.services import SERVICES
from rehearsal.machine import tools
from tests.unit.programs import program
from tests.unit.stack_files import STACKS, planned, values, with_value

URL = "https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1/api/v1/remote_write"
GRAFANA = "https://g-1.grafana-workspace.eu-west-1.amazonaws.com"
# What the local programs are not built with, and what stands for it here.
CLOUD_DISCOVERY = ("ec2_sd_configs", "kubernetes_sd_configs")
Document = dict[str, Any]


def config(plan: Plan | None = None, grafana: str | None = GRAFANA) -> Document:
    text = collector_config(plan or planned(), remote_write_url=URL, grafana_url=grafana)
    return yaml.safe_load(text)


def job(name: str, document: Document | None = None) -> Document:
    return next(
        each for each in (document or config())["scrape_configs"] if each["job_name"] == name
    )


def with_files(document: Document, directory: Path, discovered: Document | None = None) -> Path:
    """The configuration with discovery from files, in which one target stands."""
    here = deepcopy(document)
    (directory / "targets.json").write_text(
        json.dumps([{"targets": ["10.0.0.9:15090"], "labels": discovered}] if discovered else [])
    )
    for each in here["scrape_configs"]:
        for key in CLOUD_DISCOVERY:
            if each.pop(key, None):
                each["file_sd_configs"] = [{"files": [str(directory / "targets.json")]}]
    path = directory / "prometheus.yml"
    path.write_text(yaml.safe_dump(here))
    return path


def targets(name: str, directory: Path, discovered: Document | None = None) -> list[Document]:
    """The job's targets as Prometheus itself relabels them."""
    path = with_files(config(), directory, discovered)
    run = subprocess.run(
        [
            program(tools.PROMTOOL),
            "check",
            "service-discovery",
            "--timeout=2s",
            str(path),
            name,
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[Document] | None = json.loads(run.stdout)
    return [each["labels"] for each in found or () if each.get("labels")]


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("grafana", [GRAFANA, None])
def test_prometheus_accepts_it_as_an_agents(
    stack: str, grafana: str | None, tmp_path: Path
) -> None:
    document = yaml.safe_load(with_files(config(planned(stack), grafana), tmp_path).read_text())
    run = accepted(document, tmp_path)
    assert run.returncode == 0, run.stdout + run.stderr


def accepted(document: Document, directory: Path) -> subprocess.CompletedProcess[str]:
    """What promtool says of a configuration of an agent."""
    path = directory / "prometheus.yml"
    path.write_text(yaml.safe_dump(document))
    return subprocess.run(
        [program(tools.PROMTOOL), "check", "config", "--syntax-only", "--agent", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("stack", STACKS)
def test_prometheus_3_accepts_what_is_deployed_with_its_discovery(
    stack: str, tmp_path: Path
) -> None:
    pods = {"job_name": "pods", "kubernetes_sd_configs": [{"role": "pod"}]}
    if accepted({"scrape_configs": [pods]}, tmp_path).returncode:
        pytest.skip("Debian builds Prometheus 2 without the discovery of Kubernetes")
    run = accepted(config(planned(stack)), tmp_path)
    assert run.returncode == 0, run.stdout + run.stderr


def test_every_series_says_where_it_comes_from() -> None:
    document = config(planned("prod"))["global"]
    assert document["external_labels"] == {
        "environment": "prod",
        "cluster": "gallery-prod",
        "__replica__": "${POD_NAME}",
    }
    assert document["scrape_interval"] == document["scrape_timeout"] == "15s"


def test_no_exporter_speaks_of_the_place() -> None:
    for each in config()["scrape_configs"]:
        drops = [
            rule["regex"]
            for rule in each["metric_relabel_configs"]
            if rule.get("action") == "labeldrop"
        ]
        for name in labels.STACK:
            assert any(re.fullmatch(drop, name) for drop in drops), each["job_name"]


def test_no_series_loses_what_tells_it_from_another() -> None:
    for each in config(planned("prod"))["scrape_configs"]:
        kept = list[str]()
        for rule in each["metric_relabel_configs"]:
            match rule.get("action"):
                case "labelmap":
                    kept.append(rule["regex"].strip("()"))
                case "labeldrop" | "labelkeep":
                    assert rule["action"] == "labeldrop"
                    assert rule["regex"] in kept, each["job_name"]
                case _:
                    pass


def test_writing_is_signed_and_waits_no_longer_than_the_stack_file_says() -> None:
    plan = resolve(parse(with_value("monitoring.remote_write_deadline", "3s")))
    (write,) = config(plan)["remote_write"]
    assert write["url"] == URL
    assert write["sigv4"] == {"region": "eu-west-1"}
    assert write["queue_config"] == {
        "max_samples_per_send": 1000,
        "max_shards": 50,
        "capacity": 2500,
        "batch_send_deadline": "3s",
        "retry_on_http_429": True,
    }


# Prometheus' own figure: 200 full shards of this capacity and this batch are about 490 MB.
_BYTES_OF_A_SAMPLE = 490e6 / (200 * (2500 + 1000))


def test_full_queues_leave_most_of_the_memory_to_the_agent() -> None:
    queue = config()["remote_write"][0]["queue_config"]
    waiting = queue["max_shards"] * (queue["capacity"] + queue["max_samples_per_send"])
    _, most = COLLECTOR.resources.memory
    assert waiting * _BYTES_OF_A_SAMPLE <= most * 2**20 / 8
    # What a thousand hosts have in a scrape is sent by as many requests at once.
    assert queue["max_shards"] * queue["max_samples_per_send"] >= 50_000


def test_every_service_is_probed_through_the_prober(tmp_path: Path) -> None:
    found = {each["service"]: each for each in targets(labels.PROBE, tmp_path)}
    assert set(found) == {service.name for service in SERVICES}
    for name, target in found.items():
        assert target["__address__"] == "prober.gallery.svc.cluster.local:9115"
        assert target["__metrics_path__"] == "/probe"
        assert target["instance"] == name
    asked = {
        name: (target["__param_module"], target["__param_target"]) for name, target in found.items()
    }
    assert asked["frontend"] == (
        "http",
        "http://frontend.gallery.svc.cluster.local:80/_healthz",
    )
    assert asked["redis-cart"] == ("redis", "redis-cart.gallery.svc.cluster.local:6379")
    assert asked["emailservice"] == ("grpc", "emailservice.gallery.svc.cluster.local:5000")


@pytest.mark.parametrize(
    ("name", "service", "module", "target"),
    [
        (
            labels.CANARY,
            "collector",
            "http",
            "http://prober.gallery.svc.cluster.local:9115/-/healthy",
        ),
        (labels.DOOR, "door", "door", "https://shop.dev.example.org/"),
        (labels.DOOR_CERTIFICATE, "door", "certificate", "shop.dev.example.org:443"),
        (labels.GRAFANA, "grafana", "https", f"{GRAFANA}/api/health"),
    ],
)
def test_what_is_no_service_is_probed_under_its_own_job(
    name: str, service: str, module: str, target: str, tmp_path: Path
) -> None:
    (found,) = targets(name, tmp_path)
    assert found["__param_module"] == module
    assert found["__param_target"] == target
    assert found["service"] == found["instance"] == service


def test_grafana_is_probed_only_where_its_address_is_known() -> None:
    assert labels.GRAFANA not in [each["job_name"] for each in config(None, None)["scrape_configs"]]


def test_hosts_are_found_by_their_stacks_tags() -> None:
    (found,) = job(labels.NODE)["ec2_sd_configs"]
    assert found["region"] == "eu-west-1"
    assert found["port"] == 9100
    assert found["refresh_interval"] == "30s"
    assert {each["name"]: each["values"] for each in found["filters"]} == {
        "instance-state-name": ["running"],
        "tag:gallery_cluster": ["gallery-dev"],
        "tag:gallery_environment": ["dev"],
    }


def test_a_host_keeps_its_labels_whatever_its_instance(tmp_path: Path) -> None:
    (found,) = targets(
        labels.NODE,
        tmp_path,
        {
            "__meta_ec2_instance_id": "i-0123",
            "__meta_ec2_tag_gallery_service": "checkoutservice",
            "__meta_ec2_tag_gallery_host": "orders-db-1",
            "__meta_ec2_tag_gallery_host_group": "orders-db",
        },
    )
    shown = {key: value for key, value in found.items() if not key.startswith("__")}
    assert shown == {
        "job": "node",
        "service": "checkoutservice",
        "host": "orders-db-1",
        "host_group": "orders-db",
        "instance": "i-0123",
    }


def test_a_stack_without_hosts_looks_for_none() -> None:
    given = values()
    del given["gallery:hosts"]
    document = config(resolve(parse(given)))
    assert labels.NODE not in [each["job_name"] for each in document["scrape_configs"]]


_READY = "__meta_kubernetes_pod_ready"
PROXY = {
    "__meta_kubernetes_pod_container_port_name": "http-envoy-prom",
    "__meta_kubernetes_pod_ip": "10.0.0.9",
    "__meta_kubernetes_pod_label_app": "cartservice",
    "__meta_kubernetes_pod_name": "cartservice-abc",
    "__meta_kubernetes_pod_phase": "Running",
}


def test_a_proxy_is_scraped_past_mutual_tls(tmp_path: Path) -> None:
    (found,) = targets(labels.MESH, tmp_path, PROXY)
    assert found["__address__"] == "10.0.0.9:15020"
    assert found["__metrics_path__"] == "/stats/prometheus"
    assert (found["service"], found["instance"]) == ("cartservice", "cartservice-abc")


@pytest.mark.parametrize(
    "change",
    [
        {"__meta_kubernetes_pod_container_port_name": "grpc"},
        {"__meta_kubernetes_pod_phase": "Succeeded"},
        {"__meta_kubernetes_pod_phase": "Failed"},
    ],
)
def test_neither_other_ports_nor_ended_pods_are_scraped(change: Document, tmp_path: Path) -> None:
    assert targets(labels.MESH, tmp_path, PROXY | change) == []


def test_the_collector_scrapes_itself(tmp_path: Path) -> None:
    own = PROXY | {
        "__meta_kubernetes_pod_container_port_name": "http",
        "__meta_kubernetes_pod_name": "collector-0",
    }
    (found,) = targets(labels.COLLECTOR, tmp_path, own)
    assert (found["service"], found["instance"]) == ("collector", "collector-0")
    assert found["__metrics_path__"] == "/metrics"
    (discovery,) = job(labels.COLLECTOR)["kubernetes_sd_configs"]
    assert discovery["selectors"] == [{"role": "pod", "label": "app=collector"}]


def test_a_pod_is_found_as_unready_while_it_is_whatever_its_port_and_nothing_is_kept(
    tmp_path: Path,
) -> None:
    of_a_store = PROXY | {"__meta_kubernetes_pod_container_port_name": "grpc"}
    (found,) = targets(labels.UNREADY, tmp_path, of_a_store | {_READY: "false"})
    assert found["__address__"] == "10.0.0.9:15020"
    assert (found["service"], found["instance"]) == ("cartservice", "cartservice-abc")
    assert targets(labels.UNREADY, tmp_path, of_a_store | {_READY: "true"}) == []
    ended = {_READY: "false", "__meta_kubernetes_pod_phase": "Succeeded"}
    assert targets(labels.UNREADY, tmp_path, of_a_store | ended) == []
    dropped = job(labels.UNREADY)["metric_relabel_configs"][0]
    assert (dropped["action"], dropped.get("regex")) == ("drop", None)


def test_pods_are_looked_for_in_the_collectors_own_namespace_alone() -> None:
    for name in (labels.MESH, labels.COLLECTOR, labels.UNREADY):
        (discovery,) = job(name)["kubernetes_sd_configs"]
        assert discovery["role"] == "pod"
        assert discovery["namespaces"] == {"own_namespace": True}


ISTIOD = {
    "__meta_kubernetes_pod_container_port_number": "15017",
    "__meta_kubernetes_pod_ip": "10.0.0.7",
    "__meta_kubernetes_pod_label_app": "istiod",
    "__meta_kubernetes_pod_name": "istiod-1-30-abc",
    "__meta_kubernetes_pod_phase": "Running",
}


def test_each_replica_of_the_control_plane_is_scraped_once(tmp_path: Path) -> None:
    (found,) = targets(labels.ISTIOD, tmp_path, ISTIOD)
    assert found["__address__"] == "10.0.0.7:15014"
    assert found["__metrics_path__"] == "/metrics"
    assert (found["service"], found["instance"]) == ("istiod", "istiod-1-30-abc")
    other = {"__meta_kubernetes_pod_container_port_number": "15012"}
    assert targets(labels.ISTIOD, tmp_path, ISTIOD | other) == []


def test_the_control_plane_is_looked_for_in_the_namespace_that_the_stack_names() -> None:
    there = with_value("mesh.existing.namespace", "mesh-system")
    (found,) = [
        each
        for each in config(resolve(parse(there)))["scrape_configs"]
        if each["job_name"] == labels.ISTIOD
    ]
    (discovery,) = found["kubernetes_sd_configs"]
    assert discovery["namespaces"] == {"names": ["mesh-system"]}
    assert discovery["selectors"] == [{"role": "pod", "label": "app=istiod"}]


def test_the_control_plane_brings_what_is_read_and_nothing_else() -> None:
    keep = job(labels.ISTIOD)["metric_relabel_configs"][0]
    assert keep["action"] == "keep"
    assert all(re.fullmatch(keep["regex"], name) for name in ISTIOD_METRICS)
    for name in ("go_info", "pilot_xds_push_time_bucket", "pilot_xds_config_size_bytes_bucket"):
        assert not re.fullmatch(keep["regex"], name)


def test_the_mesh_brings_what_is_read_and_no_histogram_of_sizes() -> None:
    keep = job(labels.MESH)["metric_relabel_configs"][0]
    assert keep["action"] == "keep"
    assert re.fullmatch(keep["regex"], "istio_requests_total")
    for name in ("istio_request_bytes_bucket", "istio_response_bytes_bucket", "envoy_server_live"):
        assert not re.fullmatch(keep["regex"], name)
    assert all(re.fullmatch(keep["regex"], name) for name in PROXY_METRICS)


@pytest.mark.parametrize("stack", STACKS)
def test_the_prober_accepts_its_configuration(stack: str, tmp_path: Path) -> None:
    path = tmp_path / "blackbox.yml"
    path.write_text(blackbox_config(planned(stack)))
    run = subprocess.run(
        [program(tools.BLACKBOX_EXPORTER), "--config.check", f"--config.file={path}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr


def test_the_prober_knows_every_module_that_is_asked_for() -> None:
    asked = {
        group["labels"]["__param_module"]
        for each in config()["scrape_configs"]
        for group in each.get("static_configs", ())
    }
    modules = yaml.safe_load(blackbox_config(planned()))["modules"]
    assert asked == set(modules) == {"http", "https", "door", "certificate", "grpc", "redis"}


def test_a_probe_that_hangs_is_ended_by_its_scrape_half_a_second_after_the_prober_would() -> None:
    jobs = config()["scrape_configs"]
    probing = [each for each in jobs if each.get("metrics_path") == "/probe"]
    assert {each["scrape_timeout"] for each in probing} == {"2s"}
    assert {each["job_name"] for each in probing} == {
        "probe",
        "canary",
        "door",
        "door-certificate",
        "grafana",
    }


def test_each_module_asks_in_its_own_way_and_gives_up_in_time() -> None:
    modules = yaml.safe_load(blackbox_config(planned()))["modules"]
    assert {each["timeout"] for each in modules.values()} == {"1s500ms"}
    assert modules["http"]["http"]["headers"] == {"Cookie": "shop_session-id=x-readiness-probe"}
    assert modules["https"]["http"]["fail_if_not_ssl"] is True
    assert modules["grpc"]["grpc"]["tls"] is False
    options = {"http": "http", "https": "http", "door": "http", "grpc": "grpc", "redis": "tcp"}
    for name, key in options.items():
        assert modules[name]["prober"] == key
        assert modules[name][key]["preferred_ip_protocol"] == "ip4"
