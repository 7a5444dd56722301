"""What to do after `pulumi up`, as text."""

from __future__ import annotations

from gallery.alerts.panels import API_HEALTH
from gallery.contact_points.model import Engine
from gallery.plan.model import Plan
from gallery.store.services import NAMESPACE

_PAGE_YOURSELF = {
    Engine.GRAFANA: "Page yourself: in Grafana, Alerting, Contact points, Test, for each one",
    Engine.ALERTMANAGER: (
        "Page yourself: AMP's Alertmanager has no test, so stop the ads for some minutes: "
        f"kubectl -n {NAMESPACE} scale deployment/adservice --replicas=0, and back"
    ),
}


def _confirm(region: str) -> str:
    """The command that confirms a subscription, so that only whoever is logged in ends it."""
    return (
        f"aws sns confirm-subscription --region {region} --topic-arn TOPIC_ARN --token TOKEN "
        "--authenticate-on-unsubscribe true"
    )


def next_steps(plan: Plan, grafana_url: str) -> str:
    """Log in, page yourself, watch. `grafana_url` has no slash at its end."""
    steps = [f"Log in to Grafana with Identity Center: {grafana_url}"]
    subscribed = [
        *plan.independent_emails,
        *(mail for point in plan.contact_points for mail in point.subscribers),
    ]
    if subscribed:
        emails = " and ".join(dict.fromkeys(subscribed))
        steps.append(
            f"Confirm the subscription of {emails}: until then it is mute. Do not click: what a "
            "link confirmed, a mail scanner that follows links can end. Take TopicArn and Token "
            f"out of the link in each e-mail that AWS has sent, and run: {_confirm(plan.region)}"
        )
    steps += [
        _PAGE_YOURSELF[plan.engine],
        f"Watch the store: {grafana_url}/d/{API_HEALTH}",
        f"Runbooks: {plan.runbooks}",
    ]
    if plan.mesh is None:
        steps.append("Know what this stack goes without: docs/mesh.md, Without a mesh")
    return "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1))
