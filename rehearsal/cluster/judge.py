"""A cluster of its own for one rehearsal, and its verdict on the stack's objects."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from gallery.metrics.labels import COLLECTOR_SERVICE
from offline.errors import UserError
from rehearsal.cluster.control_plane import (
    API_NAME,
    SUBSTITUTED,
    WITHOUT_A_MESH,
    ControlPlane,
)
from rehearsal.cluster.verdict import Verdict, read, write
from rehearsal.machine.processes.journal import Journal
from rehearsal.machine.processes.supervisor import Supervisor
from rehearsal.stand_in.documents import read_yaml
from rehearsal.stand_in.substitutions import append

if TYPE_CHECKING:
    from rehearsal.cluster.api import Api
    from rehearsal.cluster.declared import Objects


Progress = Callable[[str], None]

_VERDICT = "verdict.json"
# Within a rendered tree.
_COLLECTOR = Path("collector", "prometheus.yml")
_READY_WITHIN_SECONDS = 60.0
_POLL_SECONDS = 0.1


def cluster_directory(state: Path) -> Path:
    """Where a rehearsal's cluster keeps its files."""
    return state / "cluster"


def is_judged(journal: Journal) -> bool:
    """Whether a cluster is among what is up."""
    return any(entry.child.name == API_NAME for entry in journal.entries)


def verdict(state: Path) -> Verdict:
    """The verdict on the stack that is up."""
    return read(cluster_directory(state) / _VERDICT)


def administered(state: Path) -> Api:
    """The API of the cluster that is up, as an administrator asks it."""
    from rehearsal.cluster.api import Api  # noqa: PLC0415
    from rehearsal.cluster.installed import Installed  # noqa: PLC0415

    nothing = Installed(programs={}, stages=(), ports=Path(), definitions=())
    plane = ControlPlane(directory=cluster_directory(state), installed=nothing)
    return Api(certificate=plane.certificate, token=plane.token())


def judging(supervisor: Supervisor, progress: Progress, *, finds_pods: bool = True) -> Judge:
    """A judge whose programs are on this machine. Raises UserError.

    `finds_pods` is whether Services lead to pods, which have addresses that nothing here carries.
    """
    # Nothing of this is needed by `down` and `status`.
    from rehearsal.cluster.installed import provide  # noqa: PLC0415

    directory = cluster_directory(supervisor.directory)
    plane = ControlPlane(directory=directory, installed=provide(progress), finds_pods=finds_pods)
    return Judge(plane=plane, supervisor=supervisor, progress=progress)


class Guest(Protocol):
    """What runs on a cluster beside a stack's objects."""

    def begin(self, api: Api, objects: Objects) -> None:
        """Be there before these objects are applied."""
        ...

    def join(self, api: Api) -> None:
        """Do the rest once they are, while their pods come."""
        ...


@dataclass(frozen=True, kw_only=True)
class Judge:
    """A cluster, empty until it is asked for a verdict."""

    plane: ControlPlane
    supervisor: Supervisor
    progress: Progress

    def begin(self) -> None:
        """Start the API, without waiting for it."""
        self.plane.prepare()
        self.supervisor.spawn([self.plane.store(), self.plane.api()])

    def note(self, substitutions: Path) -> None:
        """Add what stands for what in the cluster to the list of all that does."""
        append(substitutions, SUBSTITUTED)
        if self.plane.finds_pods:
            append(substitutions, WITHOUT_A_MESH)

    def complete(self) -> None:
        """Wait for the API, and give it controllers, nodes and the mesh's sidecar."""
        from rehearsal.cluster import ground, sidecar  # noqa: PLC0415

        api = self.api()
        self._await(api)
        api.apply(read_yaml(self.plane.installed.ports))
        self.supervisor.launch(list(self.plane.controllers()), self.progress)
        for policy in sidecar.policies():
            api.apply(policy)
        ground.add_nodes(api)

    def judge(self, stack: str, deployed: Path, guest: Guest | None = None) -> Verdict:
        """The verdict on the objects of a `deployed/` tree, which is kept. Raises UserError."""
        from rehearsal.cluster import declared  # noqa: PLC0415

        self.complete()
        objects = declared.read(deployed)
        if guest:
            guest.begin(self.api(), objects)
        found = self.admit(stack, objects, deployed / _COLLECTOR, guest)
        write(self.plane.directory / _VERDICT, found)
        return found

    def admit(
        self, stack: str, objects: Objects, collector: Path, guest: Guest | None = None
    ) -> Verdict:
        """The verdict on these objects; `collector` is what the collector of theirs reads."""
        from rehearsal.cluster import definitions, ground  # noqa: PLC0415
        from rehearsal.cluster.admission import Admission  # noqa: PLC0415
        from rehearsal.stand_in.scrape import control_planes  # noqa: PLC0415

        api = self.api()
        definitions.add(api, self.plane.installed.definitions, objects.declared)
        ground.add_for(api, objects.declared, control_planes(read_yaml(collector)))
        admission = Admission(
            api=api,
            objects=objects,
            look=lambda: self._missed(api, objects, collector),
            watch=self.supervisor.refuse_dead,
            progress=self.progress,
            meanwhile=lambda: guest.join(api) if guest else None,
        )
        return admission.judge(stack)

    def refuse_faulty(self, stack: str, deployed: Path, guest: Guest | None = None) -> None:
        """Judge, and raise UserError with all that is wrong."""
        with self._answered():
            found = self.judge(stack, deployed, guest)
        if found.faults:
            lines = "\n".join(f"  {fault}" for fault in found.faults)
            raise UserError(
                f"the cluster's API does not take stack {stack} as it is declared:\n{lines}"
            )

    def api(self) -> Api:
        """The API, as an administrator asks it."""
        from rehearsal.cluster.api import Api  # noqa: PLC0415

        return Api(certificate=self.plane.certificate, token=self.plane.token())

    @contextmanager
    def _answered(self) -> Generator[None, None, None]:
        """Raise UserError where the API itself fails, with the end of its log."""
        from rehearsal.cluster.api import RefusedError, UnansweredError  # noqa: PLC0415

        try:
            yield
        except (RefusedError, UnansweredError) as fault:
            self.supervisor.refuse_dead()
            raise UserError(
                f"the cluster's API fails: {fault}\nthe end of {self.supervisor.log(API_NAME)}:\n"
                f"{self.supervisor.tail(API_NAME)}"
            ) from None

    def _missed(self, api: Api, objects: Objects, rendered: Path) -> list[str]:
        """What the collectors among these objects do not find."""
        from rehearsal.cluster.discovery import Discovery  # noqa: PLC0415

        promtool = self.plane.installed.programs["promtool"]
        discovery = Discovery(api=api, promtool=promtool, directory=self.plane.directory)
        return [
            complaint
            for each in objects.declared
            if each.is_a("StatefulSet", COLLECTOR_SERVICE)
            for complaint in discovery.complaints(rendered, each.manifest)
        ]

    def _await(self, api: Api) -> None:
        deadline = time.monotonic() + _READY_WITHIN_SECONDS
        while not api.ready():
            self.supervisor.refuse_dead()
            if time.monotonic() > deadline:
                raise UserError(
                    f"{API_NAME} is not ready within {_READY_WITHIN_SECONDS:.0f} s; the end of "
                    f"{self.supervisor.log(API_NAME)}:\n{self.supervisor.tail(API_NAME)}"
                )
            time.sleep(_POLL_SECONDS)
        self.progress(f"{API_NAME} is ready")
