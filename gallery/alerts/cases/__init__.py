"""What proves the alerts: each one's cases, beside its definition and under the same name."""

from __future__ import annotations

from collections.abc import Iterable

from gallery.alerts.cases import (
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
from gallery.alerts.cases.model import Case, Cases
from gallery.alerts.model import Alert, Scope

CASES: Cases = {
    **endpoints.CASES,
    **rollouts.CASES,
    **door.CASES,
    **objectives.CASES,
    **hosts.CASES,
    **disks.CASES,
    **resources.CASES,
    **kernel.CASES,
    **units.CASES,
    **traffic.CASES,
    **mesh.CASES,
    **istiod.CASES,
    **pipeline.CASES,
    **watchers.CASES,
}


class UnprovenError(TypeError):
    """An alert has no cases, so nobody may be promised that it works."""


def proven(alerts: Iterable[Alert], cases: Cases = CASES) -> tuple[Alert, ...]:
    """The alerts. Raises UnprovenError where one of them has no cases."""
    known = tuple(alerts)
    owed = [alert.name for alert in known if alert not in cases]
    if owed:
        raise UnprovenError(
            f"no cases of {', '.join(owed)}: an alert's file in gallery/alerts has one of the same "
            "name in gallery/alerts/cases, whose CASES must name every alert"
        )
    return known


def cases_of(alert: Alert, scope: Scope) -> tuple[Case, ...]:
    """The cases of an alert as this stack has it. Raises UnprovenError."""
    proven((alert,))
    return CASES[alert](scope)
