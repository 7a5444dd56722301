"""Whether somebody is told of every alert, by Grafana's policies and by AMP's Alertmanager."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from .model import LATER, Deployment, Resource, Rule, Violation
from .routes import Route, of_alertmanager, of_grafana

_GROUP = "grafana:alerting/ruleGroup:RuleGroup"
_POLICY = "grafana:alerting/notificationPolicy:NotificationPolicy"
_POINT = "grafana:alerting/contactPoint:ContactPoint"
_AMP_RULES = "aws:amp/ruleGroupNamespace:RuleGroupNamespace"
_AMP_ROUTES = "aws:amp/alertManagerDefinition:AlertManagerDefinition"


def _undelivered(deployment: Deployment) -> Iterator[Violation]:
    yield from _by_grafana(deployment)
    yield from _by_amp(deployment)


def _by_grafana(deployment: Deployment) -> Iterator[Violation]:
    points = {
        str(point.inputs.get("name"))
        for point in deployment.of(_POINT)
        if any(point.at(f"{kind}[]") for kind in point.inputs)
    }
    trees = [of_grafana(policy.inputs) for policy in deployment.of(_POLICY)]
    for group in deployment.of(_GROUP):
        for rule in group.at("rules[]"):
            name, labels = str(rule.get("name")), _labels(rule)
            if rule.get("isPaused"):
                yield Violation(resource=group, why=f"{name} is paused; remove isPaused")
            yield from _judged(group, name, labels, trees, points)


def _by_amp(deployment: Deployment) -> Iterator[Violation]:
    trees, receivers = list[Route](), set[str]()
    for definition in deployment.of(_AMP_ROUTES):
        text = definition.inputs.get("definition")
        # Addresses of topics are part of it: during a first preview nobody knows them.
        if text == LATER:
            return
        config = yaml.safe_load(yaml.safe_load(str(text))["alertmanager_config"])
        trees.append(of_alertmanager(config["route"]))
        receivers |= {one["name"] for one in config["receivers"] if len(one) > 1}
    for namespace in deployment.of(_AMP_RULES):
        for rule in _rules(namespace):
            if name := rule.get("alert"):
                yield from _judged(namespace, str(name), _labels(rule), trees, receivers)


def _rules(namespace: Resource) -> Iterator[Mapping[str, Any]]:
    text = namespace.inputs.get("data")
    if text != LATER:
        for group in yaml.safe_load(str(text))["groups"]:
            yield from group["rules"]


def _labels(rule: Mapping[str, Any]) -> Mapping[str, str]:
    found: Mapping[str, str] | None = rule.get("labels")
    return found or {}


def _judged(
    resource: Resource,
    name: str,
    labels: Mapping[str, str],
    trees: list[Route],
    known: set[str],
) -> Iterator[Violation]:
    known_labels = {**labels, "alertname": name}
    reached = sorted({each for tree in trees for each in tree.reached(known_labels)})
    if not reached:
        yield Violation(resource=resource, why=f"nothing routes {name}; declare the policies")
    for receiver in reached:
        if receiver not in known:
            yield Violation(
                resource=resource,
                why=f"{name} is routed to {receiver}, which tells nobody; "
                "declare that contact point with an integration",
            )


ALERTS_DELIVERED = Rule(
    name="alerts-delivered",
    reason="An alert that reaches nobody is worse than none: people rely on it.",
    judge=_undelivered,
)
