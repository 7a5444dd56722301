"""What to do after `pulumi up`, as text."""

from __future__ import annotations

from gallery.names import API_HEALTH
from gallery.plan import Plan


def next_steps(plan: Plan, grafana_url: str) -> str:
    """Log in, page yourself, watch. `grafana_url` has no slash at its end."""
    steps = [f"Log in to Grafana with Identity Center: {grafana_url}"]
    if plan.independent_emails:
        emails = " and ".join(plan.independent_emails)
        steps.append(f"Confirm the e-mail that AWS has sent to {emails}: until then it is mute")
    steps += [
        "Page yourself: in Grafana, Alerting, Contact points, Test, for each contact point",
        f"Watch the store: {grafana_url}/d/{API_HEALTH}",
        f"Runbooks: {plan.runbooks}",
    ]
    return "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1))
