"""Every alert of the catalogue, in the order in which documents list them."""

from __future__ import annotations

from gallery.alerts import (
    disks,
    door,
    endpoints,
    hosts,
    istiod,
    kernel,
    mesh,
    objectives,
    pipeline,
    resources,
    rollouts,
    traffic,
    units,
    watchers,
)
from gallery.alerts.model import Alert

ALERTS: tuple[Alert, ...] = (
    *endpoints.ALERTS,
    *rollouts.ALERTS,
    *door.ALERTS,
    *objectives.ALERTS,
    *hosts.ALERTS,
    *disks.ALERTS,
    *resources.ALERTS,
    *kernel.ALERTS,
    *units.ALERTS,
    *traffic.ALERTS,
    *mesh.ALERTS,
    *istiod.ALERTS,
    *pipeline.ALERTS,
    *watchers.ALERTS,
)
