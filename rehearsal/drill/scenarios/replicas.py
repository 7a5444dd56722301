"""An outage of one replica of a service, behind real proxies."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gallery.alerts.endpoints import ENDPOINT_DEGRADED
from gallery.metrics.timings import FailureMode as Onset
from gallery.objectives.indicators import Availability
from gallery.store.services import ENTRANCE
from rehearsal.cluster import declared
from rehearsal.drill.breakages import replica_added, replica_failing
from rehearsal.drill.call_graph import consequences
from rehearsal.drill.expectations import Expectation
from rehearsal.drill.play import Play
from rehearsal.drill.running import NotPlayableError, Running
from rehearsal.drill.scenarios.endpoints import service_of
from rehearsal.drill.scenarios.mesh import with_proxies
from rehearsal.drill.script import Scenario, Script, Target
from rehearsal.drill.steps import ACTION_SECONDS, Break, Mend, Until
from rehearsal.drill.verdict import Finding
from rehearsal.mesh.ejection import UNTIL_EJECTED_SECONDS, Rule

if TYPE_CHECKING:
    from rehearsal.mesh.replicas import Replica

# Its proxy gets a certificate and a configuration, as all do at the start.
_STARTED_SECONDS = 2 * ACTION_SECONDS
_ASKED_SECONDS = 30.0
# Of the time for which a replica is ejected so much is looked at: then it is asked again.
_LOOKED_AT = 0.7


@dataclass(frozen=True)
class PassedBy:
    """The Envoys through which customers ask must find that a replica fails, and pass it by."""

    replica: Replica
    rule: Rule
    budget: float
    expectations: tuple[Expectation, ...] = ()

    @property
    def at_most(self) -> float:
        """Until it is passed by, and some of the time for which it is."""
        return UNTIL_EJECTED_SECONDS + self._looked

    @property
    def _looked(self) -> float:
        return self.rule.ejected_for * _LOOKED_AT

    def run(self, play: Play) -> None:
        """Look on, and judge."""
        watched = self.replica.watched(self.rule, self.budget)

        def ejected() -> bool:
            return watched.ejected(time.time() - play.mark)

        def never() -> bool:
            ejected()
            return False

        if play.wait(ejected, play.mark + UNTIL_EJECTED_SECONDS):
            play.wait(never, time.time() + self._looked)
        for line in watched.lines():
            play.timeline.line(time.time(), line)
        play.findings += [
            Finding(alert="outlier detection", labels={}, contact_point="the mesh", why=why)
            for why in watched.complaints()
        ]


def _replica_failing(running: Running, target: Target) -> Script:
    service = service_of(target)
    _ = with_proxies(running, "outlier detection")
    if service != ENTRANCE:
        raise NotPlayableError(
            f"customers ask {ENTRANCE} alone, and what they get is what this scenario is about; "
            f"leave out {service}"
        )
    rule, budget = _rule(running, service), _budget(running, service)
    # Nothing of this is needed by whoever has no mesh.
    from rehearsal.mesh.replicas import Replica  # noqa: PLC0415
    from rehearsal.mesh.running import running as running_mesh  # noqa: PLC0415

    replica = Replica(running_mesh, service)

    def asked(_play: Play) -> bool:
        return replica.is_asked()

    return Script(
        steps=(
            Break(replica_added(replica), at_most=_STARTED_SECONDS),
            Until(asked, "requests at the second replica", _ASKED_SECONDS),
            Break(replica_failing(replica)),
            PassedBy(replica, rule, budget),
            Mend(),
        ),
        # The prober asks seldom: it meets the replica for longer until it passes it by, too.
        may=(
            *consequences(running.promises, (service,)),
            *running.promises.may(ENDPOINT_DEGRADED, Onset.CHANGED, service=service),
        ),
    )


def _rule(running: Running, service: str) -> Rule:
    """By which the mesh passes by a replica, as the stack declares it."""
    deployed = running.supervisor.directory / "deployed"
    try:
        rule = Rule.of(declared.read(deployed).manifest("DestinationRule", service))
    except KeyError:
        rule = None
    if rule is None:
        raise NotPlayableError(
            f"stack {running.stack} runs one replica of {service}, which the mesh never passes by"
        )
    return rule


def _budget(running: Running, service: str) -> float:
    """The share of a service's requests that may fail, by what customers are promised of it."""
    found = [
        one.budget
        for one in running.plan.objectives
        if isinstance(one.indicator, Availability) and one.service == service
    ]
    if not found:
        raise NotPlayableError(
            f"stack {running.stack} promises nobody that {service} answers, by which its errors "
            "would be judged"
        )
    return min(found)


REPLICA_FAILING = Scenario(
    name="replica-failing",
    summary="one of two replicas answers errors: proxies pass it by, and nobody is paged",
    write=_replica_failing,
    service="frontend",
)
