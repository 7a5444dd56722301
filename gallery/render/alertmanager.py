"""Routes and receivers for AMP's Alertmanager.

AMP wraps the ordinary configuration into a document of its own and knows SNS and PagerDuty
alone (AMP user guide, "Create an alert manager configuration file").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gallery.contact_points.model import Engine, Means
from gallery.plan.model import Plan
from gallery.plan.routing import Matcher, Route, RoutingTree
from gallery.render.documents import yaml_text
from gallery.render.message import templates

TEMPLATE_FILE = "gallery.tmpl"


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """What the stack makes and the configuration must name, all by contact point.

    `topics` are ARNs of SNS topics, `secrets` ARNs of Secrets Manager secrets.
    """

    topics: Mapping[str, str]
    secrets: Mapping[str, str]
    grafana_url: str


def matcher_text(matcher: Matcher) -> str:
    """`owner="infrastructure"`, as Alertmanager writes a matcher."""
    return f'{matcher.label}{"=~" if matcher.regex else "="}"{matcher.value}"'


def _route(route: Route) -> dict[str, Any]:
    return {
        "receiver": route.receiver,
        "matchers": [matcher_text(matcher) for matcher in route.matchers],
        "group_by": list(route.group_by),
        "group_wait": str(route.group_wait),
        "group_interval": str(route.group_interval),
        "repeat_interval": str(route.repeat),
    }


def _root(tree: RoutingTree) -> dict[str, Any]:
    root = _route(tree.default)
    del root["matchers"]
    return root | {"routes": [_route(route) for route in tree.routes]}


def _receiver(
    names: tuple[str, ...], plan: Plan, addresses: Addresses, *, resolves: bool
) -> dict[str, Any]:
    receiver: dict[str, Any] = {"name": "+".join(names)}
    for name in names:
        point = plan.every_contact_point[name]
        integration = point.kind.written_for(Engine.ALERTMANAGER)
        means = Means(
            secret=addresses.secrets.get(name),
            topic=addresses.topics.get(name),
            region=plan.region,
        )
        entry = integration.entry(point, means) | {"send_resolved": resolves}
        receiver.setdefault(integration.field, []).append(entry)
    return receiver


def alertmanager_config(plan: Plan, addresses: Addresses) -> dict[str, Any]:
    """The ordinary Alertmanager configuration, as data."""
    tree = plan.amp_routes
    resolves = {route.receiver: route.resolves for route in tree.every}
    return {
        "route": _root(tree),
        "receivers": [
            _receiver(names, plan, addresses, resolves=resolves[name])
            for name, names in tree.receivers.items()
        ],
        "templates": [TEMPLATE_FILE],
    }


def definition(plan: Plan, addresses: Addresses) -> str:
    """The document of `aws.amp.AlertManagerDefinition`."""
    return yaml_text(
        {
            "alertmanager_config": yaml_text(alertmanager_config(plan, addresses)),
            "template_files": {TEMPLATE_FILE: templates(addresses.grafana_url)},
        }
    )
