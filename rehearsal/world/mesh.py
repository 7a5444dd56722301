"""The metrics that Istio's proxies would expose for the traffic that flows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from gallery.metrics.edges import EDGES
from gallery.metrics.names import CERTIFICATE_LEFT, UNMATCHED
from gallery.metrics.ports import INBOUND_PORT
from rehearsal.world.faults import Fault
from rehearsal.world.topology import Workload
from rehearsal.world.traffic import Flow, flows

BOUNDS_MILLISECONDS = (*EDGES, math.inf)
_BYTES_PER_CALL = 400.0
# Seconds: a workload's certificate is good for a day, and is replaced after half of it.
_LIFE, _ROTATED = 86_400.0, 43_200.0

Labels = tuple[tuple[str, str], ...]


@dataclass
class Series:
    """What one proxy has counted for one set of labels."""

    requests: float = 0.0
    milliseconds: float = 0.0
    buckets: list[float] = field(default_factory=lambda: [0.0] * len(BOUNDS_MILLISECONDS))

    def add(self, requests: float, mean: float, at_least: float) -> None:
        """Count requests whose durations scatter around `mean` milliseconds, none below another."""
        self.requests += requests
        self.milliseconds += requests * mean
        scatter = mean - at_least
        for position, bound in enumerate(BOUNDS_MILLISECONDS):
            above = max(bound - at_least, 0.0) / scatter
            self.buckets[position] += requests * (1.0 - math.exp(-(above**2)))


@dataclass
class Mesh:
    """The proxies' counters. They advance by arithmetic: rate times the time that passed."""

    namespace: str
    workloads: Mapping[str, Workload]
    now: float
    _began: float = field(init=False)
    _flows: list[Flow] = field(default_factory=list[Flow], init=False)
    _series: dict[str, dict[tuple[str, Labels], Series]] = field(init=False)

    def __post_init__(self) -> None:
        self._began = self.now
        self._series = {name: {} for name in self.workloads}
        self._flows = flows(self.workloads, {})

    def advance(self, now: float) -> None:
        """Count what flowed since the last call; `now` in seconds."""
        passed, self.now = now - self.now, now
        for flow in self._flows:
            counted = self._series[flow.proxy]
            key = (flow.callee.protocol, labels_of(flow, self.namespace))
            counted.setdefault(key, Series()).add(
                flow.rate * passed, flow.milliseconds, flow.at_least
            )

    def change(self, faults: Mapping[str, Fault], now: float) -> None:
        """From `now` on these faults last."""
        self.advance(now)
        self._flows = flows(self.workloads, faults)

    def exposition(self, workload: str, now: float) -> str:
        """What a simulated proxy answers to a scrape, in Prometheus's text format."""
        self.advance(now)
        counted = self._series[workload]
        requests = {labels: s for (protocol, labels), s in counted.items() if protocol != "tcp"}
        connections = {labels: s for (protocol, labels), s in counted.items() if protocol == "tcp"}
        lines = [*_requests(requests), *_connections(connections), *_of_itself(now - self._began)]
        return "\n".join(lines) + "\n"


def labels_of(flow: Flow, namespace: str) -> Labels:
    """The labels that a proxy of this namespace gives what it counts of a flow."""
    caller, callee, outcome = flow.caller.name, flow.callee.name, flow.outcome
    encrypted = "mutual_tls" if flow.reporter == "destination" else "unknown"
    known = {
        "reporter": flow.reporter,
        "source_workload": caller,
        "source_workload_namespace": namespace,
        "source_canonical_service": caller,
        "source_principal": f"spiffe://cluster.local/ns/{namespace}/sa/{caller}",
        "destination_workload": callee,
        "destination_workload_namespace": namespace,
        "destination_canonical_service": callee,
        "destination_principal": f"spiffe://cluster.local/ns/{namespace}/sa/{callee}",
        "destination_service": f"{callee}.{namespace}.svc.cluster.local",
        "destination_service_name": callee,
        "destination_service_namespace": namespace,
        "request_protocol": flow.callee.protocol,
        "response_flags": outcome.response_flags,
        "connection_security_policy": encrypted,
    }
    if flow.callee.protocol != "tcp":
        known["response_code"] = outcome.response_code
        known["grpc_response_status"] = outcome.grpc_status
    return tuple(sorted(known.items()))


def _requests(counted: Mapping[Labels, Series]) -> Iterator[str]:
    yield "# TYPE istio_requests_total counter"
    for labels, series in counted.items():
        yield _sample("istio_requests_total", labels, series.requests)
    name = "istio_request_duration_milliseconds"
    yield f"# TYPE {name} histogram"
    for labels, series in counted.items():
        for bound, count in zip(BOUNDS_MILLISECONDS, series.buckets, strict=True):
            upper = "+Inf" if math.isinf(bound) else f"{bound:g}"
            yield _sample(f"{name}_bucket", (*labels, ("le", upper)), count)
        yield _sample(f"{name}_sum", labels, series.milliseconds)
        yield _sample(f"{name}_count", labels, series.requests)


def _connections(counted: Mapping[Labels, Series]) -> Iterator[str]:
    per_connection = {
        "istio_tcp_connections_opened_total": 1.0,
        "istio_tcp_connections_closed_total": 1.0,
        "istio_tcp_sent_bytes_total": _BYTES_PER_CALL,
        "istio_tcp_received_bytes_total": _BYTES_PER_CALL,
    }
    for name, factor in per_connection.items():
        yield f"# TYPE {name} counter"
        for labels, series in counted.items():
            yield _sample(name, labels, series.requests * factor)


def _of_itself(age: float) -> Iterator[str]:
    """What a proxy of this age, in seconds, says of its certificate and of its listener."""
    yield f"# TYPE {CERTIFICATE_LEFT} gauge"
    yield _sample(CERTIFICATE_LEFT, (("resource_name", "default"),), _LIFE - age % _ROTATED)
    yield f"# TYPE {UNMATCHED} counter"
    yield _sample(UNMATCHED, (("listener_address", f"0.0.0.0_{INBOUND_PORT}"),), 0)


def _sample(name: str, labels: Labels, value: float) -> str:
    # Whole events only; rounding down keeps every counter and every bucket monotone.
    inside = ",".join(f'{key}="{text}"' for key, text in labels)
    return f"{name}{{{inside}}} {math.floor(value)}"
