"""Every alert of the catalogue."""

from __future__ import annotations

from gallery.alerts.endpoints import ENDPOINT_DOWN
from gallery.alerts.model import Alert

ALERTS: tuple[Alert, ...] = (ENDPOINT_DOWN,)
