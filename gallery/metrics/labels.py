"""The labels that series, rules and targets share, and the jobs that collect them."""

from __future__ import annotations

from gallery.store import companions

ENVIRONMENT = "environment"
CLUSTER = "cluster"
SERVICE = "service"
HOST = "host"
HOST_GROUP = "host_group"
INSTANCE = "instance"
OWNER = "owner"
SEVERITY = "severity"
# The name of what was promised, and what it cannot be kept without.
OBJECTIVE = "objective"
NEEDS = "needs"

# On every series wherever it comes from.
STACK = (ENVIRONMENT, CLUSTER)
COMMON = (ENVIRONMENT, CLUSTER, SERVICE)
OBJECTIVE_COMMON = (ENVIRONMENT, CLUSTER, SERVICE, OBJECTIVE)
HOST_COMMON = (ENVIRONMENT, CLUSTER, SERVICE, HOST, HOST_GROUP)

# Scrape jobs.
PROBE = "probe"
CANARY = "canary"
DOOR = "door"
DOOR_CERTIFICATE = "door-certificate"
GRAFANA = "grafana"
NODE = "node"
MESH = "mesh"
# The mesh's control plane itself; `mesh` is its proxies.
ISTIOD = "istiod"
COLLECTOR = "collector"
# Pods that are not ready, each while it is not; whether it answers says nothing.
UNREADY = "unready"
# Every job that sees whether something answers. The one of the certificate sees a handshake alone.
PROBE_JOBS = (PROBE, CANARY, DOOR, GRAFANA)

# The `service` of what is not one of the store's services.
COLLECTOR_SERVICE = companions.COLLECTOR.name
DOOR_SERVICE = "door"
GRAFANA_SERVICE = "grafana"
ISTIOD_SERVICE = "istiod"

# The workload that probes; its traffic is no customer's.
PROBER_WORKLOAD = companions.PROBER.name

# Tags of a host, read by the collector's EC2 discovery. Prometheus turns every other
# character of a tag's name into an underscore.
TAG_ENVIRONMENT = "gallery_environment"
TAG_CLUSTER = "gallery_cluster"
TAG_SERVICE = "gallery_service"
TAG_HOST = "gallery_host"
TAG_HOST_GROUP = "gallery_host_group"
