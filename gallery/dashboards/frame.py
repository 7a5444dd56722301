"""What every dashboard of the product has around its panels."""

from __future__ import annotations

from collections.abc import Iterable

from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models import dashboard as model

from gallery.alerts.panels import API_HEALTH, HOSTS, MESH, OBJECTIVES, SHIFT, Panel
from gallery.dashboards.grid import Band, Heading, placed
from gallery.dashboards.palette import BAD
from gallery.dashboards.panels import DATA_SOURCE, Query
from gallery.dashboards.sources import Source
from gallery.plan.model import Plan

TAG = "gallery"
_REFRESH = "10s"
_ALL = model.VariableOption(selected=True, text=["All"], value=["$__all"])
# The schema of Grafana 12.0, which every later one reads.
_SCHEMA = 41


def framed(
    plan: Plan,
    *,
    uid: str,
    title: str,
    description: str,
    shown: str,
    parts: Iterable[Band | Heading],
    variables: Iterable[model.VariableModel],
    annotations: Iterable[model.AnnotationQuery],
    refresh: str = _REFRESH,
) -> model.Dashboard:
    """A dashboard that looks back as far as `shown`, as `1h`, and is asked anew every `refresh`."""
    panels = list(placed(parts))
    for panel in panels:
        if isinstance(panel, model.Panel):
            panel.links = [*(panel.links or []), *_runbooks(plan, Panel(uid, panel.title or ""))]
    return model.Dashboard(
        uid=uid,
        title=title,
        description=description,
        tags=[TAG, plan.environment, plan.cluster_name],
        timezone="browser",
        editable=False,
        graph_tooltip=model.DashboardCursorSync.CROSSHAIR,
        time=model.DashboardDashboardTime(from_val=f"now-{shown}", to="now"),
        timepicker=model.TimePickerConfig(refresh_intervals=["5s", "10s", "30s", "1m", "5m"]),
        refresh=refresh,
        schema_version=_SCHEMA,
        panels=panels,
        templating=model.DashboardDashboardTemplating(list_val=list(variables)),
        annotations=model.AnnotationContainer(list_val=[_rule_states(), *annotations]),
        links=_elsewhere(plan, uid),
    )


def link(title: str, url: str, *, tooltip: str = "", within: bool = False) -> model.DashboardLink:
    """A link, in a new tab unless it leads to another dashboard; that keeps the time range."""
    return model.DashboardLink(
        title=title,
        url=url,
        tooltip=tooltip,
        icon="dashboard" if within else "doc",
        target_blank=not within,
        keep_time=within,
    )


def choice(name: str, label: str, description: str, values: Iterable[str]) -> model.VariableModel:
    """A variable over values the plan knows; at first all are chosen."""
    options = [model.VariableOption(selected=False, text=value, value=value) for value in values]
    every = model.VariableOption(selected=True, text="All", value="$__all")
    return model.VariableModel(
        type_val=model.VariableType.CUSTOM,
        name=name,
        label=label,
        description=description,
        query=",".join(str(option.value) for option in options),
        current=_ALL,
        multi=True,
        include_all=True,
        allow_custom_value=False,
        options=[every, *options],
    )


def found(
    of: str, label: str, description: str, selector: str, chosen: str | None
) -> model.VariableModel:
    """A variable over the values that the label `of` has; at first `chosen`, or all."""
    first = [chosen] if chosen else None
    return model.VariableModel(
        type_val=model.VariableType.QUERY,
        name=of,
        label=label,
        description=description,
        datasource=DATA_SOURCE,
        query={"query": f"label_values({selector},{of})", "refId": of, "qryType": 1},
        definition=f"label_values({selector},{of})",
        current=model.VariableOption(selected=True, text=first, value=first) if first else _ALL,
        multi=True,
        include_all=True,
        allow_custom_value=False,
        options=[],
        refresh=model.VariableRefresh.ON_TIME_RANGE_CHANGED,
        sort=model.VariableSort.NATURAL_ASC,
    )


def outages(source: Source, name: str, query: Query) -> model.AnnotationQuery:
    """Marks on every graph while the query is above nought."""
    return model.AnnotationQuery(
        name=name,
        datasource=DATA_SOURCE,
        enable=True,
        hide=False,
        icon_color=BAD,
        expr=query.expr,
        step=source.step,
        title_format=query.legend,
    )


def _rule_states() -> model.AnnotationQuery:
    """Grafana's own marks where a rule of a panel began to fire or ceased to."""
    return model.AnnotationQuery(
        name="Annotations & Alerts",
        built_in=1,
        datasource=common.DataSourceRef(type_val="grafana", uid="-- Grafana --"),
        enable=True,
        hide=True,
        icon_color="rgba(0, 211, 255, 1)",
        type_val="dashboard",
    )


def _elsewhere(plan: Plan, uid: str) -> list[model.DashboardLink]:
    boards = {
        API_HEALTH: "API health",
        **({OBJECTIVES: "Objectives"} if plan.objectives else {}),
        **({HOSTS: "Hosts"} if plan.hosts else {}),
        **({MESH: "Mesh"} if plan.mesh else {}),
        SHIFT: "Start of a shift",
    }
    return [
        *(
            link(title, f"/d/{other}", within=True)
            for other, title in boards.items()
            if other != uid
        ),
        link("Runbooks", plan.runbooks, tooltip="What to do about each alert"),
        link("Alert rules", "/alerting/list", tooltip="Every rule and its state"),
    ]


def _runbooks(plan: Plan, panel: Panel) -> list[model.DashboardLink]:
    """The runbooks of the alerts whose state this panel shows."""
    urls = {
        planned.name: planned.annotations["runbook_url"]
        for planned in plan.alerts
        if planned.alert.panel == panel
    }
    return [link(f"Runbook: {name}", url) for name, url in urls.items()]
