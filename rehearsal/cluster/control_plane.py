"""The programs of a cluster: with what arguments, where they listen, how they trust each other."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rehearsal.cluster.installed import Installed
from rehearsal.machine.addresses import (
    ETCD,
    ETCD_PEER,
    KUBE_API,
    KUBE_CONTROLLER_MANAGER,
    KUBE_SCHEDULER,
    KWOK,
    Address,
)
from rehearsal.machine.certificate import write_certificate
from rehearsal.machine.processes.journal import Child

API_NAME = "kube-apiserver"
ADMINISTRATOR = "administrator"
# Who talks to the API: its users, and the group that each is of.
_USERS = {
    ADMINISTRATOR: "system:masters",
    "system:kube-controller-manager": "",
    "system:kube-scheduler": "",
    # It stands for every node there is.
    "kwok": "system:masters",
}
_READY_WITHIN_SECONDS = 90.0
# An address that the API gives as its own; Kubernetes takes no loopback one, and nobody dials it
# (RFC 5737 keeps it for examples).
_ADVERTISED = "192.0.2.1"
# Pods and Services have addresses that no network here carries.
_SERVICES = "10.96.0.0/16"
_PODS = "10.112.0.1/16"
_WITHOUT_ENDPOINTS = "--controllers=*,-endpoints-controller,-endpointslice-controller"

# The kind by which kwok knows where a pod's ports lead.
PORT_FORWARD = "PortForward"

# What is deployed, what stands for it here, and why.
SUBSTITUTED = (
    (
        "the cluster's nodes and their kubelets",
        "kwok, which says of six nodes and of every pod that it is ready",
        "there is nothing to run pods with; the API, the controllers and the scheduler are real",
    ),
    (
        "the disks of claims, and the class that makes them",
        "volumes that are there before, in the class that a claim names",
        "disks are a cloud's",
    ),
    (
        "what the collector finds in the cluster, and what answers there",
        "the API's pods, as files: a ready one is the simulated workload, another answers nobody",
        "kwok's pods have addresses that no network here carries; nothing runs in them",
    ),
    (
        "the proxies that the mesh's webhook gives pods",
        "an admission policy that gives pods the sidecar of Istio's template",
        "pods are judged with it, and nothing runs in them",
    ),
)
# And where no mesh is rehearsed.
WITHOUT_A_MESH = (
    (
        "the mesh's control plane",
        "its kinds",
        "objects are held by the kinds' own schemas; with `--mesh` it runs",
    ),
)


@dataclass(frozen=True, kw_only=True)
class ControlPlane:
    """A cluster whose files are in `directory`.

    `finds_pods` is whether its Services lead to pods: to what runs in their place otherwise, which
    others tell it.
    """

    directory: Path
    installed: Installed
    finds_pods: bool = True

    @property
    def certificate(self) -> Path:
        """What the API shows, and what clients trust."""
        return self.directory / "api.crt"

    def token(self, user: str = ADMINISTRATOR) -> str:
        """The bearer token of a user."""
        for line in self._tokens.read_text().splitlines():
            token, name, *_ = line.split(",")
            if name == user:
                return token
        raise KeyError(user)

    def kubeconfig(self, user: str = ADMINISTRATOR) -> Path:
        """The file by which a client is that user."""
        return self.directory / f"{user.removeprefix('system:')}.kubeconfig"

    def prepare(self) -> None:
        """Write keys, tokens and kubeconfigs, anew."""
        self.directory.mkdir(parents=True, exist_ok=True)
        write_certificate(
            [KUBE_API.host, "kubernetes.default.svc"],
            self.certificate,
            self.certificate.with_suffix(".key"),
        )
        # It signs the tokens of service accounts.
        write_certificate(["service-accounts"], self._accounts, self._accounts.with_suffix(".key"))
        tokens = {user: secrets.token_urlsafe(24) for user in _USERS}
        lines = [f'{tokens[user]},{user},{user},"{group}"\n' for user, group in _USERS.items()]
        _write_secret(self._tokens, "".join(lines))
        for user, token in tokens.items():
            _write_secret(self.kubeconfig(user), self._kubeconfig(user, token))

    def store(self) -> Child:
        """Where the API keeps everything."""
        arguments = (
            "--name=etcd",
            f"--data-dir={self.directory / 'etcd'}",
            f"--listen-client-urls={ETCD.url()}",
            f"--advertise-client-urls={ETCD.url()}",
            f"--listen-peer-urls={ETCD_PEER.url()}",
            f"--initial-advertise-peer-urls={ETCD_PEER.url()}",
            f"--initial-cluster=etcd={ETCD_PEER.url()}",
        )
        return self._child("etcd", arguments, (ETCD, ETCD_PEER), ETCD.url("/health"))

    def api(self) -> Child:
        """The API, with the admission plugins that it has by itself."""
        arguments = (
            f"--etcd-servers={ETCD.url()}",
            f"--bind-address={KUBE_API.host}",
            f"--secure-port={KUBE_API.port}",
            f"--advertise-address={_ADVERTISED}",
            "--endpoint-reconciler-type=none",
            f"--service-cluster-ip-range={_SERVICES}",
            f"--tls-cert-file={self.certificate}",
            f"--tls-private-key-file={self.certificate.with_suffix('.key')}",
            f"--token-auth-file={self._tokens}",
            "--authorization-mode=RBAC",
            "--anonymous-auth=false",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={self._accounts}",
            f"--service-account-signing-key-file={self._accounts.with_suffix('.key')}",
            # Nodes have names that nobody resolves.
            "--kubelet-preferred-address-types=InternalIP",
            "--profiling=false",
        )
        return self._child(API_NAME, arguments, (KUBE_API,), f"tcp://{KUBE_API}")

    def controllers(self) -> Iterator[Child]:
        """What acts on what the API has: controllers, the scheduler, and kwok for the nodes."""
        yield self._controller(
            "kube-controller-manager",
            KUBE_CONTROLLER_MANAGER,
            "--use-service-account-credentials",
            f"--root-ca-file={self.certificate}",
            f"--service-account-private-key-file={self._accounts.with_suffix('.key')}",
            # An autoscaler's least is what its Deployment has first.
            "--horizontal-pod-autoscaler-sync-period=2s",
            *(() if self.finds_pods else (_WITHOUT_ENDPOINTS,)),
        )
        yield self._controller("kube-scheduler", KUBE_SCHEDULER)
        kwok = (
            f"--kubeconfig={self.kubeconfig('kwok')}",
            "--manage-all-nodes=true",
            # Without leases: where it is the only one, they make it wait for itself.
            "--node-lease-duration-seconds=0",
            f"--cidr={_PODS}",
            f"--server-address={KWOK}",
            # It is the kubelet of every node, for whoever forwards a port of a pod.
            f"--node-ip={KWOK.host}",
            f"--node-port={KWOK.port}",
            f"--enable-crds={PORT_FORWARD}",
            *(f"--config={stage}" for stage in self.installed.stages),
        )
        yield self._child("kwok", kwok, (KWOK,), KWOK.url("/healthz"))

    @property
    def _tokens(self) -> Path:
        return self.directory / "tokens.csv"

    @property
    def _accounts(self) -> Path:
        return self.directory / "service-accounts.crt"

    def _controller(self, name: str, address: Address, *further: str) -> Child:
        arguments = (
            f"--kubeconfig={self.kubeconfig(f'system:{name}')}",
            f"--bind-address={address.host}",
            f"--secure-port={address.port}",
            f"--cert-dir={self.directory / name}",
            "--leader-elect=false",
            "--profiling=false",
            *further,
        )
        return self._child(name, arguments, (address,), f"tcp://{address}")

    def _child(
        self, name: str, arguments: tuple[str, ...], listens: tuple[Address, ...], ready: str
    ) -> Child:
        return Child(
            name=name,
            command=(str(self.installed.programs[name]), *arguments),
            directory=str(self.directory),
            listens=listens,
            ready=ready,
            ready_within_seconds=_READY_WITHIN_SECONDS,
        )

    def _kubeconfig(self, user: str, token: str) -> str:
        cluster = {
            "server": f"https://{KUBE_API}",
            "certificate-authority": str(self.certificate),
        }
        # YAML's readers take JSON.
        return json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "rehearsal", "cluster": cluster}],
                "users": [{"name": user, "user": {"token": token}}],
                "contexts": [
                    {"name": "rehearsal", "context": {"cluster": "rehearsal", "user": user}}
                ],
                "current-context": "rehearsal",
            },
            indent=2,
        )


def _write_secret(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        file.write(text)
