"""Istiod, unmodified, on a rehearsal's Kubernetes API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from gallery.plan.mesh import Mesh
from rehearsal.machine.addresses import (
    ISTIOD,
    ISTIOD_CONTROL,
    ISTIOD_HTTP,
    ISTIOD_METRICS,
    ISTIOD_WEBHOOK,
    OF_A_MESH,
)
from rehearsal.machine.processes.journal import Child
from rehearsal.mesh.authority import Authority
from rehearsal.mesh.installed import Installed
from rehearsal.mesh.place import ISTIOD_NAME

# How a cluster is called by whoever has several.
CLUSTER_ID = "Kubernetes"
_READY_WITHIN_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class ControlPlane:
    """Istiod, whose files are in `directory`; it asks the API as `kubeconfig` says."""

    directory: Path
    installed: Installed
    mesh: Mesh
    kubeconfig: Path

    @property
    def authority(self) -> Authority:
        """Who signs the certificates of this mesh."""
        return Authority(self.directory / "authority")

    @property
    def host(self) -> str:
        """Istiod's name in the cluster, by which proxies know it."""
        return f"istiod.{self.mesh.namespace}.svc"

    def prepare(self) -> None:
        """Write certificates and the mesh's own configuration, anew."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self.authority.create([self.host, ISTIOD.host])
        self._settings.write_text(yaml.safe_dump(self._config()))

    def child(self) -> Child:
        """The program."""
        return Child(
            name=ISTIOD_NAME,
            command=(str(self.installed.istiod), "discovery", *self._arguments()),
            directory=str(self.directory),
            listens=OF_A_MESH,
            ready=ISTIOD_HTTP.url("/ready"),
            ready_within_seconds=_READY_WITHIN_SECONDS,
            environment=(
                ("POD_NAME", ISTIOD_NAME),
                ("POD_NAMESPACE", self.mesh.namespace),
                ("CLUSTER_ID", CLUSTER_ID),
                ("ROOT_CA_DIR", str(self.authority.directory)),
                # Nobody is injected here.
                ("INJECT_ENABLED", "false"),
                ("PILOT_ENABLE_GATEWAY_API", "false"),
                # Filters that Istio's own Envoy has alone; with one of them, another keeps what it
                # had before.
                ("PILOT_ENABLE_ALPN_FILTER", "false"),
                ("PILOT_ENABLE_METADATA_EXCHANGE", "false"),
            ),
        )

    @property
    def _settings(self) -> Path:
        return self.directory / "mesh.yaml"

    def _config(self) -> dict[str, object]:
        return {
            "trustDomain": self.mesh.trust_domain,
            "rootNamespace": self.mesh.namespace,
            "enableAutoMtls": True,
            "outboundTrafficPolicy": {"mode": "REGISTRY_ONLY"},
        }

    def _arguments(self) -> Sequence[str]:
        return (
            f"--kubeconfig={self.kubeconfig}",
            f"--clusterID={CLUSTER_ID}",
            f"--meshConfig={self._settings}",
            "--networksConfig=/dev/null",
            f"--httpAddr={ISTIOD_HTTP}",
            f"--httpsAddr={ISTIOD_WEBHOOK}",
            "--grpcAddr=",
            f"--secureGRPCAddr={ISTIOD}",
            f"--monitoringAddr={ISTIOD_METRICS}",
            f"--ctrlz_address={ISTIOD_CONTROL.host}",
            f"--ctrlz_port={ISTIOD_CONTROL.port}",
            f"--tlsCertFile={self.authority.certificate}",
            f"--tlsKeyFile={self.authority.key}",
            f"--caCertFile={self.authority.root}",
            "--shutdownDuration=0s",
            "--profile=false",
        )
