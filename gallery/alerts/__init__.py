"""Every alert of the catalogue, in the order in which documents list them."""

from __future__ import annotations

from gallery.alerts.disks import HOST_DISK_FILLING
from gallery.alerts.door import SHOP_DOOR_CERTIFICATE_EXPIRING, SHOP_DOOR_DOWN
from gallery.alerts.endpoints import ENDPOINT_DOWN, ENDPOINT_PROBE_MISSING
from gallery.alerts.hosts import HOST_CPU_SATURATED, HOST_DOWN, HOST_MEMORY_LOW, HOST_MISSING
from gallery.alerts.model import Alert
from gallery.alerts.pipeline import (
    COLLECTOR_BLIND,
    COLLECTOR_DOWN,
    REMOTE_WRITE_BEHIND,
    TARGETS_LOST,
)
from gallery.alerts.quality import ENDPOINT_DEGRADED, ENDPOINT_SLOW
from gallery.alerts.traffic import HOST_TRAFFIC_HIGH, HOST_TRAFFIC_LOW
from gallery.alerts.watchers import (
    DATASOURCE_CANARY,
    GRAFANA_HEARTBEAT,
    GRAFANA_UNREACHABLE,
    HOST_TRAFFIC_UNRECORDED,
    RECORDING_RULES_STALE,
    WATCHDOG,
)

ALERTS: tuple[Alert, ...] = (
    ENDPOINT_DOWN,
    ENDPOINT_DEGRADED,
    ENDPOINT_SLOW,
    ENDPOINT_PROBE_MISSING,
    SHOP_DOOR_DOWN,
    SHOP_DOOR_CERTIFICATE_EXPIRING,
    HOST_DOWN,
    HOST_MISSING,
    HOST_DISK_FILLING,
    HOST_MEMORY_LOW,
    HOST_CPU_SATURATED,
    HOST_TRAFFIC_HIGH,
    HOST_TRAFFIC_LOW,
    COLLECTOR_DOWN,
    COLLECTOR_BLIND,
    TARGETS_LOST,
    REMOTE_WRITE_BEHIND,
    RECORDING_RULES_STALE,
    HOST_TRAFFIC_UNRECORDED,
    GRAFANA_UNREACHABLE,
    DATASOURCE_CANARY,
    WATCHDOG,
    GRAFANA_HEARTBEAT,
)
