"""A workload's proxy: Istio's agent with an Envoy of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rehearsal.cluster.api import Api
from rehearsal.machine.addresses import ISTIOD
from rehearsal.machine.processes.journal import Child
from rehearsal.mesh.certificates import Certificates
from rehearsal.mesh.control_plane import CLUSTER_ID, ControlPlane
from rehearsal.mesh.telemetry import SCRAPED
from rehearsal.mesh.workloads import Workload

_READY_WITHIN_SECONDS = 60.0
# An hour more than a day, which is how long the agent wants a certificate for.
_TOKEN_SECONDS = 90_000
# What the bootstrap's template has for addresses of which every pod has its own.
_HERE = ("{{ .localhost }}", "{{ .wildcard }}")
_TOKENS = Path("var", "run", "secrets", "tokens", "istio-token")
_ROOT = Path("var", "run", "secrets", "istio", "root-cert.pem")
# Of what Envoy counts here, what it would tell a scrape of what the collector reads; of a mesh's
# own choice it keeps little else.
_SCRAPED = "|".join(("no_filter_chain_match", *SCRAPED))
# Below the agent's directory.
CERTIFICATES = Path("certificates")


@dataclass(frozen=True, kw_only=True)
class Proxy:
    """The proxy of a workload, in a directory of its own: its sockets are relative to it."""

    workload: Workload
    plane: ControlPlane
    certificates: Certificates

    @property
    def directory(self) -> Path:
        """Where it runs."""
        return self.plane.directory / self.workload.name

    def prepare(self, api: Api) -> None:
        """Write what it needs of the cluster: a token of its service account, and whom to trust."""
        for path, text in (
            (_TOKENS, self._token(api)),
            (_ROOT, self.plane.authority.root.read_text()),
            (Path("bootstrap.json"), self._bootstrap()),
        ):
            file = self.directory / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch(mode=0o600)
            file.write_text(text)
        (self.directory / CERTIFICATES).mkdir(exist_ok=True)

    def child(self) -> Child:
        """The program."""
        return Child(
            name=self.workload.name,
            command=(str(self.plane.installed.agent),),
            directory=str(self.directory),
            listens=self.workload.listens,
            ready=self.workload.admin.url("/ready"),
            ready_within_seconds=_READY_WITHIN_SECONDS,
            environment=tuple(sorted(self._environment().items())),
        )

    def _token(self, api: Api) -> str:
        """A token as the kubelet would put it into the pod."""
        where = f"/api/v1/namespaces/{self.workload.namespace}/serviceaccounts"
        asked = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"audiences": ["istio-ca"], "expirationSeconds": _TOKEN_SECONDS},
        }
        made = api.post(f"{where}/{self.workload.account}/token", asked)
        return str(made["status"]["token"])

    def _bootstrap(self) -> str:
        """Istio's own template, with every address of a pod at this proxy's host."""
        text = self.plane.installed.bootstrap.read_text()
        for each in _HERE:
            text = text.replace(each, self.workload.proxy)
        return text

    def _environment(self) -> Mapping[str, str]:
        workload = self.workload
        return {
            "PROXY_CONFIG": json.dumps(self._settings()),
            "ISTIOD_SAN": self.plane.host,
            "INSTANCE_IP": workload.ip,
            "POD_NAME": workload.name,
            "POD_NAMESPACE": workload.namespace,
            "SERVICE_ACCOUNT": workload.account,
            "TRUST_DOMAIN": self.plane.mesh.trust_domain,
            "OUTPUT_CERTS": str(self.directory / CERTIFICATES),
            "ISTIO_META_INTERCEPTION_MODE": "NONE",
            "ISTIO_METAJSON_LABELS": json.dumps(dict(workload.known_by)),
            "ISTIO_META_WORKLOAD_NAME": workload.caller,
            "ISTIO_META_CLUSTER_ID": CLUSTER_ID,
            "ENVOY_STATUS_PORT": str(workload.health.port),
            "ENVOY_PROMETHEUS_PORT": str(workload.envoy_metrics.port),
            **self.certificates.environment(),
            "METRICS_ADDRESS": str(workload.metrics),
            "ENVOY_METRICS": workload.admin.url(f"/stats/prometheus?filter={_SCRAPED}"),
        }

    def _settings(self) -> Mapping[str, object]:
        return {
            "discoveryAddress": str(ISTIOD),
            "binaryPath": str(self.plane.installed.envoy),
            "configPath": "./etc/istio/proxy",
            "proxyBootstrapTemplatePath": str(self.directory / "bootstrap.json"),
            "proxyAdminPort": self.workload.admin.port,
            "statusPort": self.workload.metrics.port,
            "concurrency": 1,
            "terminationDrainDuration": "1s",
            # Until then, what is connected already is judged by the old configuration.
            "drainDuration": "1s",
            "proxyStatsMatcher": {"inclusionRegexps": [".*"]},
        }
