"""The dashboard of the store's services."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Dashboard

from gallery import labels, promql
from gallery.dashboards.grid import Band, placed
from gallery.dashboards.panels import Query, state_tiles, state_timeline
from gallery.names import API_HEALTH
from gallery.plan import Plan


def api_health(plan: Plan) -> Dashboard:
    """Whether the shop works, what is broken, and what that means to customers."""
    place = (
        promql.equals(labels.ENVIRONMENT, plan.environment),
        promql.equals(labels.CLUSTER, plan.cluster_name),
    )
    probes = promql.selector("probe_success", (*place, promql.equals("job", labels.PROBE)))
    state = Query(expr=f"min by (service) ({probes})", legend="{{service}}")
    return Dashboard(
        uid=API_HEALTH,
        title="Gallery: API health",
        tags=["gallery", plan.environment],
        refresh="10s",
        panels=placed(
            (
                Band(
                    height=5,
                    panels=((24, state_tiles("Every endpoint now", "By its probe.", state)),),
                ),
                Band(
                    height=9,
                    panels=(
                        (24, state_timeline("Every endpoint over time", "By its probe.", state)),
                    ),
                ),
            )
        ),
    )
