"""Whether the collector finds every pod through the API, with no right but its own account's.

Prometheus' own discovery is asked, by promtool, with the rendered jobs and their relabelling.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from gallery.metrics import labels
from gallery.store.services import APP
from rehearsal.cluster.api import Api
from rehearsal.machine.addresses import KUBE_API
from rehearsal.stand_in.documents import Document, read_yaml, write_yaml

# Discovery is watched for so long; its first answer is the whole one.
_WATCHED = "4s"
_PATIENCE_SECONDS = 60.0
_TOKEN_SECONDS = 3600


@dataclass(frozen=True, kw_only=True)
class Discovery:
    """The collector's, with files in `directory`."""

    api: Api
    promtool: Path
    directory: Path

    def complaints(self, rendered: Path, collector: Document) -> list[str]:
        """What a collector, by its StatefulSet, does not find: of its namespace, and of istiod.

        What the API forbids it is one too, where there is nothing to be found.
        """
        namespace = str(collector["metadata"]["namespace"])
        account = str(collector["spec"]["template"]["spec"]["serviceAccountName"])
        config: Document = read_yaml(rendered)
        jobs = [job for job in config["scrape_configs"] if "kubernetes_sd_configs" in job]
        file = self._configured(jobs, namespace, account)
        found, said = set[str](), list[str]()
        for asked in [self._asked(file, job["job_name"]) for job in jobs]:
            output, errors = asked.communicate(timeout=_PATIENCE_SECONDS)
            if asked.returncode:
                return [f"promtool does not read the collector's configuration: {errors.strip()}"]
            found.update(_instances(output))
            said += [line for line in errors.splitlines() if "forbidden" in line][-1:]
        # Without a mesh it asks no pod but its own: the others have no proxy, and no metrics.
        meshed = any(job["job_name"] == labels.MESH for job in jobs)
        pods = [self._pods(namespace) if meshed else self._pods(namespace, account=account)]
        elsewhere = {name for job in jobs for name in _named(job)}
        pods += [self._pods(name, app=labels.ISTIOD_SERVICE) for name in elsewhere]
        missed = sorted(set[str]().union(*pods) - found)
        if missed:
            said.insert(0, f"the collector's account finds no pod {', '.join(missed)}")
        return said

    def _configured(self, jobs: list[Document], namespace: str, account: str) -> Path:
        """The jobs as promtool reads them: outside the pod whose files they would find."""
        token = self.directory / "collector.token"
        token.touch(mode=0o600)
        token.write_text(self._token(namespace, account))
        here: Document = {
            "api_server": f"https://{KUBE_API}",
            "authorization": {"credentials_file": str(token)},
            "tls_config": {"ca_file": str(self.api.certificate)},
            "namespaces": {"names": [namespace]},
        }
        jobs = [
            {
                **job,
                "kubernetes_sd_configs": [
                    each | here | ({"namespaces": each["namespaces"]} if _named(job) else {})
                    for each in job["kubernetes_sd_configs"]
                ],
            }
            for job in jobs
        ]
        file = self.directory / "discovery.yml"
        write_yaml(file, {"scrape_configs": jobs})
        return file

    def _token(self, namespace: str, account: str) -> str:
        answer = self.api.post(
            f"/api/v1/namespaces/{quote(namespace)}/serviceaccounts/{quote(account)}/token",
            {
                "apiVersion": "authentication.k8s.io/v1",
                "kind": "TokenRequest",
                "spec": {"expirationSeconds": _TOKEN_SECONDS},
            },
        )
        return str(answer["status"]["token"])

    def _asked(self, file: Path, job: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [self.promtool, "check", "service-discovery", f"--timeout={_WATCHED}", file, job],
            env={"PATH": "", "HOME": str(self.directory)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def _pods(self, namespace: str, *, account: str = "", app: str = "") -> set[str]:
        """The pods of a namespace, or those of them that run as this account, or are this."""
        pods = self.api.items(f"/api/v1/namespaces/{quote(namespace)}/pods")
        return {
            str(pod["metadata"]["name"])
            for pod in pods
            if account in ("", pod["spec"]["serviceAccountName"])
            and app in ("", pod["metadata"].get("labels", {}).get(APP))
        }


def _named(job: Document) -> set[str]:
    """The namespaces that a job names, beside the collector's own."""
    return {
        str(name)
        for each in job["kubernetes_sd_configs"]
        for name in each["namespaces"].get("names", ())
    }


def _instances(output: str) -> Iterator[str]:
    """What relabelling leaves, by the label that names a pod; nothing where it drops a target."""
    targets: list[dict[str, Any]] = json.loads(output or "null") or []
    for target in targets:
        kept: dict[str, str] = target.get("labels") or {}
        if "instance" in kept:
            yield kept["instance"]
