"""Changes of a rule after which it says the same, so that no case can notice them; and why."""

from __future__ import annotations

from dataclasses import dataclass

from gallery.alerts.disks import HOST_DISK_FILLING, HOST_DISK_UNREADABLE, HOST_INODES_LOW
from gallery.alerts.door import SHOP_DOOR_DEGRADED, SHOP_DOOR_DOWN
from gallery.alerts.endpoints import ENDPOINT_DEGRADED, ENDPOINT_DOWN, ENDPOINT_PROBE_MISSING
from gallery.alerts.hosts import HOST_MISSING
from gallery.alerts.kernel import HOST_REBOOTED
from gallery.alerts.mesh import MESH_CALLS_REFUSED
from gallery.alerts.model import Alert
from gallery.alerts.pipeline import TARGETS_LOST
from gallery.alerts.units import HOST_UNIT_RESTARTING
from gallery.alerts.watchers import GRAFANA_UNREACHABLE


@dataclass(frozen=True)
class Alike:
    """Of an alert's expression the changes that are called so, where they are made in this."""

    alert: Alert
    change: str
    within: str
    why: str

    def __str__(self) -> str:
        return f"{self.alert.name}-{self.change.strip(' (')}-{self.within.strip()}"

    def is_it(self, alert: Alert, name: str) -> bool:
        """Whether it speaks of an alert's change of this name."""
        return alert is self.alert and name.startswith(self.change) and self.within in name


_ONE = "There is one of it in a stack."
_SAME = "Both sides are the same targets, with the same labels."
_EITHER = "A division keeps what both sides have: one of them is enough."
_NAME = "It takes the name away: an answer and a scrape that failed exclude each other."
_SHUT = "A frontend that answered no later than a door which is shut fails itself."
_LABELS = "It drops labels: of each there is one value."
_BRINGS = "It brings a label, which cases that fire have, and its left side has one of each."
_TOLD = "It changes what the page says, and not when it comes."

ALIKE = (
    Alike(ENDPOINT_DOWN, "without on (", " unless on ", _SAME),
    Alike(ENDPOINT_DOWN, "max as min", 'job="canary"', _ONE),
    Alike(ENDPOINT_DEGRADED, "without on (", " unless on ", _SAME),
    Alike(ENDPOINT_DEGRADED, "min as max in min by", 'job="canary"', _ONE),
    Alike(ENDPOINT_DEGRADED, "min as max in min without ()", "or up", _NAME),
    Alike(ENDPOINT_PROBE_MISSING, "max as min", "gallery:collector_expected", _ONE),
    Alike(
        SHOP_DOOR_DOWN, "without on (environment, cluster) in ( last_over_time(", " and on ", _SAME
    ),
    Alike(SHOP_DOOR_DOWN, 'without service="frontend" in probe_success', "[5m]", _SHUT),
    Alike(SHOP_DOOR_DOWN, 'without service="frontend" in up', "", _SHUT),
    Alike(SHOP_DOOR_DOWN, "max as min", 'job="door"', _ONE),
    Alike(SHOP_DOOR_DEGRADED, "without on (", " unless on ", _SAME),
    Alike(SHOP_DOOR_DEGRADED, "on the place", " unless on ", _ONE),
    Alike(SHOP_DOOR_DEGRADED, "min as max in min without ()", "or up", _NAME),
    Alike(HOST_DISK_FILLING, "without fstype", "", _EITHER),
    Alike(HOST_DISK_FILLING, "max as min", "device, mountpoint", _LABELS),
    Alike(HOST_MISSING, "max as min", "gallery:hosts_expected", _ONE),
    Alike(HOST_INODES_LOW, "without fstype", "", _EITHER),
    Alike(HOST_DISK_UNREADABLE, "without fstype", "", _EITHER),
    Alike(HOST_REBOOTED, "max as min", "last_over_time", _TOLD),
    Alike(HOST_REBOOTED, "last_over_time as count_over_time", "", _TOLD),
    Alike(HOST_UNIT_RESTARTING, "max as min", "increase", _TOLD),
    Alike(MESH_CALLS_REFUSED, "without group_left", "", _BRINGS),
    Alike(MESH_CALLS_REFUSED, "max as min", "gallery:calls_allowed", _ONE),
    Alike(TARGETS_LOST, "max as min", "gallery:targets_expected", _ONE),
    Alike(GRAFANA_UNREACHABLE, "without on (", " unless on ", _SAME),
    Alike(GRAFANA_UNREACHABLE, "on the place", " unless on ", _ONE),
)
