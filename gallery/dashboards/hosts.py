"""The dashboard of the EC2 hosts."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Dashboard

from gallery import labels, promql
from gallery.dashboards.grid import Band, placed
from gallery.dashboards.panels import Query, state_tiles
from gallery.names import HOSTS
from gallery.plan import Plan


def hosts(plan: Plan) -> Dashboard:
    """Whether the hosts behave as they usually do."""
    place = (
        promql.equals(labels.ENVIRONMENT, plan.environment),
        promql.equals(labels.CLUSTER, plan.cluster_name),
    )
    up = promql.selector("up", (*place, promql.equals("job", labels.NODE)))
    return Dashboard(
        uid=HOSTS,
        title="Gallery: hosts",
        tags=["gallery", plan.environment],
        refresh="10s",
        panels=placed(
            (
                Band(
                    height=5,
                    panels=(
                        (
                            24,
                            state_tiles(
                                "Every host now",
                                "By the scrape of its node_exporter.",
                                Query(expr=f"min by (host) ({up})", legend="{{host}}"),
                            ),
                        ),
                    ),
                ),
            )
        ),
    )
