"""The pods that a rendered tree would run, and where each of them lives here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gallery.metrics import labels
from gallery.metrics.ports import ISTIOD_METRICS_PORT, ISTIOD_WEBHOOK_PORT
from offline.errors import UserError
from rehearsal.machine.addresses import (
    AGENTS,
    BLACKBOX,
    PROXY_PORT,
    Address,
    store_host,
)
from rehearsal.stand_in.documents import Document, read_yaml

APP = "app"
_CONTROLLERS = ("deployment", "statefulset")
# What Istio's injection adds to a pod, a container beside the pod's own (istio.io, "Ports used
# by Istio").
_PROXY_CONTAINER = "istio-proxy"
_PROXY_PORT_NAME = "http-envoy-prom"
_PROXY_ENVOY_PORT = 15090
_INJECTION_LABELS = ("istio-injection", "istio.io/rev")
_INJECT = "sidecar.istio.io/inject"


@dataclass(frozen=True, kw_only=True)
class ContainerPort:
    """A declared port; `init` where its container starts before the others and stays."""

    container: str
    name: str
    number: int
    init: bool


@dataclass(frozen=True, kw_only=True)
class Pod:
    """A pod; `app` is its label of that name, `ip` its loopback host.

    Without a cluster that says otherwise, each is ready.
    """

    app: str
    name: str
    namespace: str
    controller: str
    controller_kind: str
    ip: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    ports: tuple[ContainerPort, ...]
    injected: bool
    ready: bool = True
    phase: str = "Running"
    node: str = "rehearsal"


@dataclass(frozen=True)
class Cluster:
    """The Kubernetes objects of a rendered tree, by kind (lower-case) and namespace."""

    objects: tuple[tuple[str, str, Document], ...]

    @classmethod
    def read(cls, deployed: Path) -> Cluster:
        """Every object below `kubernetes/`."""
        found = list[tuple[str, str, Document]]()
        for path in sorted((deployed / "kubernetes").glob("*/*.yaml")):
            kind = path.name.partition("-")[0]
            found.append((kind, path.parent.name, read_yaml(path)))
        return cls(tuple(found))

    def of(self, kind: str, namespace: str | None = None) -> Iterator[Document]:
        """The objects of a kind, in one namespace or all, by name."""
        for each, place, document in self.objects:
            if each == kind and namespace in {None, place}:
                yield document

    def pods(self) -> tuple[Pod, ...]:
        """One pod for each Deployment and StatefulSet, and the collector's two replicas."""
        controllers = [document for kind in _CONTROLLERS for document in self.of(kind)]
        controllers.sort(key=lambda document: document["metadata"]["name"])
        position = 0
        found = list[Pod]()
        for document in controllers:
            app = _template(document)["metadata"]["labels"].get(APP)
            if app == labels.COLLECTOR_SERVICE:
                found += [
                    self._pod(document, f"-{number}", address.host)
                    for number, address in enumerate(AGENTS)
                ]
            elif app == labels.PROBER_WORKLOAD:
                found.append(self._pod(document, "-0", BLACKBOX.host))
            else:
                found.append(self._pod(document, "-0", store_host(position)))
                position += 1
        return tuple(found)

    def namespace_of(self, app: str) -> str:
        """The namespace in which pods with this label run. Raises UserError."""
        for pod in self.pods():
            if pod.app == app:
                return pod.namespace
        raise UserError(f"the rendered tree has no workload whose pods carry app={app}")

    def _pod(self, document: Document, suffix: str, ip: str) -> Pod:
        template = _template(document)
        metadata = template["metadata"]
        namespace = document["metadata"]["namespace"]
        injected = self._injected(namespace, metadata)
        return Pod(
            app=metadata["labels"].get(APP, ""),
            name=document["metadata"]["name"] + suffix,
            namespace=namespace,
            controller=document["metadata"]["name"],
            controller_kind=document["kind"],
            ip=ip,
            labels=metadata["labels"],
            annotations={**metadata.get("annotations", {}), **(_SCRAPED if injected else {})},
            ports=(*_ports(template["spec"]), *((_PROXY,) if injected else ())),
            injected=injected,
        )

    def _injected(self, namespace: str, metadata: Document) -> bool:
        """Whether the mesh gives the pod a proxy: its namespace asks, and it does not object."""
        wishes = {**metadata.get("annotations", {}), **metadata["labels"]}
        if _INJECT in wishes:
            return wishes[_INJECT] == "true"
        spaces = {space["metadata"]["name"]: space["metadata"] for space in self.of("namespace")}
        asked = spaces.get(namespace, {}).get("labels", {})
        return any(asked.get(label, "disabled") != "disabled" for label in _INJECTION_LABELS)


_PROXY = ContainerPort(
    container=_PROXY_CONTAINER, name=_PROXY_PORT_NAME, number=_PROXY_ENVOY_PORT, init=True
)


def istiod(namespace: str, metrics: Address) -> Pod:
    """A pod of the mesh's control plane, which is no stack's own, and where it is scraped."""
    return Pod(
        app=labels.ISTIOD_SERVICE,
        name=f"{labels.ISTIOD_SERVICE}-0",
        namespace=namespace,
        controller=labels.ISTIOD_SERVICE,
        controller_kind="Deployment",
        ip=metrics.host,
        labels={APP: labels.ISTIOD_SERVICE},
        annotations={},
        ports=tuple(
            ContainerPort(container="discovery", name=name, number=number, init=False)
            for name, number in (
                ("tls-xds", 15012),
                ("https-webhooks", ISTIOD_WEBHOOK_PORT),
                ("http-monitoring", ISTIOD_METRICS_PORT),
            )
        ),
        injected=False,
    )


_SCRAPED = {
    "prometheus.io/scrape": "true",
    "prometheus.io/port": str(PROXY_PORT),
    "prometheus.io/path": "/stats/prometheus",
}


def _template(document: Document) -> Document:
    return document["spec"]["template"]


def _ports(spec: Document) -> Iterator[ContainerPort]:
    for section in ("initContainers", "containers"):
        for container in spec.get(section, ()):
            for port in container.get("ports", ()):
                yield ContainerPort(
                    container=container["name"],
                    name=port.get("name", ""),
                    number=port["containerPort"],
                    init=section == "initContainers",
                )
