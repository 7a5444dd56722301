"""`docs/roles.md`: who owns what, who is woken by what. `make roles` writes it."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from gallery.alerts.model import Alert, Delivery
from gallery.plan.catalogue import STORE, Catalogue
from gallery.store.roles import Role, Severity

_WHEN = {
    Severity.PAGE: "now, at any hour",
    Severity.TICKET: "in working hours",
    Severity.INFO: "by a message that asks for nothing",
}
_TOPICS = {
    Delivery.HEARTBEAT: "the topic `heartbeat`, whose silence raises a CloudWatch alarm",
    Delivery.GRAFANA_HEARTBEAT: (
        "the topic `grafana-heartbeat`, whose silence raises a CloudWatch alarm"
    ),
    Delivery.INDEPENDENT: "the topic `independent-path`, past Grafana",
}


def roles_document(catalogue: Catalogue) -> str:
    """Markdown, from roles and alerts as the catalogue has them; a stack may override."""
    return "\n".join(_lines(catalogue))


def _lines(catalogue: Catalogue) -> Iterator[str]:
    yield "# Roles"
    yield ""
    yield "Who owns what, and who is woken by what. Written by `make roles`; a stack may give an"
    yield "alert another owner or severity, and host alerts go to the owner of their host group."
    for role in catalogue.roles:
        yield from _role(role, catalogue.alerts)
    yield from _machines(catalogue.alerts)
    yield ""


def _role(role: Role, alerts: tuple[Alert, ...]) -> Iterator[str]:
    own = [
        alert for alert in alerts if alert.owner == role.name and alert.delivery is Delivery.OWNER
    ]
    yield ""
    yield f"## {role.title} (`{role.name}`)"
    yield ""
    yield f"The {role.title.lower()} {role.duty}."
    yield ""
    if not own:
        yield "Owns no alert of its own; a stack may hand some over with `overrides`."
        return
    yield "| alert | comes as | why |"
    yield "|---|---|---|"
    for alert in sorted(own, key=lambda alert: tuple(Severity).index(alert.severity)):
        link = f"[{alert.name}](runbooks/{alert.name}.md)"
        yield f"| {link} | {alert.severity}: {_WHEN[alert.severity]} | {alert.summary} |"


def _machines(alerts: tuple[Alert, ...]) -> Iterator[str]:
    yield ""
    yield "## What speaks past the roles"
    yield ""
    yield "| alert | goes to | why |"
    yield "|---|---|---|"
    for alert in alerts:
        if alert.delivery in _TOPICS:
            link = f"[{alert.name}](runbooks/{alert.name}.md)"
            yield f"| {link} | {_TOPICS[alert.delivery]} | {alert.summary} |"


if __name__ == "__main__":
    sys.stdout.write(roles_document(STORE))
