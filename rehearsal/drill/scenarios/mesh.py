"""Outages of the mesh: of its control plane, and on a rehearsal with real proxies."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from gallery.alerts import istiod, mesh
from gallery.metrics import labels
from gallery.metrics.names import CERTIFICATE_LEFT
from gallery.metrics.timings import FailureMode as Onset
from gallery.plan.mesh import Mesh
from gallery.plan.patience import patience
from gallery.store.companions import PROBER
from gallery.store.services import Protocol
from rehearsal.drill.breakages import caller_refused, program_stopped, service_broken
from rehearsal.drill.expectations import Expectation
from rehearsal.drill.play import Breakage, Play
from rehearsal.drill.running import NotPlayableError, Running
from rehearsal.drill.scenarios.endpoints import down, outage, protocol, service_of
from rehearsal.drill.script import Scenario, Script, Target
from rehearsal.drill.steps import Await, Break, Mark, Mend, Until
from rehearsal.drill.verdict import Finding
from rehearsal.machine import loopback
from rehearsal.machine.addresses import Address
from rehearsal.mesh.certificates import SPARE_SECONDS, Certificates
from rehearsal.mesh.degrading import Degrading
from rehearsal.mesh.place import ISTIOD_NAME, is_meshed
from rehearsal.mesh.policies import Policies
from rehearsal.world.faults import HANG, slow
from rehearsal.world.topology import Topology

# The youngest certificate that istiod leaves behind is good for so long without being told of.
_NEAR_SECONDS = SPARE_SECONDS + 15.0


def _policy_wrong(running: Running, target: Target) -> Script:
    """That the prober gets no answer is told. Refusals are not counted by the Envoy of a callee."""
    service = service_of(target)
    policies = Policies(mesh=with_proxies(running, "policies"), state=running.supervisor.directory)
    broken = Break(caller_refused(policies, PROBER.name, service))
    page = down(running.promises, service)
    return outage(running, (service,), broken, Await((page,)), Mend())


@dataclass(frozen=True)
class InTime:
    """Whoever asks the slow service must be given up on, degrade or fail as planned, in time."""

    slow: str
    expectations: tuple[Expectation, ...] = ()
    at_most: float = 60.0

    def run(self, play: Play) -> None:
        """Ask everybody."""
        # Nothing of this is needed by whoever has no mesh.
        from rehearsal.mesh.running import running as running_mesh  # noqa: PLC0415

        degrading = Degrading(matrix=running_mesh().matrix, slow=self.slow)
        play.findings += [
            Finding(alert="timeouts", labels={}, contact_point="the mesh", why=why)
            for why in degrading.complaints()
        ]


def _callee_slow(running: Running, target: Target) -> Script:
    service = service_of(target)
    _ = with_proxies(running, "timeouts")
    if protocol(running, service) is Protocol.TCP:
        raise NotPlayableError(f"{service} has no requests, and so no route with a timeout")
    wait = patience(planned.service for planned in running.plan.services)[service]
    # Neither callers nor the prober wait for so long.
    late = slow(2 * max(wait.milliseconds, running.plan.timings.probe_timeout.milliseconds))
    page = down(running.promises, service, HANG)
    broken = Break(service_broken(service, late))
    return outage(running, (service,), broken, InTime(service), Await((page,)), Mend())


def _certificates_expiring(running: Running, _target: Target) -> Script:
    """Whoever has a certificate goes on until its end: no page on the store may come."""
    told_at = Certificates.of(running.plan).told_at
    _ = with_proxies(running, "certificates")
    proxies = {
        each.name: Address.parse(each.proxy)
        for each in Topology.read(running.stand_in / "world.json").workloads
        if each.proxy
    }
    told = tuple(
        running.promises.must(mesh.MESH_CERTIFICATES_EXPIRING, Onset.CHANGED, service=name)
        for name in proxies
    )

    def near_their_end(_play: Play) -> bool:
        return all(_seconds_left(each) < (told_at or 0.0) for each in proxies.values())

    gone = _without_control_plane(running)
    return Script(
        steps=(
            Break(gone),
            Until(near_their_end, "certificates that nobody replaces", _NEAR_SECONDS),
            # What is good for longer is nothing to be told of.
            Mark(),
            Await(told),
            Mend(),
        ),
        may=running.promises.may(
            istiod.MESH_CONTROL_PLANE_DOWN, Onset.REFUSED, service=labels.ISTIOD_SERVICE
        ),
    )


def _seconds_left(proxy: Address) -> float:
    """How long the certificate of a proxy is good, as its agent says."""
    text = loopback.get(proxy.url("/stats/prometheus")).decode()
    found = re.search(rf"^{CERTIFICATE_LEFT}{{.*}} (.+)$", text, re.MULTILINE)
    return float(found[1]) if found else math.inf


def with_proxies(running: Running, whose: str) -> Mesh:
    """The plan's mesh. Raises NotPlayableError where the stack is up without real proxies."""
    journal, planned = running.supervisor.journal(), running.plan.mesh
    if planned is None or journal is None or not is_meshed(journal):
        raise NotPlayableError(
            f"stack {running.stack} is up without real proxies, whose {whose} this scenario is "
            "about; start it with `rehearsal up --mesh`"
        )
    return planned


def _istiod_down(running: Running, _target: Target) -> Script:
    """Somebody is told long before certificates end. No page on the store may come."""
    if running.plan.mesh is None:
        raise NotPlayableError(f"stack {running.stack} goes without a mesh")
    told = running.promises.must(
        istiod.MESH_CONTROL_PLANE_DOWN, Onset.REFUSED, service=labels.ISTIOD_SERVICE
    )
    return Script(steps=(Break(_without_control_plane(running)), Await((told,)), Mend()))


def _without_control_plane(running: Running) -> Breakage:
    """The mesh's own is stopped, and elsewhere the simulated one answers nobody."""
    journal = running.supervisor.journal()
    if journal is not None and is_meshed(journal):
        return program_stopped(running, ISTIOD_NAME)
    return service_broken(labels.ISTIOD_SERVICE)


POLICY_WRONG = Scenario(
    name="policy-wrong",
    summary="a service's policy in the mesh lacks the prober: a page, though customers are served",
    write=_policy_wrong,
    service="productcatalogservice",
)
CERTIFICATES_EXPIRING = Scenario(
    name="certificates-expiring",
    summary="nobody replaces the proxies' certificates: a page before they end, calls go on",
    write=_certificates_expiring,
)
CALLEE_SLOW = Scenario(
    name="callee-slow",
    summary="a service is slower than callers wait: proxies give up in time, and one page",
    write=_callee_slow,
    service="paymentservice",
)
ISTIOD_DOWN = Scenario(
    name="istiod-down",
    summary="the mesh's control plane is gone: a ticket, and no page on the store",
    write=_istiod_down,
)
