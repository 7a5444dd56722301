"""At which ports of others the collector asks."""

from __future__ import annotations

NODE_EXPORTER_PORT = 9100
# Istio's agent serves the proxy's metrics here, past mutual TLS.
MESH_METRICS_PORT = 15020
