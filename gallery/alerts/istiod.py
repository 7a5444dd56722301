"""Alerts on the mesh's control plane: whether it is there, pushes, and is taken at its word.

Its names of metrics: Istio, `pilot/pkg/xds/monitoring.go` and `pkg/xds/monitoring.go`.
"""

from __future__ import annotations

from gallery.alerts import panels
from gallery.alerts.bridges import APART, mostly
from gallery.alerts.guards import collector_alive
from gallery.alerts.model import Alert, Scope, Subject, at_once, leaves_discovery, next_scrape
from gallery.metrics import labels, promql
from gallery.metrics.durations import MINUTE, Duration
from gallery.metrics.names import (
    COLLECTOR_EXPECTED,
    PUSH_ERRORS,
    PUSH_TIMEOUTS,
    PUSHES,
    REJECTS,
)
from gallery.metrics.timings import FailureMode, Timings
from gallery.store.roles import INFRASTRUCTURE, Severity

# Of `pilot_xds_pushes`, what could not be sent.
UNSENT = 'type=~".+_senderr"'
# A rate of what fails now and then.
ERRORS_WINDOW = MINUTE * 5
# A proxy rejects when it is pushed to, and not again before the next push.
REJECTED_WINDOW = MINUTE * 30
_BY_TYPE = promql.by((*labels.COMMON, "type"))


def _down(scope: Scope) -> str:
    """No replica can be scraped, whether some are found or none is."""
    planned = promql.labelled(
        scope.series(COLLECTOR_EXPECTED), {labels.SERVICE: labels.ISTIOD_SERVICE}
    )
    answers = f"max {promql.BY_STACK} ({scope.job('up', labels.ISTIOD)}) == 1"
    silent = f"{planned} unless {promql.ON_STACK} ({answers})"
    return f"({mostly(scope, silent)}) and {promql.ON_STACK} ({collector_alive(scope)})"


MESH_CONTROL_PLANE_DOWN = Alert(
    name="MeshControlPlaneDown",
    subject=Subject.MESH,
    expr=_down,
    # A replica that is alone may be replaced.
    hold=MINUTE * 5,
    severity=Severity.TICKET,
    owner=INFRASTRUCTURE.name,
    summary="The mesh's control plane does not answer.",
    what="No replica of istiod answers the collector: proxies go on with what they have, and get "
    "neither changes nor new certificates.",
    impact="Nothing yet: running pods go on. New pods do not become ready, and once the first "
    "certificate is over, half a day later at the earliest, calls fail.",
    panel=panels.CONTROL_PLANE,
    onset={FailureMode.REFUSED: next_scrape, FailureMode.GONE: leaves_discovery},
    clearing=next_scrape,
    keep_firing=APART,
    recorded=True,
    meshed=True,
)


def _failing(scope: Scope) -> str:
    """What could not be sent, or was not taken in time, or failed in istiod itself."""

    def errors(metric: str, *matchers: str) -> str:
        of = (promql.equals("job", labels.ISTIOD), *matchers)
        counted = scope.series(metric, *of, window=str(ERRORS_WINDOW))
        return f"sum {promql.BY_SERVICE} (rate({counted})) > 0"

    each = (errors(PUSHES, UNSENT), errors(PUSH_TIMEOUTS), errors(PUSH_ERRORS))
    return " or ".join(each)


def _errors_window(_: Timings) -> Duration:
    """The rate outlasts the last error by its window."""
    return ERRORS_WINDOW


MESH_PUSHES_FAILING = Alert(
    name="MeshPushesFailing",
    subject=Subject.MESH,
    expr=_failing,
    # Longer than the window: one error is none, those that go on are.
    hold=MINUTE * 10,
    severity=Severity.TICKET,
    owner=INFRASTRUCTURE.name,
    summary="The mesh's control plane cannot hand out its configuration.",
    what="istiod fails to push configuration to proxies, and goes on failing: what changes in the "
    "cluster does not arrive.",
    impact="Nothing yet: proxies go on with what they have. Calls to pods that have moved fail.",
    panel=panels.PUSHES,
    onset={FailureMode.CHANGED: next_scrape},
    clearing=_errors_window,
    keep_firing=APART,
    meshed=True,
)


def _rejected(scope: Scope) -> str:
    """By how much the counter grew, which is not there before the first rejection."""

    def counted(ago: str = "") -> str:
        istiod = promql.equals("job", labels.ISTIOD)
        return scope.series(REJECTS, istiod, window=str(REJECTED_WINDOW), ago=ago)

    before = f"last_over_time({counted(str(REJECTED_WINDOW))})"
    first = f"last_over_time({counted()}) unless {before}"
    return f"sum {_BY_TYPE} (({first}) or increase({counted()})) > 0"


MESH_CONFIGURATION_REJECTED = Alert(
    name="MeshConfigurationRejected",
    subject=Subject.MESH,
    expr=_rejected,
    hold=Duration(0),
    severity=Severity.TICKET,
    owner=INFRASTRUCTURE.name,
    summary="Proxies reject what the mesh's control plane tells them.",
    what="Proxies rejected configuration of the type {{ $labels.type }}: they go on with what they "
    "had before.",
    impact="Nothing yet: proxies go on with what they had. A policy or a timeout that was changed "
    "is not in force.",
    panel=panels.REJECTIONS,
    onset={FailureMode.CHANGED: at_once},
    clearing=lambda _: REJECTED_WINDOW,
    keep_firing=APART,
    meshed=True,
)
ALERTS = (MESH_CONTROL_PLANE_DOWN, MESH_PUSHES_FAILING, MESH_CONFIGURATION_REJECTED)
