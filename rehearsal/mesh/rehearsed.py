"""The mesh of one rehearsal: istiod before a stack's objects are judged, the proxies after."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from gallery.plan.mesh import Mesh as PlannedMesh
from gallery.plan.model import Plan
from gallery.plan.resolve import resolve
from gallery.stack_file.errors import StackFileError
from gallery.stack_file.parse import parse
from offline import stack_file
from offline.errors import UserError
from rehearsal.cluster import declared, definitions
from rehearsal.cluster.api import Api
from rehearsal.cluster.control_plane import ControlPlane as Cluster
from rehearsal.cluster.declared import Declared, Objects
from rehearsal.cluster.judge import Judge
from rehearsal.machine.processes.supervisor import Supervisor
from rehearsal.machine.tools import ROOT
from rehearsal.mesh import added, gates, installed, telemetry
from rehearsal.mesh.certificates import Certificates
from rehearsal.mesh.control_plane import ControlPlane
from rehearsal.mesh.matrix import Matrix
from rehearsal.mesh.place import mesh_directory
from rehearsal.mesh.proxies import Proxy
from rehearsal.mesh.upstreams import upstreams
from rehearsal.mesh.workloads import Workload, probed, workloads
from rehearsal.stand_in import pods
from rehearsal.stand_in.documents import Document
from rehearsal.stand_in.proxies import Proxies
from rehearsal.stand_in.substitutions import append

Progress = Callable[[str], None]

# Proxies have it within a second, and end what they had before a second later.
SETTLED_AFTER_SECONDS = 2.5


def planned(stack: str) -> Plan:
    """What a stack gets. Raises UserError for one that goes without a mesh."""
    found = stack_file.read(ROOT, stack)
    try:
        plan = resolve(parse(found.values(), found.secret_keys))
    except StackFileError as error:
        raise UserError(f"stack {stack}: {error}") from None
    if plan.mesh is None:
        raise UserError(f"stack {stack} goes without a mesh (mesh: none); leave --mesh out")
    return plan


def meshed(plan: Plan, judge: Judge, programs: installed.Installed) -> Mesh:
    """The mesh of a stack beside a cluster that judges it."""
    return Mesh(
        plan=plan,
        deployed=judge.supervisor.directory / "deployed",
        cluster=judge.plane,
        supervisor=judge.supervisor,
        programs=programs,
        progress=judge.progress,
    )


@dataclass(frozen=True, kw_only=True)
class Mesh:
    """Istiod and the proxies of a stack, on the API of a cluster."""

    plan: Plan
    deployed: Path
    cluster: Cluster
    supervisor: Supervisor
    programs: installed.Installed
    progress: Progress

    @property
    def mesh(self) -> PlannedMesh:
        """What the stack says of it."""
        assert self.plan.mesh is not None  # noqa: S101 - a plan without one is refused before
        return self.plan.mesh

    @cached_property
    def plane(self) -> ControlPlane:
        """Its control plane."""
        return ControlPlane(
            directory=mesh_directory(self.supervisor.directory),
            installed=self.programs,
            mesh=self.mesh,
            kubeconfig=self.cluster.kubeconfig(),
        )

    @cached_property
    def workloads(self) -> tuple[Workload, ...]:
        """Everybody with a proxy."""
        return workloads(self.plan, pods.Cluster.read(self.deployed))

    @property
    def proxies(self) -> Proxies:
        """Where the collector and the prober find them."""
        return Proxies(
            probed=probed(self.workloads),
            metrics={each.caller: each.metrics for each in self.workloads},
            upstreams=upstreams(
                self.workloads, [planned.service for planned in self.plan.services]
            ),
        )

    @property
    def matrix(self) -> Matrix:
        """Everybody asks everything."""
        return Matrix(plan=self.plan, workloads=self.workloads, scratch=self.plane.directory)

    def note(self, substitutions: Path) -> None:
        """Add what stands for what in the mesh to the list of all that does."""
        append(substitutions, added.SUBSTITUTED)

    def begin(self, api: Api, objects: Objects) -> None:
        """Start istiod, and let it say of the stack's objects what it says in a cluster."""
        self.plane.prepare()
        api.apply(added.namespace(self.mesh.namespace))
        needed = [
            Declared(name="added", manifest={"apiVersion": version, "kind": kind})
            for version, kind in added.KINDS
        ]
        definitions.add(api, self.cluster.installed.definitions, [*objects.declared, *needed])
        self.supervisor.launch([self.plane.child()], self.progress)
        api.apply(added.webhook(self.plane.authority))

    def join(self, api: Api) -> None:
        """Give every workload its proxy. Raises UserError where one refuses what it is given."""
        known = [each["metadata"]["name"] for each in api.items("/api/v1/namespaces")]
        api.apply(telemetry.counted(self.mesh.namespace))
        for each in added.objects(self.workloads, known):
            api.apply(each)
        certificates = Certificates.of(self.plan)
        proxies = [
            Proxy(workload=each, plane=self.plane, certificates=certificates)
            for each in self.workloads
        ]
        for each in proxies:
            each.prepare(api)
        self.supervisor.launch([each.child() for each in proxies])
        self.progress(f"{len(proxies)} proxies are ready")
        self.refuse_refusals()

    def open_ports(self, api: Api) -> None:
        """Let the ports of the pods that are there lead to what runs in their place."""
        for each in added.ports(self.workloads, self.mesh.namespace, api):
            api.apply(each)

    def api(self) -> Api:
        """The API, as an administrator asks it."""
        return Api(certificate=self.cluster.certificate, token=self.cluster.token())

    def object(self, kind: str, name: str) -> Document:
        """An object of the mesh as the stack declares it. Raises KeyError."""
        return declared.read(self.deployed).manifest(kind, name)

    def settle(self) -> None:
        """Wait until whatever was applied is in force, on connections that are open too."""
        time.sleep(SETTLED_AFTER_SECONDS)
        self.refuse_refusals()

    def refuse_refusals(self) -> None:
        """Raise UserError where a proxy has refused what it was given."""
        found = list(gates.refusals(self.workloads))
        if found:
            lines = "\n".join(f"  {each}" for each in found)
            raise UserError(f"proxies refuse what istiod gives them:\n{lines}")
