"""Images that are not the store's own, pinned."""

from __future__ import annotations

# The long-term support line: what runs for months without anybody looking.
PROMETHEUS = "quay.io/prometheus/prometheus:v3.13.2"
BLACKBOX_EXPORTER = "quay.io/prometheus/blackbox-exporter:v0.28.0"
BUSYBOX = "docker.io/library/busybox:1.37.0"
