"""At which ports of others the collector asks."""

from __future__ import annotations

NODE_EXPORTER_PORT = 9100
# Istio's agent serves the proxy's metrics here, past mutual TLS.
MESH_METRICS_PORT = 15020
# And istiod its own.
ISTIOD_METRICS_PORT = 15014
ISTIOD_WEBHOOK_PORT = 15017
# On which a proxy takes what comes in, whatever port it was meant for.
INBOUND_PORT = 15006
