"""The names of recorded series."""

from __future__ import annotations

# Recorded series. The expected ones say what the plan contains, so that what vanished is missed.
PROBE_EXPECTED = "gallery:probe_expected"
TARGETS_EXPECTED = "gallery:targets_expected"
HOSTS_EXPECTED = "gallery:hosts_expected"
COLLECTOR_EXPECTED = "gallery:collector_expected"
CALLS_ALLOWED = "gallery:calls_allowed"
RECEIVE_RATE = "gallery:host_receive_bytes:rate5m"
TRANSMIT_RATE = "gallery:host_transmit_bytes:rate5m"
RECEIVE_USUAL = "gallery:host_receive_bytes:usual7d"
TRANSMIT_USUAL = "gallery:host_transmit_bytes:usual7d"
# What is asked of each service with an objective, and how much of it fails, a second; and the same
# counted by five minutes.
OBJECTIVE_REQUESTS = "gallery:objective_requests:rate"
OBJECTIVE_FAILURES = "gallery:objective_failures:rate"
OBJECTIVE_REQUESTS_COUNTED = "gallery:objective_requests:count5m"
OBJECTIVE_FAILURES_COUNTED = "gallery:objective_failures:count5m"
# By its window how many times as fast as it may a budget goes, and how many requests failed, where
# they are enough to be spoken of.
OBJECTIVE_BURN = {
    window: f"gallery:objective_burn:{window}"
    for window in ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
}
OBJECTIVE_FAILED = {
    window: f"gallery:objective_failed:{window}" for window in ("1h", "6h", "1d", "3d")
}
# What was promised: the share that may fail, and the floors.
OBJECTIVE_BUDGET = "gallery:objective_budget"
# Over how many seconds a budget is counted, and the share that may fail by an agreement.
OBJECTIVE_WINDOW = "gallery:objective_window_seconds"
OBJECTIVE_AGREED = "gallery:objective_agreed"
OBJECTIVE_LEAST_FAILURES = "gallery:objective_least_failures"
OBJECTIVE_LEAST_REQUESTS = "gallery:objective_least_requests"
# Whom a service cannot do without, itself among them, and how many of those do not answer.
OBJECTIVE_NEEDS = "gallery:objective_needs"
OBJECTIVE_UNANSWERED = "gallery:objective_unanswered"
# Of the whole window: how much of it was seen, how much of the budget is spent, and how many more
# requests may fail.
OBJECTIVE_SEEN = "gallery:objective_seen:window"
OBJECTIVE_SPENT = "gallery:objective_spent:window"
OBJECTIVE_LEFT = "gallery:objective_failures_left:window"

# What rules and panels read of a proxy. Of each request how long it took, and that it was there:
MESH_METRICS = ("istio_request_duration_milliseconds_bucket", "istio_requests_total")
# for how long, in seconds, its certificate is good; and the connections that no listener takes,
# as one in plain text where mutual TLS is demanded.
CERTIFICATE_LEFT = "istio_agent_cert_expiry_seconds"
UNMATCHED = "envoy_listener_no_filter_chain_match"
# Everything else stays at the scrape.
PROXY_METRICS = (*MESH_METRICS, CERTIFICATE_LEFT, UNMATCHED)

# The same of the control plane (Istio, `pilot/pkg/xds/monitoring.go`, `pkg/xds/monitoring.go`). A
# counter of what fails is not there before the first failure.
CONVERGENCE = "pilot_proxy_convergence_time_bucket"
CONNECTED = "pilot_xds"
PUSHES = "pilot_xds_pushes"
PUSH_TIMEOUTS = "pilot_xds_write_timeout"
PUSH_ERRORS = "pilot_total_xds_internal_errors"
REJECTS = "pilot_total_xds_rejects"
ISTIOD_METRICS = (CONNECTED, CONVERGENCE, PUSHES, PUSH_ERRORS, PUSH_TIMEOUTS, REJECTS)
