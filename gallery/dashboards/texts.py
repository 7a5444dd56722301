"""Panels without a query: prose, and Grafana's own list of alerts."""

from __future__ import annotations

from collections.abc import Iterable

from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models import text

from gallery.contact_points.model import Engine
from gallery.dashboards.names import DATA_SOURCE_NAME, FOLDER_TITLE, FOLDER_UID
from gallery.metrics import labels, promql
from gallery.plan.model import Plan
from gallery.store.roles import Severity

# Grafana's name for the source of its own alerts.
_GRAFANA = "-- Grafana --"
_BY_IMPORTANCE = 3
_MANY = 50


def prose(title: str, description: str, content: str) -> model.Panel:
    """A panel of Markdown."""
    return model.Panel(
        type_val="text",
        title=title,
        description=description,
        options=text.Options(mode=text.TextMode.MARKDOWN, content=content),
    )


def markdown_table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table in Markdown."""
    lines = (head, tuple("---" for _ in head), *rows)
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(content: str) -> str:
    return content.replace("|", "\\|").replace("\n", " ")


def alert_list(plan: Plan, title: str, *matchers: str) -> model.Panel:
    """What this stack's rules say now, the most important first; heartbeats are left out.

    Where no alert is shown, Grafana itself says that none matches. The SDK has no model of
    this panel's options (Grafana, `public/app/plugins/panel/alertlist/types.ts`).
    """
    chosen = (
        promql.equals(labels.ENVIRONMENT, plan.environment),
        promql.equals(labels.CLUSTER, plan.cluster_name),
        f"{labels.SEVERITY}!={promql.quoted(Severity.INFO)}",
        *matchers,
    )
    by_grafana = plan.engine is Engine.GRAFANA
    # Only Grafana's own rules lie in a folder.
    folder = {"folder": {"uid": FOLDER_UID, "title": FOLDER_TITLE}} if by_grafana else {}
    shown = ("firing", "pending", "recovering", "error", "noData")
    return model.Panel(
        type_val="alertlist",
        title=title,
        description=(
            "What is firing, and what is about to. Nothing here means that no alert is firing; "
            "open one for its text, its runbook and who was notified."
        ),
        options={
            "alertInstanceLabelFilter": f"{{{','.join(chosen)}}}",
            "alertName": "",
            "dashboardAlerts": False,
            "datasource": _GRAFANA if by_grafana else DATA_SOURCE_NAME,
            "groupBy": [],
            "groupMode": "default",
            "maxItems": _MANY,
            "showInactiveAlerts": False,
            "showInstances": True,
            "sortOrder": _BY_IMPORTANCE,
            "stateFilter": {**dict.fromkeys(shown, True), "normal": False},
            "viewMode": "list",
            **folder,
        },
    )
