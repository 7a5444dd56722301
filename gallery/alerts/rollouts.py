"""Alerts on pods that are there and not ready, as those of a rollout that does not come through."""

from __future__ import annotations

from gallery.alerts import panels
from gallery.alerts.bridges import APART, mostly
from gallery.alerts.model import Alert, Scope, Subject, leaves_discovery, next_scrape
from gallery.metrics import labels, promql
from gallery.metrics.durations import MINUTE
from gallery.metrics.timings import FailureMode
from gallery.store.roles import RELEASE_MANAGER, Severity


def _not_ready(scope: Scope) -> str:
    """A pod that is not ready is a target of a job of its own, whether its proxy answers or not.

    By service: a pod that is made anew again and again has another name each time. The hold is
    longer than a dead collector's last values are remembered.
    """
    found = f"max {promql.BY_SERVICE} ({scope.job('up', labels.UNREADY)})"
    return mostly(scope, f"{found} >= 0")


PODS_NOT_READY = Alert(
    name="PodsNotReady",
    subject=Subject.ENDPOINT,
    expr=_not_ready,
    # Pulumi waits as long for a rollout; images are pulled and a Java service starts well within.
    hold=MINUTE * 10,
    severity=Severity.TICKET,
    owner=RELEASE_MANAGER.name,
    summary="Pods of a service do not become ready.",
    what="{{ $labels.service }} has pods that are not ready, or one after the other: a rollout "
    "does not come through, or a pod fails again and again.",
    impact="Nothing while other pods serve. What was to go out is not there.",
    panel=panels.UNREADY,
    onset={FailureMode.CHANGED: next_scrape},
    clearing=leaves_discovery,
    keep_firing=APART,
)
ALERTS = (PODS_NOT_READY,)
