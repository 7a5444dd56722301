"""What a stack says about itself in its outputs."""

from __future__ import annotations

from typing import Any

from gallery.plan.model import Plan


def reports(plan: Plan) -> dict[str, Any]:
    """Every output that the plan alone decides, by name."""
    return {
        "environment": plan.environment,
        "cluster": plan.cluster_name,
        "contact_points": contact_points(plan),
        "times_to_page": times_to_page(plan),
        "objectives": objectives(plan),
    }


def objectives(plan: Plan) -> list[dict[str, Any]]:
    """What is promised, the share that must be good and over how long; and of which requests.

    Of an objective without requests probes are counted.
    """
    return [
        {
            "objective": one.name,
            "service": one.service,
            "promise": one.promise,
            "counts": one.indicator.good,
            "target": one.target,
            "window_seconds": one.window.seconds,
            "owner": one.owner,
            "agreement": {"target": one.agreement.target, "owed": one.agreement.owed}
            if one.agreement
            else None,
            "requests": [
                {
                    "service": each.service,
                    "reporter": str(each.reporter),
                    "caller": each.caller,
                }
                for each in one.indicator.requests
            ],
        }
        for one in plan.objectives
    ]


def times_to_page(plan: Plan) -> list[dict[str, Any]]:
    """The worst time to page and to resolve, seconds, for each rule and scenario."""
    rules = {planned.uid: planned for planned in plan.alerts}
    return [
        {
            "alert": rules[bound.alert].name,
            "rule": bound.alert,
            "scenario": str(bound.scenario),
            "assumptions": bound.assumptions,
            "hold_seconds": rules[bound.alert].hold.seconds,
            "page_seconds": bound.page.seconds,
            "resolve_seconds": bound.resolve.seconds,
        }
        for bound in plan.bounds
    ]


def contact_points(plan: Plan) -> dict[str, dict[str, list[dict[str, str | bool]]]]:
    """The members of every receiver, in the order of its integrations, for each engine.

    `wakes` is whether a contact point wakes a person.
    """
    trees = {"alertmanager": plan.amp_routes}
    if plan.grafana_routes:
        trees["grafana"] = plan.grafana_routes
    return {
        engine: {
            receiver: [
                {
                    "contact_point": name,
                    "kind": plan.every_contact_point[name].kind.name,
                    "wakes": plan.every_contact_point[name].wakes,
                }
                for name in names
            ]
            for receiver, names in tree.receivers.items()
        }
        for engine, tree in trees.items()
    }
