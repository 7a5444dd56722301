"""What the rehearsal gives the cluster beside a stack's own objects, so that its mesh works here.

All of it carries a label, stands beside what was rendered, and changes nothing of that.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from urllib.parse import quote

from gallery.metrics.labels import ISTIOD_SERVICE
from gallery.metrics.ports import ISTIOD_METRICS_PORT
from gallery.store.companions import PROBER
from gallery.store.services import APP, Protocol, Service
from rehearsal.cluster.api import Api
from rehearsal.cluster.control_plane import PORT_FORWARD
from rehearsal.machine.addresses import (
    ISTIOD,
    ISTIOD_METRICS,
    ISTIOD_WEBHOOK,
    Address,
    local_port,
)
from rehearsal.mesh.authority import Authority
from rehearsal.mesh.workloads import PROXIED, PROXY, Workload, outward_port, probed
from rehearsal.stand_in.documents import Document

MARK = {"rehearsed": "mesh"}
_NETWORKING = "networking.istio.io/v1"
FILTERS = "networking.istio.io/v1alpha3"
_KWOK = "kwok.x-k8s.io/v1alpha1"
# Of a pod's ports those that istioctl asks for.
PROXY_ADMIN_PORT = 15000
ISTIOD_GRPC_PORT = 15012
# What a stack alone may have no need of.
KINDS = (
    (_NETWORKING, "Sidecar"),
    (_NETWORKING, "WorkloadEntry"),
    (FILTERS, "EnvoyFilter"),
)
_PROTOCOLS = {Protocol.GRPC: "GRPC", Protocol.HTTP: "HTTP", Protocol.TCP: "TCP"}

# What is deployed, what stands for it here, and why.
SUBSTITUTED = (
    (
        "the proxies that the mesh gives pods",
        "an upstream Envoy for each workload, with Istio's agent and the pod's own service account",
        "nobody injects anything here; Istio's build of Envoy is no package for Linux",
    ),
    (
        "the capture of a pod's connections",
        "Sidecars that say where a proxy listens; callers ask it by the callee's name",
        "capture takes root",
    ),
    (
        "the names by which the prober asks services",
        "a port of its own proxy for each; an EnvoyFilter adds the proxy's address to the names",
        "names are not known here, and the prober cannot be told for whom its request is",
    ),
    (
        "the addresses of pods",
        "WorkloadEntries with the pods' labels and accounts, one for a workload",
        "no network here carries pods' addresses, and the API takes no endpoint in 127.0.0.0/8",
    ),
    (
        "how long a proxy goes on with an old configuration",
        "a second, and not 45",
        "until then, a connection that is open is judged by the old policy",
    ),
    (
        "how long certificates are good, and when they are replaced: a day, and half of it",
        "a minute more than what their alert speaks of, and half a minute",
        "no drill can wait for half a day; where the stack is without that alert, it is a day",
    ),
    (
        "the ports of pods, for who forwards one, as istioctl does",
        "kwok's PortForwards, to the Envoys and the istiod that run",
        "nothing runs in the pods",
    ),
    (
        "the gateway through which customers come",
        "a proxy with the gateway's name, and no route of its own",
        "whoever comes through it is asked about, and not how it lets them in",
    ),
)  # fmt: skip


def namespace(name: str) -> Document:
    """A namespace, as the control plane's own, where it keeps who of it is the leader."""
    return made("v1", "Namespace", name)


def webhook(authority: Authority) -> Document:
    """Istiod's validation of the mesh's objects, as its chart has it, at its address here."""
    bundle = base64.b64encode(authority.root.read_bytes()).decode()
    rule = {
        "operations": ["CREATE", "UPDATE"],
        "apiGroups": ["security.istio.io", "networking.istio.io", "telemetry.istio.io"],
        "apiVersions": ["*"],
        "resources": ["*"],
    }
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": "istio-validator", "labels": MARK},
        "webhooks": [
            {
                "name": "rev.validation.istio.io",
                "clientConfig": {
                    "url": f"https://{ISTIOD_WEBHOOK}/validate",
                    "caBundle": bundle,
                },
                "rules": [rule],
                "failurePolicy": "Fail",
                "sideEffects": "None",
                "admissionReviewVersions": ["v1"],
            }
        ],
    }


def objects(workloads: Iterable[Workload], known: Iterable[str]) -> Iterator[Document]:
    """What they need; `known` are the namespaces that are there.

    A workload of another namespace comes with that and its account.
    """
    workloads, known = tuple(workloads), frozenset(known)
    services = tuple(each.service for each in workloads if each.service)
    asked = probed(workloads)
    for each in workloads:
        if each.namespace not in known:
            yield namespace(each.namespace)
            yield made("v1", "ServiceAccount", each.account, each.namespace)
        if each.service:
            yield _entry(each)
        yield _sidecar(each, services, asked)
        if each.caller == PROBER.name:
            yield _by_address(each, services, asked)


def of_replica(replica: Workload, workloads: Iterable[Workload]) -> tuple[Document, ...]:
    """What a second replica of a service needs beside these workloads, in their order."""
    services = tuple(each.service for each in workloads if each.service)
    return _sidecar(replica, services, {}), _entry(replica)


def ports(workloads: Iterable[Workload], control_plane: str, api: Api) -> Iterator[Document]:
    """Where those ports of live pods lead that istioctl asks; `control_plane` is a namespace."""
    for each in _pods(api, control_plane, ISTIOD_SERVICE):
        yield _ports(each, {ISTIOD_GRPC_PORT: ISTIOD, ISTIOD_METRICS_PORT: ISTIOD_METRICS})
    for workload in workloads:
        for each in _pods(api, workload.namespace, workload.caller):
            yield _ports(each, {PROXY_ADMIN_PORT: workload.admin})


def _pods(api: Api, namespace: str, app: str) -> list[Document]:
    return api.items(f"/api/v1/namespaces/{namespace}/pods?labelSelector={APP}%3D{quote(app)}")


def _ports(pod: Document, leads: Mapping[int, Address]) -> Document:
    forwards = [
        {"ports": [port], "target": {"address": to.host, "port": to.port}}
        for port, to in leads.items()
    ]
    metadata = pod["metadata"]
    spec = {"forwards": forwards}
    return made(_KWOK, PORT_FORWARD, metadata["name"], metadata["namespace"], spec)


def _entry(workload: Workload) -> Document:
    return made(
        _NETWORKING,
        "WorkloadEntry",
        workload.name,
        workload.namespace,
        {
            "address": workload.ip,
            "labels": {**workload.known_by, "security.istio.io/tlsMode": "istio"},
            "serviceAccount": workload.account,
        },
    )


def _sidecar(
    workload: Workload, services: Sequence[Service], asked: Mapping[str, Address]
) -> Document:
    by_port = dict[int, list[Service]]()
    for each in services:
        by_port.setdefault(outward_port(each), []).append(each)
    egress = [
        {
            "bind": workload.proxy,
            "captureMode": "NONE",
            "hosts": [f"*/{each.host}" for each in found],
            "port": {"name": f"outward-{port}", "number": port, "protocol": _spoken(port, found)},
        }
        for port, found in by_port.items()
    ]
    if workload.caller == PROBER.name:
        egress += [
            {
                "bind": workload.proxy,
                "captureMode": "NONE",
                "hosts": [f"*/{each.host}"],
                "port": {"name": f"probed-{port}", "number": port, "protocol": "HTTP_PROXY"},
            }
            for each, port in _requested(services, asked)
        ]
    sidecar = made(
        _NETWORKING,
        "Sidecar",
        workload.name,
        workload.namespace,
        {
            "egress": egress,
            "outboundTrafficPolicy": {"mode": "REGISTRY_ONLY"},
            "workloadSelector": {"labels": {PROXY: workload.name}},
            **({"ingress": [_ingress(workload)]} if workload.inward else {}),
        },
    )
    # It is found by what no pod has, since pods are as rendered; istioctl would call that an error.
    sidecar["metadata"]["annotations"] = {"galley.istio.io/analyze-suppress": "IST0101"}
    return sidecar


def _requested(
    services: Iterable[Service], asked: Mapping[str, Address]
) -> Iterator[tuple[Service, int]]:
    """The services that are asked by requests, and the port at which the prober asks each."""
    for each in services:
        if each.protocol is not Protocol.TCP:
            yield each, asked[each.address].port


def _by_address(
    prober: Workload, services: Iterable[Service], asked: Mapping[str, Address]
) -> Document:
    """Lets the prober's proxy know a service by the address at which it is asked, too."""
    patches = [
        {
            "applyTo": "VIRTUAL_HOST",
            "match": {
                "context": "SIDECAR_OUTBOUND",
                "routeConfiguration": {"name": str(port), "vhost": {"name": each.address}},
            },
            "patch": {"operation": "MERGE", "value": {"domains": [prober.proxy]}},
        }
        for each, port in _requested(services, asked)
    ]
    spec = {"configPatches": patches, "workloadSelector": {"labels": {APP: prober.caller}}}
    return made(FILTERS, "EnvoyFilter", prober.name, prober.namespace, spec)


def _spoken(port: int, services: Iterable[Service]) -> str:
    if port == PROXIED:
        # Of this kind, a port leads to services of whatever port.
        return "HTTP_PROXY"
    (protocol,) = {each.protocol for each in services}
    return _PROTOCOLS[protocol]


def _ingress(workload: Workload) -> Document:
    assert workload.service is not None  # noqa: S101 - whoever has an address is asked
    port = workload.service.container_port
    return {
        "bind": workload.ip,
        "captureMode": "NONE",
        # The workload's own address, as Istio writes it.
        "defaultEndpoint": f"0.0.0.0:{local_port(port)}",
        "port": {
            "name": "served",
            "number": port,
            "protocol": _PROTOCOLS[workload.service.protocol],
        },
    }


def made(
    version: str,
    kind: str,
    name: str,
    namespace: str | None = None,
    spec: Document | None = None,
) -> Document:
    """An object that the rehearsal adds, marked as such."""
    metadata: Document = {"name": name, "labels": MARK}
    if namespace:
        metadata["namespace"] = namespace
    manifest: Document = {"apiVersion": version, "kind": kind, "metadata": metadata}
    return manifest if spec is None else {**manifest, "spec": spec}
