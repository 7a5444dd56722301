"""Outages of the mesh: of its control plane, and on a rehearsal with real proxies."""

from __future__ import annotations

import math
import re

from gallery.alerts import istiod, mesh
from gallery.metrics import labels
from gallery.metrics.names import CERTIFICATE_LEFT
from gallery.metrics.timings import FailureMode as Onset
from gallery.store.companions import PROBER
from rehearsal.drill.breakages import caller_refused, program_stopped, service_broken
from rehearsal.drill.play import Breakage, Play
from rehearsal.drill.running import NotPlayableError, Running
from rehearsal.drill.scenarios.endpoints import down, outage, service_of
from rehearsal.drill.script import Scenario, Script, Target
from rehearsal.drill.steps import Await, Break, Mark, Mend, Until
from rehearsal.machine import loopback
from rehearsal.machine.addresses import Address
from rehearsal.mesh.certificates import SPARE_SECONDS, Certificates
from rehearsal.mesh.place import ISTIOD_NAME, is_meshed
from rehearsal.mesh.policies import Policies
from rehearsal.world.topology import Topology

# The youngest certificate that istiod leaves behind is good for so long without being told of.
_NEAR_SECONDS = SPARE_SECONDS + 15.0


def _policy_wrong(running: Running, target: Target) -> Script:
    service, planned = service_of(target), running.plan.mesh
    if planned is None or not _has_proxies(running):
        raise _without_proxies(running, "policies")
    policies = Policies(mesh=planned, state=running.supervisor.directory)
    broken = Break(caller_refused(policies, PROBER.name, service))
    page = down(running.promises, service)
    return outage(running, (service,), broken, Await((page,)), Mend())


def _certificates_expiring(running: Running, _target: Target) -> Script:
    """Whoever has a certificate goes on until its end: no page on the store may come."""
    told_at = Certificates.of(running.plan).told_at
    if not _has_proxies(running):
        raise _without_proxies(running, "certificates")
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


def _has_proxies(running: Running) -> bool:
    journal = running.supervisor.journal()
    return journal is not None and is_meshed(journal)


def _without_proxies(running: Running, whose: str) -> NotPlayableError:
    return NotPlayableError(
        f"stack {running.stack} is up without real proxies, whose {whose} this scenario is "
        "about; start it with `rehearsal up --mesh`"
    )


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
    if _has_proxies(running):
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
ISTIOD_DOWN = Scenario(
    name="istiod-down",
    summary="the mesh's control plane is gone: a ticket, and no page on the store",
    write=_istiod_down,
)
