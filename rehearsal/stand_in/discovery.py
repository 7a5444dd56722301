"""Kubernetes discovery as files: the labels that Prometheus would find on each pod's ports.

Source: Prometheus documentation, "kubernetes_sd_config", role pod.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from offline.errors import UserError
from rehearsal.stand_in.documents import Document
from rehearsal.stand_in.pods import ContainerPort, Pod

_META = "__meta_kubernetes_"


def targets(discovery: Document, pods: Iterable[Pod], own_namespace: str) -> list[Document]:
    """The content of a file that stands for one `kubernetes_sd_configs` entry.

    Raises UserError for a role or a selector that the rehearsal cannot play.
    """
    if discovery["role"] != "pod":
        raise UserError(
            f"the collector discovers the role {discovery['role']!r}; the rehearsal plays pod alone"
        )
    chosen = discovery.get("namespaces", {})
    namespaces = set(chosen.get("names", ()))
    if chosen.get("own_namespace"):
        namespaces.add(own_namespace)
    selectors = [_selector(selector) for selector in discovery.get("selectors", ())]
    return [
        {"targets": [f"{pod.ip}:{port.number}"], "labels": _labels(pod, port)}
        for pod in pods
        if (not namespaces or pod.namespace in namespaces)
        and all(selector.items() <= pod.labels.items() for selector in selectors)
        for port in pod.ports
    ]


def _selector(selector: Document) -> dict[str, str]:
    text = selector.get("label", "")
    if "field" in selector or not re.fullmatch(r"[\w./-]+=[\w.-]+(,[\w./-]+=[\w.-]+)*", text):
        raise UserError(
            f"the collector selects pods by {selector}; the rehearsal plays label=value alone"
        )
    return dict(part.split("=", 1) for part in text.split(","))


def _labels(pod: Pod, port: ContainerPort) -> dict[str, str]:
    return {
        f"{_META}namespace": pod.namespace,
        f"{_META}pod_name": pod.name,
        f"{_META}pod_ip": pod.ip,
        f"{_META}pod_host_ip": pod.ip,
        f"{_META}pod_ready": str(pod.ready).lower(),
        f"{_META}pod_phase": pod.phase,
        f"{_META}pod_node_name": pod.node,
        f"{_META}pod_controller_kind": pod.controller_kind,
        f"{_META}pod_controller_name": pod.controller,
        f"{_META}pod_container_name": port.container,
        f"{_META}pod_container_init": str(port.init).lower(),
        f"{_META}pod_container_port_name": port.name,
        f"{_META}pod_container_port_number": str(port.number),
        f"{_META}pod_container_port_protocol": "TCP",
        **_each("label", pod.labels),
        **_each("annotation", pod.annotations),
    }


def _each(kind: str, values: Mapping[str, str]) -> dict[str, str]:
    found = dict[str, str]()
    for name, value in values.items():
        safe = re.sub(r"\W", "_", name)
        found[f"{_META}pod_{kind}_{safe}"] = str(value)
        found[f"{_META}pod_{kind}present_{safe}"] = "true"
    return found
