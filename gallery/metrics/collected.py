"""What the collectors produce: every metric that rules and panels may read, and its labels.

A contract: what is not named here is not read, and what is named here is held against the
exporters themselves and against the collector's configuration.
"""

from __future__ import annotations

from collections.abc import Mapping

from gallery.metrics import labels, names

Labels = frozenset[str]

# Under which labels the targets of each scrape job stand, external labels included.
_TARGET = frozenset({*labels.COMMON, "job", labels.INSTANCE})
_HOST = _TARGET | {labels.HOST, labels.HOST_GROUP}
TARGETS: Mapping[str, Labels] = {
    labels.PROBE: _TARGET,
    labels.CANARY: _TARGET,
    labels.DOOR: _TARGET,
    labels.DOOR_CERTIFICATE: _TARGET,
    labels.GRAFANA: _TARGET,
    labels.NODE: _HOST,
    labels.MESH: _TARGET,
    labels.ISTIOD: _TARGET,
    labels.COLLECTOR: _TARGET,
    labels.UNREADY: _TARGET,
}

# Answers by TLS.
_CERTIFIED = (labels.DOOR, labels.DOOR_CERTIFICATE, labels.GRAFANA)

# A request's labels, of those that the scrape keeps (Istio, "Standard metrics").
_REQUEST = frozenset(
    {
        "reporter",
        "source_workload",
        "source_workload_namespace",
        "source_canonical_service",
        "source_principal",
        "destination_workload",
        "destination_workload_namespace",
        "destination_canonical_service",
        "destination_service",
        "destination_service_name",
        "destination_service_namespace",
        "request_protocol",
        "response_code",
        "response_flags",
        "grpc_response_status",
        "connection_security_policy",
    }
)
_FILESYSTEM = frozenset({"device", "fstype", "mountpoint"})
_UNIT = frozenset({"name"})
_QUEUE = frozenset({"remote_name", "url"})


def _from(jobs: tuple[str, ...], *more: str) -> dict[str, Labels]:
    return {job: TARGETS[job] | set(more) for job in jobs}


_NODE = (labels.NODE,)
_MESH = (labels.MESH,)
_ISTIOD = (labels.ISTIOD,)
_COLLECTOR = (labels.COLLECTOR,)

# Metric, then scrape job, then labels.
COLLECTED: Mapping[str, Mapping[str, Labels]] = {
    "up": _from(tuple(TARGETS)),
    "scrape_duration_seconds": _from(tuple(TARGETS)),
    "probe_success": _from(labels.PROBE_JOBS),
    "probe_duration_seconds": _from(labels.PROBE_JOBS),
    "probe_http_status_code": _from(labels.PROBE_JOBS),
    "probe_ssl_earliest_cert_expiry": _from(_CERTIFIED),
    "istio_requests_total": _from(_MESH, *_REQUEST),
    "istio_request_duration_milliseconds_bucket": _from(_MESH, *_REQUEST, "le"),
    names.CERTIFICATE_LEFT: _from(_MESH, "resource_name"),
    names.UNMATCHED: _from(_MESH, "listener_address"),
    names.CONNECTED: _from(_ISTIOD, "version"),
    names.CONVERGENCE: _from(_ISTIOD, "le"),
    names.PUSHES: _from(_ISTIOD, "type"),
    names.PUSH_ERRORS: _from(_ISTIOD),
    names.PUSH_TIMEOUTS: _from(_ISTIOD),
    names.REJECTS: _from(_ISTIOD, "type"),
    "node_cpu_seconds_total": _from(_NODE, "cpu", "mode"),
    "node_load1": _from(_NODE),
    "node_memory_MemAvailable_bytes": _from(_NODE),
    "node_memory_MemTotal_bytes": _from(_NODE),
    "node_memory_Hugetlb_bytes": _from(_NODE),
    "node_filesystem_avail_bytes": _from(_NODE, *_FILESYSTEM),
    "node_filesystem_size_bytes": _from(_NODE, *_FILESYSTEM),
    "node_filesystem_files": _from(_NODE, *_FILESYSTEM),
    "node_filesystem_files_free": _from(_NODE, *_FILESYSTEM),
    "node_filesystem_readonly": _from(_NODE, *_FILESYSTEM),
    "node_filesystem_device_error": _from(_NODE, *_FILESYSTEM),
    "node_disk_read_bytes_total": _from(_NODE, "device"),
    "node_disk_written_bytes_total": _from(_NODE, "device"),
    "node_network_receive_bytes_total": _from(_NODE, "device"),
    "node_network_transmit_bytes_total": _from(_NODE, "device"),
    "node_network_receive_errs_total": _from(_NODE, "device"),
    "node_network_transmit_errs_total": _from(_NODE, "device"),
    "node_nf_conntrack_entries": _from(_NODE),
    "node_nf_conntrack_entries_limit": _from(_NODE),
    "node_filefd_allocated": _from(_NODE),
    "node_filefd_maximum": _from(_NODE),
    "node_timex_maxerror_seconds": _from(_NODE),
    "node_vmstat_oom_kill": _from(_NODE),
    "node_boot_time_seconds": _from(_NODE),
    "node_systemd_unit_state": _from(_NODE, *_UNIT, "state", "type"),
    "node_systemd_service_restart_total": _from(_NODE, *_UNIT),
    "node_scrape_collector_success": _from(_NODE, "collector"),
    "prometheus_remote_storage_queue_highest_sent_timestamp_seconds": _from(_COLLECTOR, *_QUEUE),
    "prometheus_remote_storage_samples_failed_total": _from(_COLLECTOR, *_QUEUE),
}

# The collector of node_exporter that brings what begins so.
NODE_COLLECTORS: Mapping[str, str] = {
    "node_boot_": "stat",
    "node_cpu_": "cpu",
    "node_disk_": "diskstats",
    "node_filefd_": "filefd",
    "node_filesystem_": "filesystem",
    "node_load": "loadavg",
    "node_memory_": "meminfo",
    "node_network_": "netdev",
    "node_nf_conntrack_": "conntrack",
    "node_systemd_": "systemd",
    "node_timex_": "timex",
    "node_vmstat_": "vmstat",
}
# Those that succeed on every host. Connections are tracked only where the kernel's module is
# loaded, and what is not tracked cannot fill.
MEASURED = tuple(sorted(set(NODE_COLLECTORS.values()) - {"conntrack"}))

_GROUP = frozenset({*labels.COMMON, labels.HOST_GROUP})
_AGGREGATED_HOST = frozenset(labels.HOST_COMMON)

# What AMP's ruler records; no job brings it.
RECORDED: Mapping[str, Labels] = {
    names.COLLECTOR_EXPECTED: frozenset(labels.COMMON),
    names.PROBE_EXPECTED: frozenset(labels.COMMON),
    names.TARGETS_EXPECTED: frozenset(labels.COMMON),
    names.HOSTS_EXPECTED: _GROUP,
    names.CALLS_ALLOWED: frozenset({*labels.COMMON, "source_principal", "caller"}),
    names.RECEIVE_RATE: _AGGREGATED_HOST,
    names.TRANSMIT_RATE: _AGGREGATED_HOST,
    names.RECEIVE_USUAL: _AGGREGATED_HOST,
    names.TRANSMIT_USUAL: _AGGREGATED_HOST,
    **dict.fromkeys(
        (
            names.OBJECTIVE_REQUESTS,
            names.OBJECTIVE_FAILURES,
            names.OBJECTIVE_REQUESTS_COUNTED,
            names.OBJECTIVE_FAILURES_COUNTED,
            *names.OBJECTIVE_BURN.values(),
            *names.OBJECTIVE_FAILED.values(),
            names.OBJECTIVE_BUDGET,
            names.OBJECTIVE_WINDOW,
            names.OBJECTIVE_AGREED,
            names.OBJECTIVE_LEAST_FAILURES,
            names.OBJECTIVE_LEAST_REQUESTS,
            names.OBJECTIVE_UNANSWERED,
            names.OBJECTIVE_SEEN,
            names.OBJECTIVE_SPENT,
            names.OBJECTIVE_LEFT,
        ),
        frozenset(labels.OBJECTIVE_COMMON),
    ),
    names.OBJECTIVE_NEEDS: frozenset({*labels.OBJECTIVE_COMMON, labels.NEEDS}),
}
