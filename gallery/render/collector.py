"""The collector's configuration: what is scraped, under which labels, and where it is sent.

Both replicas run the same document. It is valid for Prometheus 2.42 and 3.x alike.
"""

from __future__ import annotations

from itertools import groupby

from gallery.metrics import labels
from gallery.metrics.names import ISTIOD_METRICS, PROXY_METRICS
from gallery.metrics.ports import (
    ISTIOD_METRICS_PORT,
    ISTIOD_WEBHOOK_PORT,
    MESH_METRICS_PORT,
    NODE_EXPORTER_PORT,
)
from gallery.metrics.probes import PROBER_ADDRESS, Module, ProbeTarget
from gallery.plan.mesh import Mesh
from gallery.plan.model import Plan
from gallery.render.documents import yaml_text

Relabelling = dict[str, object]

# The environment variable that holds the pod's name: one replica label for each agent, by which
# AMP takes the samples of one of them.
REPLICA_VARIABLE = "POD_NAME"
# Every injected proxy declares this port, and nothing else does.
PROXY_PORT_NAME = "http-envoy-prom"
COLLECTOR_PORT_NAME = "http"


def collector_config(plan: Plan, *, remote_write_url: str, grafana_url: str | None) -> str:
    """Prometheus' configuration as YAML.

    `grafana_url` has a scheme and no trailing slash; without it Grafana is not probed.
    """
    grafana = (_grafana_target(grafana_url),) if grafana_url else ()
    scrape = str(plan.timings.scrape)
    return yaml_text(
        {
            "global": {
                "scrape_interval": scrape,
                "scrape_timeout": scrape,
                "external_labels": {
                    labels.ENVIRONMENT: plan.environment,
                    labels.CLUSTER: plan.cluster_name,
                    "__replica__": f"${{{REPLICA_VARIABLE}}}",
                },
            },
            "scrape_configs": [
                *_probe_jobs(plan, (*plan.probes, *grafana)),
                *([_node_job(plan)] if plan.hosts else []),
                *([_mesh_job(), _istiod_job(plan.mesh)] if plan.mesh else []),
                _collector_job(),
                _unready_job(),
            ],
            "remote_write": [_remote_write(plan, remote_write_url)],
        }
    )


def _grafana_target(url: str) -> ProbeTarget:
    return ProbeTarget(
        job=labels.GRAFANA,
        service=labels.GRAFANA_SERVICE,
        module=Module.HTTPS,
        target=f"{url}/api/health",
    )


def _probe_jobs(plan: Plan, targets: tuple[ProbeTarget, ...]) -> list[dict[str, object]]:
    """One job for each name, in the order of first appearance."""
    timeout = str(plan.timings.probe_scrape_timeout)
    return [
        _probe_job(job, timeout, list(group))
        for job, group in groupby(targets, lambda each: each.job)
    ]


def _probe_job(job: str, timeout: str, targets: list[ProbeTarget]) -> dict[str, object]:
    return {
        "job_name": job,
        # What ends a probe that hangs where the prober does not.
        "scrape_timeout": timeout,
        "metrics_path": "/probe",
        "static_configs": [
            {
                "targets": [target.target],
                "labels": {
                    labels.SERVICE: target.service,
                    labels.INSTANCE: target.service,
                    "__param_module": str(target.module),
                },
            }
            for target in sorted(targets, key=lambda each: (each.module, each.service))
        ],
        "relabel_configs": [
            _copy("__address__", "__param_target"),
            {"target_label": "__address__", "replacement": PROBER_ADDRESS},
        ],
        "metric_relabel_configs": [*_own_place()],
    }


def _node_job(plan: Plan) -> dict[str, object]:
    tags = {
        labels.TAG_SERVICE: labels.SERVICE,
        labels.TAG_HOST: labels.HOST,
        labels.TAG_HOST_GROUP: labels.HOST_GROUP,
    }
    return {
        "job_name": labels.NODE,
        "ec2_sd_configs": [
            {
                "region": plan.region,
                "port": NODE_EXPORTER_PORT,
                "refresh_interval": str(plan.timings.discovery),
                "filters": [
                    {"name": "instance-state-name", "values": ["running"]},
                    {"name": f"tag:{labels.TAG_CLUSTER}", "values": [plan.cluster_name]},
                    {"name": f"tag:{labels.TAG_ENVIRONMENT}", "values": [plan.environment]},
                ],
            }
        ],
        "relabel_configs": [
            *(_copy(f"__meta_ec2_tag_{tag}", label) for tag, label in tags.items()),
            # Not the host: while an instance is replaced there are two, and they must not be one.
            _copy("__meta_ec2_instance_id", labels.INSTANCE),
        ],
        "metric_relabel_configs": [
            # Of the five states of each unit the one that is read.
            {
                "action": "drop",
                "source_labels": ["__name__", "state"],
                "regex": "node_systemd_unit_state;(active|activating|deactivating|inactive)",
            },
            *_own_place(),
        ],
    }


def _mesh_job() -> dict[str, object]:
    return {
        "job_name": labels.MESH,
        "metrics_path": "/stats/prometheus",
        "kubernetes_sd_configs": [_pods()],
        "relabel_configs": [
            _running(),
            _keep("__meta_kubernetes_pod_container_port_name", PROXY_PORT_NAME),
            _at_port(MESH_METRICS_PORT),
            *_named_by_its_pod(),
        ],
        "metric_relabel_configs": [
            _keep("__name__", "|".join(PROXY_METRICS)),
            # Of the request's two ends, the series belongs to the one that was called.
            _copy("destination_service_name", labels.SERVICE, regex="(.+)"),
            *_own_place(),
        ],
    }


def _istiod_job(mesh: Mesh) -> dict[str, object]:
    """Every replica of the control plane, of whatever revision."""
    return {
        "job_name": labels.ISTIOD,
        "kubernetes_sd_configs": [
            {
                "role": "pod",
                "namespaces": {"names": [mesh.namespace]},
                "selectors": [{"role": "pod", "label": f"app={labels.ISTIOD_SERVICE}"}],
            }
        ],
        "relabel_configs": [
            _running(),
            # One target for each pod: of its ports the one that every version declares.
            _keep("__meta_kubernetes_pod_container_port_number", str(ISTIOD_WEBHOOK_PORT)),
            _at_port(ISTIOD_METRICS_PORT),
            {"target_label": labels.SERVICE, "replacement": labels.ISTIOD_SERVICE},
            _copy("__meta_kubernetes_pod_name", labels.INSTANCE),
        ],
        "metric_relabel_configs": [_keep("__name__", "|".join(ISTIOD_METRICS)), *_own_place()],
    }


def _collector_job() -> dict[str, object]:
    return {
        "job_name": labels.COLLECTOR,
        "kubernetes_sd_configs": [_pods(f"app={labels.COLLECTOR_SERVICE}")],
        "relabel_configs": [
            _running(),
            _keep("__meta_kubernetes_pod_container_port_name", COLLECTOR_PORT_NAME),
            {"target_label": labels.SERVICE, "replacement": labels.COLLECTOR_SERVICE},
            _copy("__meta_kubernetes_pod_name", labels.INSTANCE),
        ],
        "metric_relabel_configs": [*_own_place()],
    }


def _unready_job() -> dict[str, object]:
    """Every pod while it is not ready: that it is found is all that is to be known.

    Its ports are one target. What it answers, if it does, is thrown away.
    """
    return {
        "job_name": labels.UNREADY,
        "metrics_path": "/stats/prometheus",
        "kubernetes_sd_configs": [_pods()],
        "relabel_configs": [
            _running(),
            _keep("__meta_kubernetes_pod_ready", "false"),
            _at_port(MESH_METRICS_PORT),
            *_named_by_its_pod(),
        ],
        "metric_relabel_configs": [
            {"action": "drop", "source_labels": ["__name__"]},
            *_own_place(),
        ],
    }


def _remote_write(plan: Plan, url: str) -> dict[str, object]:
    return {
        # Otherwise the name, a label of the agent's own metrics, is a hash of this very section.
        "name": "amp",
        "url": url,
        "sigv4": {"region": plan.region},
        # AWS' advice (AMP user guide, "Set up ingestion") but for the shards, of which it has 200:
        # while AMP is away all of them fill, and 50 still send more than a thousand hosts have.
        # The deadline bounds how long a sample waits for others to travel with.
        "queue_config": {
            "max_samples_per_send": 1000,
            "max_shards": 50,
            "capacity": 2500,
            "batch_send_deadline": str(plan.timings.remote_write_deadline),
            # AMP refuses so what comes too fast, as a backlog does: it is not lost, it waits.
            "retry_on_http_429": True,
        },
    }


def _pods(selector: str | None = None) -> dict[str, object]:
    """Discovery of the pods of the collector's own namespace, all it may list."""
    chosen = {"selectors": [{"role": "pod", "label": selector}]} if selector else {}
    return {"role": "pod", "namespaces": {"own_namespace": True}, **chosen}


def _at_port(number: int) -> Relabelling:
    """A pod is asked there, whatever port it was found by."""
    return {
        "source_labels": ["__meta_kubernetes_pod_ip"],
        "target_label": "__address__",
        "replacement": f"$1:{number}",
    }


def _named_by_its_pod() -> tuple[Relabelling, ...]:
    return (
        _copy("__meta_kubernetes_pod_label_app", labels.SERVICE),
        _copy("__meta_kubernetes_pod_name", labels.INSTANCE),
    )


def _copy(source: str, target: str, *, regex: str | None = None) -> Relabelling:
    narrowed = {"regex": regex} if regex else {}
    return {"source_labels": [source], "target_label": target, **narrowed}


def _keep(source: str, regex: str) -> Relabelling:
    return {"action": "keep", "source_labels": [source], "regex": regex}


def _running() -> Relabelling:
    """A pod that has ended stays listed, and would look like a target that is down."""
    return {
        "action": "drop",
        "source_labels": ["__meta_kubernetes_pod_phase"],
        "regex": "Failed|Succeeded",
    }


def _own_place() -> tuple[Relabelling, ...]:
    """What an exporter says of its place gives way to the external labels.

    It is kept under another name: two series that differ in nothing else would become one, and
    the later one would be lost.
    """
    place = f"{labels.CLUSTER}|{labels.ENVIRONMENT}"
    return (
        {"action": "labelmap", "regex": f"({place})", "replacement": "exported_$1"},
        {"action": "labeldrop", "regex": place},
    )
