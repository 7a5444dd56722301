"""The whole of what the store runs and promises, as one value."""

from __future__ import annotations

from dataclasses import dataclass

from gallery.alerts import ALERTS
from gallery.alerts.cases import proven
from gallery.alerts.model import Alert
from gallery.objectives.catalogue import OBJECTIVES
from gallery.objectives.model import Objective
from gallery.plan.patience import impatient
from gallery.store.call_graph import impossible_calls
from gallery.store.roles import ROLES, Role
from gallery.store.services import LOAD_GENERATOR, SERVICES, LoadGenerator, Service


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """Services, what is promised of them, who is on call, and what they are told of."""

    services: tuple[Service, ...]
    load_generator: LoadGenerator
    roles: tuple[Role, ...]
    alerts: tuple[Alert, ...]
    objectives: tuple[Objective, ...]

    def __post_init__(self) -> None:
        """Refuse a call graph that nobody could answer. Raises ValueError."""
        faults = tuple(impossible_calls(self.workloads, self.services))
        if faults := faults or tuple(impatient(self.services)):
            raise ValueError("\n".join(faults))

    @property
    def workloads(self) -> tuple[Service | LoadGenerator, ...]:
        """Everything that calls something."""
        return (*self.services, self.load_generator)

    def callers(self, name: str) -> tuple[str, ...]:
        """Who calls this service, the load generator included, in the catalogue's order."""
        return tuple(
            caller.name
            for caller in self.workloads
            if any(call.callee == name for call in caller.calls)
        )

    def environment(
        self, workload: Service | LoadGenerator, *, guarded: bool = False
    ) -> dict[str, str]:
        """The workload's environment variables, those with its callees' addresses among them.

        `guarded`: what has a guard is called with its password.
        """
        known = {service.name: service for service in self.services}
        addresses = {call.variable: known[call.callee] for call in workload.calls}
        return workload.environment | {
            variable: callee.address + (callee.guard.address if callee.guard and guarded else "")
            for variable, callee in addresses.items()
        }

    def password_variable(self, service: Service) -> str | None:
        """The variable in which a service needs the password: its own, or that of a callee."""
        if service.guard:
            return service.guard.variable
        guards = (other.guard for other in self.services if other.name in service.callees)
        return next((guard.callers_variable for guard in guards if guard), None)


STORE = Catalogue(
    services=SERVICES,
    load_generator=LOAD_GENERATOR,
    roles=ROLES,
    alerts=proven(ALERTS),
    objectives=OBJECTIVES,
)
