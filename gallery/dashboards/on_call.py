"""Who is told of what, how soon at the latest, and where it is written what to do."""

from __future__ import annotations

from gallery.alerts.model import Delivery
from gallery.dashboards.grid import Band, side_by_side
from gallery.dashboards.texts import markdown_table, prose
from gallery.plan.alerts import PlannedAlert
from gallery.plan.model import Plan
from gallery.plan.times import MANAGED

# What a title and the table's head take, in units of height; a line takes one.
_FRAME = 3
_HEAD = ("Alert", "Says", "Severity", "Who", "By", "Within", "Runbook")


def on_call(plan: Plan, dashboard: str) -> Band:
    """Every alert that points at this dashboard and whom it calls, as high as its table."""
    rows = [
        _row(plan, planned, owner)
        for planned in plan.alerts
        for owner in planned.owners
        if planned.alert.panel is not None
        and planned.alert.panel.dashboard == dashboard
        and planned.alert.delivery is Delivery.OWNER
    ]
    panel = prose(
        "Alerts and whom they call",
        "From the stack's own plan. Times are the worst case from the fault to the delivered "
        "message, on assumptions about the managed services.",
        markdown_table(_HEAD, rows) if rows else "No alert points here.",
    )
    return side_by_side(_FRAME + len(rows), panel)


def _row(plan: Plan, planned: PlannedAlert, owner: str) -> tuple[str, ...]:
    titles = {role.name: role.title for role in plan.catalogue.roles}
    told = plan.deliver({"alertname": planned.name, **planned.labels_for(owner)})
    groups = [group for group in planned.scope.host_groups if planned.owner_of(group) == owner]
    names = ", ".join(groups or planned.owners_of_others.get(owner, ()))
    return (
        f"{planned.name} ({names})" if names else planned.name,
        planned.alert.summary,
        str(planned.severity),
        titles.get(owner, owner),
        ", ".join(sorted(told)),
        _within(plan, planned),
        f"[{planned.name}]({planned.annotations['runbook_url']})",
    )


def _within(plan: Plan, planned: PlannedAlert) -> str:
    bounds = [
        bound.page
        for bound in plan.bounds
        if bound.alert == planned.uid and bound.assumptions == MANAGED.name
    ]
    return str(max(bounds)) if bounds else "-"
