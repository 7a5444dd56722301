"""Outages of the mesh: of its control plane, and on a rehearsal with real proxies."""

from __future__ import annotations

from gallery.alerts import istiod
from gallery.metrics import labels
from gallery.metrics.timings import FailureMode as Onset
from gallery.store.companions import PROBER
from rehearsal.drill.breakages import caller_refused, program_stopped, service_broken
from rehearsal.drill.play import Breakage
from rehearsal.drill.running import NotPlayableError, Running
from rehearsal.drill.scenarios.endpoints import down, outage, service_of
from rehearsal.drill.script import Scenario, Script, Target
from rehearsal.drill.steps import Await, Break, Mend
from rehearsal.mesh.place import ISTIOD_NAME, is_meshed
from rehearsal.mesh.policies import Policies


def _policy_wrong(running: Running, target: Target) -> Script:
    service, mesh = service_of(target), running.plan.mesh
    journal = running.supervisor.journal()
    if mesh is None or journal is None or not is_meshed(journal):
        raise NotPlayableError(
            f"stack {running.stack} is up without real proxies, whose policies this scenario is "
            "about; start it with `rehearsal up --mesh`"
        )
    policies = Policies(mesh=mesh, state=running.supervisor.directory)
    broken = Break(caller_refused(policies, PROBER.name, service))
    page = down(running.promises, service)
    return outage(running, (service,), broken, Await((page,)), Mend())


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
ISTIOD_DOWN = Scenario(
    name="istiod-down",
    summary="the mesh's control plane is gone: a ticket, and no page on the store",
    write=_istiod_down,
)
