"""The panels that alerts belong to, and the id by which a rule or a link names a panel.

Grafana draws the state of a rule on the panel that the rule's annotations name.
"""

from __future__ import annotations

from collections.abc import Mapping
from zlib import crc32

from gallery.alerts.disks import HOST_DISK_FILLING
from gallery.alerts.door import SHOP_DOOR_CERTIFICATE_EXPIRING, SHOP_DOOR_DOWN
from gallery.alerts.endpoints import ENDPOINT_DOWN, ENDPOINT_PROBE_MISSING
from gallery.alerts.hosts import HOST_CPU_SATURATED, HOST_DOWN, HOST_MEMORY_LOW, HOST_MISSING
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
    HOST_TRAFFIC_UNRECORDED,
    RECORDING_RULES_STALE,
)

ENDPOINTS_OVER_TIME = "Every endpoint over time"
AVAILABILITY = "Share of probes that were answered"
WAIT_P95 = "Wait of the slowest in twenty requests (p95)"
DOOR_OVER_TIME = "The door over time"
CERTIFICATE = "The door's certificate"
SAMPLE_AGE = "Age of the newest sample"
RECORDING_AGE = "Age of the newest recording"
PROBER = "The prober and Grafana"
TARGETS = "What cannot be scraped"
REMOTE_WRITE = "How far writing lags behind"
HOSTS_OVER_TIME = "Every host over time"
HOSTS_MISSING = "Hosts missing from the plan"
TRAFFIC_IN = "Traffic in, against what is usual"
CPU_USED = "Processor time in use"
MEMORY_LEFT = "Memory left"
DISK_LEFT = "Disk left"

# By the name of an alert, the title of its panel.
HOMES: Mapping[str, str] = {
    ENDPOINT_DOWN.name: ENDPOINTS_OVER_TIME,
    ENDPOINT_PROBE_MISSING.name: ENDPOINTS_OVER_TIME,
    ENDPOINT_DEGRADED.name: AVAILABILITY,
    ENDPOINT_SLOW.name: WAIT_P95,
    SHOP_DOOR_DOWN.name: DOOR_OVER_TIME,
    SHOP_DOOR_CERTIFICATE_EXPIRING.name: CERTIFICATE,
    COLLECTOR_DOWN.name: SAMPLE_AGE,
    DATASOURCE_CANARY.name: SAMPLE_AGE,
    RECORDING_RULES_STALE.name: RECORDING_AGE,
    HOST_TRAFFIC_UNRECORDED.name: RECORDING_AGE,
    COLLECTOR_BLIND.name: PROBER,
    TARGETS_LOST.name: TARGETS,
    REMOTE_WRITE_BEHIND.name: REMOTE_WRITE,
    HOST_DOWN.name: HOSTS_OVER_TIME,
    HOST_MISSING.name: HOSTS_MISSING,
    HOST_DISK_FILLING.name: DISK_LEFT,
    HOST_MEMORY_LOW.name: MEMORY_LEFT,
    HOST_CPU_SATURATED.name: CPU_USED,
    HOST_TRAFFIC_HIGH.name: TRAFFIC_IN,
    HOST_TRAFFIC_LOW.name: TRAFFIC_IN,
}

# An id is a positive 32-bit integer.
_IDS = 2**31 - 1


def panel_id(title: str) -> int:
    """The id of the panel with this title.

    It depends on nothing else, so that a link to a panel outlives the panels added before it.
    """
    return crc32(title.encode()) % _IDS + 1


def panel_of(alert: str) -> int | None:
    """The id of the panel on which an alert's state is drawn; None for one that has no panel."""
    title = HOMES.get(alert)
    return panel_id(title) if title else None
