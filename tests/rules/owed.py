"""Alerts that do not keep a promise yet. Whoever mends one takes it out: a listed one must fail."""

from __future__ import annotations

from gallery.alerts.door import SHOP_DOOR_DOWN
from gallery.alerts.endpoints import ENDPOINT_DOWN, ENDPOINT_PROBE_MISSING, ENDPOINT_SLOW
from gallery.alerts.hosts import HOST_DOWN, HOST_MISSING
from gallery.alerts.model import Alert
from gallery.alerts.pipeline import (
    COLLECTOR_BLIND,
    COLLECTOR_DOWN,
    REMOTE_WRITE_BEHIND,
    TARGETS_LOST,
)
from gallery.alerts.traffic import HOST_TRAFFIC_HIGH, HOST_TRAFFIC_LOW
from gallery.alerts.watchers import (
    DATASOURCE_CANARY,
    GRAFANA_UNREACHABLE,
    HOST_TRAFFIC_UNRECORDED,
)

# A gap delays, ends or repeats them.
NOT_BRIDGED: frozenset[Alert] = frozenset(
    {
        ENDPOINT_DOWN,
        ENDPOINT_PROBE_MISSING,
        SHOP_DOOR_DOWN,
        HOST_DOWN,
        HOST_MISSING,
        COLLECTOR_DOWN,
        COLLECTOR_BLIND,
        TARGETS_LOST,
        REMOTE_WRITE_BEHIND,
        HOST_TRAFFIC_UNRECORDED,
        GRAFANA_UNREACHABLE,
    }
)
# What comes and goes is told more than once in ten minutes.
NOT_ONCE: frozenset[Alert] = frozenset(
    {
        ENDPOINT_DOWN,
        ENDPOINT_SLOW,
        ENDPOINT_PROBE_MISSING,
        SHOP_DOOR_DOWN,
        HOST_DOWN,
        HOST_MISSING,
        HOST_TRAFFIC_HIGH,
        HOST_TRAFFIC_LOW,
        COLLECTOR_DOWN,
        COLLECTOR_BLIND,
        TARGETS_LOST,
        REMOTE_WRITE_BEHIND,
        GRAFANA_UNREACHABLE,
        DATASOURCE_CANARY,
    }
)
