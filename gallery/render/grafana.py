"""Rules, contact points, policies and data sources as Grafana's provider takes them.

The rule's three nodes are those of Grafana's own importer of Prometheus rules
(grafana/grafana `pkg/services/ngalert/prom/{convert,query}.go`): the query as it stands, a
mathematical test that a sample is there at all, and a threshold on that. So an expression means
in Grafana what it means in Prometheus: a series that comes back is an alert.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from gallery.contact_points.model import Engine, Means
from gallery.dashboards.names import DATA_SOURCE_UID
from gallery.plan.alerts import PlannedAlert
from gallery.plan.model import Plan
from gallery.plan.routing import Matcher, Route
from gallery.render.rules import by_subject

QUERY = "query"
MATH = "prometheus_math"
THRESHOLD = "threshold"
EXPRESSION = "__expr__"
_LOOK_BACK_SECONDS = 600


def _node(ref: str, datasource: str, model: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "ref_id": ref,
        "datasource_uid": datasource,
        "relative_time_range": {"from_": _LOOK_BACK_SECONDS, "to": 0},
        "model": json.dumps({"refId": ref, **model}, sort_keys=True),
    }


def _nameless(expr: str) -> str:
    """The same series without their metric's name.

    Prometheus takes it from an alert, Grafana would keep it: an outage seen first by one metric
    and then by another would be two alerts, the first one falsely resolved.
    """
    return f"max without () ({expr})"


def _nodes(expr: str) -> list[dict[str, Any]]:
    expression = {"type": EXPRESSION, "uid": EXPRESSION}
    return [
        _node(
            QUERY,
            DATA_SOURCE_UID,
            {"expr": _nameless(expr), "instant": True, "range": False},
        ),
        _node(
            MATH,
            EXPRESSION,
            {
                "datasource": expression,
                "type": "math",
                "expression": f"is_number(${QUERY}) || is_nan(${QUERY}) || is_inf(${QUERY})",
            },
        ),
        _node(
            THRESHOLD,
            EXPRESSION,
            {
                "datasource": expression,
                "type": "threshold",
                "expression": MATH,
                "conditions": [{"evaluator": {"type": "gt", "params": [0]}}],
            },
        ),
    ]


def _annotation(text: str) -> str:
    """Grafana calls the value of a query by the query's name; Prometheus has only one."""
    return text.replace("$value", f"$values.{QUERY}.Value")


def rule(planned: PlannedAlert) -> dict[str, Any]:
    """One rule of `alerting.RuleGroup`."""
    annotations = {key: _annotation(text) for key, text in planned.annotations.items()}
    panel = planned.alert.panel
    if panel is not None:
        # Grafana refuses one of the two without the other.
        annotations["__dashboardUid__"] = panel.dashboard
        annotations["__panelId__"] = str(panel.id)
    document: dict[str, Any] = {
        "name": planned.name,
        "uid": planned.uid,
        "condition": THRESHOLD,
        "datas": _nodes(planned.expr),
        "for_": str(planned.hold),
        "no_data_state": "OK",
        "exec_err_state": str(planned.alert.error_state),
        # An alert resolves at the first evaluation without its series, as in Prometheus.
        "missing_series_evals_to_resolve": 1,
        "labels": planned.labels,
        "annotations": annotations,
    }
    if planned.alert.keep_firing.milliseconds:
        document["keep_firing_for"] = str(planned.alert.keep_firing)
    return document


def rule_groups(plan: Plan) -> dict[str, list[dict[str, Any]]]:
    """The rules that Grafana evaluates, by the name of their group."""
    groups = by_subject(plan.evaluated_by(Engine.GRAFANA))
    return {name: [rule(planned) for planned in members] for name, members in groups.items()}


def contact_points(
    plan: Plan,
    secrets: Mapping[str, Any],
    topics: Mapping[str, Any],
) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Each distinct set of receivers as one Grafana contact point: name, then field, entries.

    `secrets` are credentials by secret name, `topics` ARNs by contact point.
    """
    tree = plan.grafana_routes
    if tree is None:
        return {}
    points = plan.every_contact_point
    resolves = {route.receiver: route.resolves for route in tree.every}
    documents = dict[str, dict[str, list[dict[str, Any]]]]()
    for receiver, names in tree.receivers.items():
        fields = documents.setdefault(receiver, {})
        for name in names:
            point = points[name]
            integration = point.kind.written_for(Engine.GRAFANA)
            means = Means(secret=secrets.get(point.secret or ""), topic=topics.get(name))
            entry = integration.entry(point, means)
            quiet = {"disable_resolve_message": not resolves[receiver]}
            fields.setdefault(integration.field, []).append(quiet | entry)
    return documents


def _matcher(matcher: Matcher) -> dict[str, str]:
    return {
        "label": matcher.label,
        "match": "=~" if matcher.regex else "=",
        "value": matcher.value,
    }


def _policy(route: Route, names: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "contact_point": names[route.receiver],
        "group_bies": list(route.group_by),
        "group_wait": str(route.group_wait),
        "group_interval": str(route.group_interval),
        "repeat_interval": str(route.repeat),
    }


def policies(plan: Plan, names: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of `alerting.NotificationPolicy`.

    `names` maps a receiver to the contact point's name as its resource gives it, so that the
    tree is changed before a contact point it still names is deleted.
    """
    tree = plan.grafana_routes
    if tree is None:
        raise ValueError("this stack's engine has no notification policies")
    return {
        **_policy(tree.default, names),
        "policies": [
            {
                **_policy(route, names),
                "matchers": [_matcher(matcher) for matcher in route.matchers],
            }
            for route in tree.routes
        ],
    }


def datasource_settings(plan: Plan) -> str:
    """The JSON settings of the AMP data source, signed with the workspace's own role."""
    return json.dumps(
        {
            "httpMethod": "POST",
            # Where AMP evaluates, Grafana's alert lists show AMP's rules.
            "manageAlerts": plan.engine is Engine.ALERTMANAGER,
            "prometheusType": "Prometheus",
            "sigV4Auth": True,
            "sigV4AuthType": "ec2_iam_role",
            "sigV4Region": plan.region,
            "timeInterval": str(plan.timings.scrape),
        },
        sort_keys=True,
    )
