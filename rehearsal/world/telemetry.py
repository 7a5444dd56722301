"""What a real proxy counts of requests, in the words of Istio's own telemetry.

Istio's build of Envoy has a filter for that (`istio.stats`), and upstream's has not: its access log
counts requests here, under the tags that stand below. What is missing in them follows from whose
proxy it is: the other end of a request is the certificate that it showed, or the cluster that it
was sent to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

# By its own name in Envoy, each tag of a request and how its access log writes it.
PEER, OWN, CLUSTER, CONTENT_TYPE = "peer", "own", "cluster", "content_type"
TAGS: Mapping[str, str] = {
    PEER: "%DOWNSTREAM_PEER_URI_SAN%",
    OWN: "%UPSTREAM_LOCAL_URI_SAN%",
    CLUSTER: "%UPSTREAM_CLUSTER_RAW%",
    CONTENT_TYPE: "%REQ(CONTENT-TYPE)%",
    "response_code": "%RESPONSE_CODE%",
    "response_flags": "%RESPONSE_FLAGS%",
    "grpc_response_status": "%GRPC_STATUS_NUMBER%",
}
REPORTER = "reporter"
SOURCE, DESTINATION = "source", "destination"
PREFIX, COUNTER, HISTOGRAM = "istio", "requests_total", "request_duration_milliseconds"

_OURS = re.compile(rf"envoy_({PREFIX}_(?:{COUNTER}|{HISTOGRAM}(?:_bucket|_sum|_count)))\{{(.*)\}} ")
_TYPE = re.compile(rf"# TYPE envoy_({PREFIX}_(?:{COUNTER}|{HISTOGRAM}) )")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_PRINCIPAL = re.compile(r"spiffe://[^/]+/ns/([^/]+)/sa/(.+)")
_UNKNOWN = "unknown"


def as_istio(told: str, workload: str, namespace: str) -> str:
    """What a workload's proxy answered to a scrape, its requests as Istio's telemetry has them."""
    return "".join(f"{line}\n" for line in _lines(told, workload, namespace))


def _lines(told: str, workload: str, namespace: str) -> Iterator[str]:
    for line in told.splitlines():
        if (kind := _TYPE.match(line)) is not None:
            yield f"# TYPE {kind[1]}{line[kind.end() :]}"
        elif (counted := _OURS.match(line)) is not None:
            tags = dict(_LABEL.findall(counted[2]))
            labels = _labels(tags, workload, namespace)
            inside = ",".join(f'{name}="{value}"' for name, value in labels.items())
            yield f"{counted[1]}{{{inside}}} {line[counted.end() :]}"
        else:
            yield line


def _labels(tags: Mapping[str, str], workload: str, namespace: str) -> dict[str, str]:
    ours = {PEER, OWN, CLUSTER, CONTENT_TYPE}
    known = {name: value for name, value in tags.items() if name not in ours}
    inward = tags[REPORTER] == DESTINATION
    source, where, principal = (
        _peer(tags[PEER]) if inward else (workload, namespace, tags[OWN] or _UNKNOWN)
    )
    callee, home = (workload, namespace) if inward else _callee(tags[CLUSTER])
    encrypted = "mutual_tls" if tags[PEER] else "none"
    return {
        **known,
        "source_workload": source,
        "source_workload_namespace": where,
        "source_canonical_service": source,
        "source_principal": principal,
        "destination_workload": callee,
        "destination_workload_namespace": home,
        "destination_canonical_service": callee,
        "destination_service": f"{callee}.{home}.svc.cluster.local",
        "destination_service_name": callee,
        "destination_service_namespace": home,
        "request_protocol": "grpc" if tags[CONTENT_TYPE].startswith("application/grpc") else "http",
        "connection_security_policy": encrypted if inward else _UNKNOWN,
    }


def _peer(uri: str) -> tuple[str, str, str]:
    """A caller's workload, its namespace and its principal, from its certificate."""
    found = _PRINCIPAL.fullmatch(uri)
    return (found[2], found[1], uri) if found else (_UNKNOWN, _UNKNOWN, _UNKNOWN)


def _callee(cluster: str) -> tuple[str, str]:
    """A callee and its namespace, from `outbound|7070||name.namespace.svc.cluster.local`."""
    name, _, rest = cluster.rpartition("|")[2].partition(".")
    home = rest.partition(".")[0]
    return (name, home) if home else (_UNKNOWN, _UNKNOWN)
