"""Alerts that do not keep a promise yet. Whoever mends one takes it out: a listed one must fail."""

from __future__ import annotations

from gallery.alerts.model import Alert
from gallery.alerts.traffic import HOST_TRAFFIC_HIGH, HOST_TRAFFIC_LOW

# A gap delays, ends or repeats them.
NOT_BRIDGED: frozenset[Alert] = frozenset()
# What comes and goes is told more than once in ten minutes.
NOT_ONCE: frozenset[Alert] = frozenset(
    {
        HOST_TRAFFIC_HIGH,
        HOST_TRAFFIC_LOW,
    }
)
