"""The five on-call roles: who owns alerts, and what each one is there for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How soon a person must act: now, in working hours, or never (a dashboard shows it)."""

    PAGE = "page"
    TICKET = "ticket"
    INFO = "info"


@dataclass(frozen=True, kw_only=True)
class Role:
    """A role of the on-call rota. `name` is what the stack file and rule labels say."""

    name: str
    title: str
    duty: str


RELEASE_MANAGER = Role(
    name="release-manager",
    title="Release manager",
    duty="takes a hotfix out and decides whether it stays",
)
MONITORING = Role(
    name="monitoring",
    title="Monitoring engineer",
    duty="keeps the collector, Prometheus, Grafana and their heartbeats working",
)
INFRASTRUCTURE = Role(
    name="infrastructure",
    title="Infrastructure engineer",
    duty="keeps hosts, network, certificates and cluster in shape",
)
RELIABILITY = Role(
    name="reliability",
    title="Reliability engineer",
    duty="watches how well the store keeps its promises, and where it wears thin",
)
INCIDENT_RESPONSE = Role(
    name="incident-response",
    title="Incident response engineer",
    duty="leads when production is on fire, and writes the post-mortem",
)

ROLES: tuple[Role, ...] = (
    RELEASE_MANAGER,
    MONITORING,
    INFRASTRUCTURE,
    RELIABILITY,
    INCIDENT_RESPONSE,
)
ROLE_NAMES: tuple[str, ...] = tuple(role.name for role in ROLES)
