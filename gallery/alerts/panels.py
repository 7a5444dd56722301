"""The panels of dashboards that alerts lead to, each in one place for both.

Grafana draws the state of a rule on the panel that the rule's annotations name. Uids and titles
are constants, never built by `apply`.
"""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

# Dashboard uids.
API_HEALTH = "gallery-api-health"
HOSTS = "gallery-hosts"
SHIFT = "gallery-shift"
OBJECTIVES = "gallery-objectives"
MESH = "gallery-mesh"
# An id is a positive 32-bit integer.
_IDS = 2**31 - 1


@dataclass(frozen=True)
class Panel:
    """A panel by the uid of its dashboard and its title there."""

    dashboard: str
    title: str

    @property
    def id(self) -> int:
        """The id by which a rule or a link names the panel."""
        return panel_id(self.title)


def panel_id(title: str) -> int:
    """The id of the panel with this title.

    It depends on nothing else, so that a link to a panel outlives the panels added before it.
    """
    return crc32(title.encode()) % _IDS + 1


ENDPOINTS_OVER_TIME = Panel(API_HEALTH, "Every endpoint over time")
AVAILABILITY = Panel(API_HEALTH, "Share of probes that were answered")
WAIT_P95 = Panel(API_HEALTH, "Wait of the slowest in twenty requests (p95)")
DOOR_OVER_TIME = Panel(API_HEALTH, "The public address over time")
CERTIFICATE = Panel(API_HEALTH, "The public address's certificate")
SAMPLE_AGE = Panel(API_HEALTH, "Age of the newest sample")
RECORDING_AGE = Panel(API_HEALTH, "Age of the newest recording")
PROBER = Panel(API_HEALTH, "The prober and Grafana")
TARGETS = Panel(API_HEALTH, "What cannot be scraped")
UNREADY = Panel(API_HEALTH, "Pods that are not ready")
REMOTE_WRITE = Panel(API_HEALTH, "How far writing lags behind")
BURN = Panel(OBJECTIVES, "How fast budgets go over 1h")
CONTROL_PLANE = Panel(MESH, "The control plane over time")
PUSHES = Panel(MESH, "Pushes that failed")
REJECTIONS = Panel(MESH, "Configuration that proxies rejected")
CERTIFICATES_LEFT = Panel(MESH, "Hours until a proxy's certificate expires")
REFUSED = Panel(MESH, "Calls of the store that were refused")
PLAIN_TEXT = Panel(MESH, "Attempts in plain text")
HOSTS_OVER_TIME = Panel(HOSTS, "Every host over time")
HOSTS_MISSING = Panel(HOSTS, "Hosts missing from the plan")
TRAFFIC_IN = Panel(HOSTS, "Traffic in, against what is usual")
CPU_USED = Panel(HOSTS, "Processor time in use")
MEMORY_LEFT = Panel(HOSTS, "Memory left")
DISK_LEFT = Panel(HOSTS, "Disk left")
INODES_LEFT = Panel(HOSTS, "Inodes left")
DISKS_AT_FAULT = Panel(HOSTS, "Disks that cannot be written or measured")
CLOCK_ERROR = Panel(HOSTS, "By how much a clock may be wrong")
OOM_KILLS = Panel(HOSTS, "Processes killed for want of memory")
RUNNING_FOR = Panel(HOSTS, "Since the last start")
TABLES_USED = Panel(HOSTS, "Connections and open files")
UNITS_AT_FAULT = Panel(HOSTS, "Units that fail or restart")
COLLECTORS = Panel(HOSTS, "What is measured")
