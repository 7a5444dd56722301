"""The dashboards of a stack, as data."""

from __future__ import annotations

from typing import Any, cast

from gallery.dashboards.api_health import api_health
from gallery.dashboards.documents import plain, queries
from gallery.dashboards.hosts import hosts
from gallery.dashboards.mesh import mesh
from gallery.dashboards.objectives import objectives
from gallery.dashboards.shift import shift
from gallery.plan.model import Plan

__all__ = ["dashboards", "queries"]


def dashboards(plan: Plan) -> dict[str, dict[str, Any]]:
    """Every dashboard of the stack by its uid, as Grafana's JSON model.

    A stack without hosts has no dashboard of hosts, and one without a mesh none of the mesh and
    of objectives.
    """
    built = [
        api_health(plan),
        *([objectives(plan)] if plan.objectives else []),
        *([hosts(plan)] if plan.hosts else []),
        *([mesh(plan)] if plan.mesh else []),
        shift(plan),
    ]
    documents = (cast("dict[str, Any]", plain(dashboard)) for dashboard in built)
    return {document["uid"]: document for document in documents}
