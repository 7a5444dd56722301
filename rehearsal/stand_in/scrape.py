"""The collector's configuration for the two local agents, and the prober's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from urllib.parse import SplitResult, urlsplit

from gallery.metrics import labels
from gallery.metrics.probes import Module
from offline.errors import UserError
from rehearsal.machine.addresses import (
    BLACKBOX,
    DOOR,
    EC2,
    GRAFANA_PAGE,
    REMOTE_WRITE,
    Address,
    local_port,
)
from rehearsal.stand_in import discovery
from rehearsal.stand_in.documents import Document
from rehearsal.stand_in.pods import Pod
from rehearsal.stand_in.substitutions import Substitutions

CERTIFICATE = "certificate.pem"
# Both halves of the key by which the local programs sign what nobody checks.
INVENTED_KEY = "rehearsal"
_REPLICA = "__replica__"
_AMP_WRITE = "/api/v1/remote_write"
_TLS_JOBS = {labels.DOOR: DOOR, labels.DOOR_CERTIFICATE: DOOR, labels.GRAFANA: GRAFANA_PAGE}


def agent_configs(
    rendered: Document,
    names: Mapping[str, Address],
    pods: Iterable[Pod],
    own_namespace: str,
    substitutions: Substitutions,
) -> tuple[tuple[Document, Document], dict[str, list[Document]]]:
    """The two agents' configurations, and the discovery files they read, by file name.

    Raises UserError for a target that is no Service of the stack.
    """
    pods = tuple(pods)
    config = deepcopy(rendered)
    config["global"]["external_labels"].pop(_REPLICA, None)
    files = dict[str, list[Document]]()
    for job in config["scrape_configs"]:
        _probe(job, names, substitutions)
        _discover_instances(job, substitutions)
        for file, found in _pod_discoveries(job):
            files[file] = discovery.targets(found, pods, own_namespace)
            job.setdefault("file_sd_configs", []).append({"files": [file]})
            _shift_ports(job)
            _note_pods(substitutions)
        job.pop("kubernetes_sd_configs", None)
    standby = deepcopy(config)
    del standby["remote_write"]
    for write in config["remote_write"]:
        _write_here(write)
    _note_writing(substitutions)
    return (config, standby), files


def discovered(
    rendered: Document, pods: Iterable[Pod], own_namespace: str
) -> dict[str, list[Document]]:
    """The discovery files of these pods by name, as the agents read them. Raises UserError."""
    pods = tuple(pods)
    return {
        file: discovery.targets(found, pods, own_namespace)
        for job in rendered["scrape_configs"]
        for file, found in _pod_discoveries(job)
    }


def _pod_discoveries(job: Document) -> Iterator[tuple[str, Document]]:
    """How a job discovers pods, each with the file that stands for it here."""
    for position, found in enumerate(job.get("kubernetes_sd_configs", ())):
        yield f"pods-{job['job_name']}-{position}.json", found


def prober_config(rendered: Document, door: str | None) -> Document:
    """The blackbox exporter's modules; those for TLS trust the rehearsal's certificate.

    `door` is the shop's public name, by which a handshake that has no request asks for it.
    """
    config = deepcopy(rendered)
    for module in config["modules"].values():
        asked: Document = module[module["prober"]]
        if module["prober"] == "http":
            asked["tls_config"] = {"ca_file": CERTIFICATE}
        elif asked.get("tls"):
            # Debian's exporter takes no name from the scrape for it.
            asked["tls_config"] = {"ca_file": CERTIFICATE, "server_name": door}
    return config


def expected_page(rendered: Document) -> str:
    """A page of the shop that the module of its public address takes for one."""
    asked: Document = rendered["modules"].get(Module.DOOR, {}).get("http", {})
    # An escaped text: what a backslash stands before is that character.
    texts = (
        re.sub(r"\\(.)", r"\1", each) for each in asked.get("fail_if_body_not_matches_regexp", ())
    )
    return " ".join(("ok", *texts))


def probed_hosts(rendered: Document) -> dict[str, str]:
    """The host names that are probed by TLS, by job."""
    return {
        str(job["job_name"]): _parts(str(target)).hostname or ""
        for job in rendered["scrape_configs"]
        if job["job_name"] in _TLS_JOBS
        for group in job["static_configs"]
        for target in group["targets"]
    }


def control_planes(rendered: Document) -> list[str]:
    """The namespaces in which the mesh's control plane is looked for."""
    return [
        str(namespace)
        for job in rendered["scrape_configs"]
        if job["job_name"] == labels.ISTIOD
        for found in job["kubernetes_sd_configs"]
        for namespace in found["namespaces"]["names"]
    ]


def scrape_seconds(rendered: Document) -> float:
    """The scrape interval, which is written in seconds or minutes."""
    text = rendered["global"]["scrape_interval"]
    match = re.fullmatch(r"(\d+)(s|m)", text)
    if match is None:
        raise UserError(f"the collector's scrape interval {text!r} is not in s or m")
    return float(match.group(1)) * (60 if match.group(2) == "m" else 1)


def _probe(job: Document, names: Mapping[str, Address], substitutions: Substitutions) -> None:
    """Let a probe job ask this machine; names of targets stay in its labels."""
    if job.get("metrics_path") != "/probe":
        return
    relabel: list[Document] = job.setdefault("relabel_configs", [])
    for target in [target for group in job["static_configs"] for target in group["targets"]]:
        here, host = _resolve(job["job_name"], target, names)
        matched = {"source_labels": ["__param_target"], "regex": re.escape(target)}
        if host is not None:
            # The server is asked for by its name, as TLS checks it.
            relabel.append({**matched, "target_label": "__param_hostname", "replacement": host})
        relabel.append({**matched, "target_label": "__param_target", "replacement": here})
        substitutions.add(target, here, "the cluster's and the world's names are not known here")
    relabel.append({"target_label": "__address__", "replacement": str(BLACKBOX)})


def _parts(target: str) -> SplitResult:
    """The parts of an address, or of a host and a port."""
    return urlsplit(target if "://" in target else f"//{target}")


def _resolve(job: str, target: str, names: Mapping[str, Address]) -> tuple[str, str | None]:
    """The target here, and the host name to ask for where TLS is spoken."""
    if job in _TLS_JOBS:
        parts = _parts(target)
        scheme = f"{parts.scheme}://" if parts.scheme else ""
        return f"{scheme}{_TLS_JOBS[job]}{parts.path}", parts.hostname
    scheme, _, rest = target.rpartition("://")
    place, slash, path = rest.partition("/")
    address = names.get(place)
    if address is None:
        raise UserError(
            f"the collector probes {place}, which is no Service of the stack; "
            f"there are: {', '.join(sorted(names))}"
        )
    return f"{scheme}://{address}{slash}{path}" if scheme else str(address), None


def _discover_instances(job: Document, substitutions: Substitutions) -> None:
    for found in job.get("ec2_sd_configs", ()):
        found.update(
            endpoint=EC2.url(),
            access_key=INVENTED_KEY,
            secret_key=INVENTED_KEY,
            port=local_port(found["port"]),
        )
        substitutions.add(
            "EC2's API",
            f"a moto server at {EC2}, asked by Prometheus's own EC2 discovery",
            "no cloud account; the keys in the configuration are invented",
        )


def _shift_ports(job: Document) -> None:
    """Ports of four or five digits become local ones, whatever the rendered rules made them."""
    job.setdefault("relabel_configs", []).append(
        {
            "source_labels": ["__address__"],
            "regex": r"(127\.[0-9.]+):\d?(\d{4})",
            "target_label": "__address__",
            "replacement": "$1:2$2",
        }
    )


def _write_here(write: Document) -> None:
    if not write["url"].endswith(_AMP_WRITE):
        raise UserError(
            f"the collector writes to {write['url']}; AMP takes samples at …{_AMP_WRITE} alone"
        )
    write["url"] = REMOTE_WRITE.url("/api/v1/write")
    write.pop("sigv4", None)


def _note_pods(substitutions: Substitutions) -> None:
    substitutions.add(
        "Kubernetes discovery",
        "files with the same __meta_kubernetes_* labels, one pod per workload",
        "there is no cluster; relabelling runs as deployed",
    )


def _note_writing(substitutions: Substitutions) -> None:
    substitutions.add(
        "the collector's two replicas, of which AMP takes one's samples",
        "two agents, of which the first writes; no __replica__",
        "a plain Prometheus does not take one of two",
    )
    substitutions.add(
        "signed writing to Amazon Managed Prometheus",
        f"unsigned writing through {REMOTE_WRITE}, a way that a drill can close",
        "there is no account to sign for",
    )
