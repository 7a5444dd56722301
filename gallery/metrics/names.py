"""The names of recorded series."""

from __future__ import annotations

# Recorded series. The expected ones say what the plan contains, so that what vanished is missed.
PROBE_EXPECTED = "gallery:probe_expected"
TARGETS_EXPECTED = "gallery:targets_expected"
HOSTS_EXPECTED = "gallery:hosts_expected"
COLLECTOR_EXPECTED = "gallery:collector_expected"
RECEIVE_RATE = "gallery:host_receive_bytes:rate5m"
TRANSMIT_RATE = "gallery:host_transmit_bytes:rate5m"
RECEIVE_USUAL = "gallery:host_receive_bytes:usual7d"
TRANSMIT_USUAL = "gallery:host_transmit_bytes:usual7d"

# What rules and panels read of the mesh: of each request how long it took, and that it was there.
# Everything else stays at the scrape.
MESH_METRICS = ("istio_request_duration_milliseconds_bucket", "istio_requests_total")
