"""The rehearsed platform as a whole: up, down, status."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gallery.metrics import labels
from offline import stack_file
from offline.errors import UserError
from rehearsal.cluster.judge import Judge, cluster_directory, is_judged, judging
from rehearsal.machine import grafana as grafana_itself
from rehearsal.machine import network, tools
from rehearsal.machine.addresses import (
    AMP,
    AMP_ALERTMANAGER,
    EVALUATOR,
    GRAFANA,
    GRAFANA_ALERTMANAGER,
    PAGER,
    Address,
)
from rehearsal.machine.backfill import backfill
from rehearsal.machine.certificate import write_certificate
from rehearsal.machine.ec2 import Ec2Client
from rehearsal.machine.health import await_healthy
from rehearsal.machine.interruption import uninterrupted
from rehearsal.machine.lock import alone
from rehearsal.machine.loopback import answered
from rehearsal.machine.processes.supervisor import Supervisor
from rehearsal.machine.programs import (
    AGENT_NAMES,
    AMP_NAME,
    DRILLS,
    EVALUATOR_NAME,
    KEY,
    LOAD_NAME,
    NOTIFICATIONS,
    Programs,
)
from rehearsal.machine.queries import PrometheusClient
from rehearsal.machine.tools import ROOT
from rehearsal.mesh.place import is_meshed, mesh_directory
from rehearsal.stand_in.derive import derive
from rehearsal.stand_in.documents import Document, read_json, read_yaml
from rehearsal.stand_in.instances import read_instances
from rehearsal.stand_in.scrape import CERTIFICATE
from rehearsal.world.topology import Topology

if TYPE_CHECKING:
    from gallery.plan.model import Plan
    from rehearsal.cluster.api import Api
    from rehearsal.cluster.declared import Objects
    from rehearsal.mesh.rehearsed import Mesh

STATE = ROOT / "build" / network.directory(network.NETWORK)

Progress = Callable[[str], None]


def up(
    stack: str,
    progress: Progress,
    state: Path = STATE,
    *,
    grafana: bool = False,
    cluster: bool = False,
    mesh: bool = False,
) -> dict[str, Address]:
    """Render a stack, start everything, and return its addresses once all of it is healthy.

    With `grafana`, Grafana itself evaluates and notifies where something else would stand in for
    it; with `cluster`, a Kubernetes API judges the stack's objects; with `mesh`, istiod does too,
    and each workload has a real proxy. Where the same stack is up already, nothing is started.
    Raises UserError, or whatever interrupted it, after stopping everything that it had started.
    """
    supervisor = Supervisor(state)
    with _alone(state):
        if _already_up(supervisor, stack, grafana=grafana, cluster=cluster or mesh, mesh=mesh):
            progress(f"stack {stack} is already up")
            return addresses(state)
        try:
            _start(stack, supervisor, progress, grafana=grafana, cluster=cluster or mesh, mesh=mesh)
        except BaseException:
            with uninterrupted():
                supervisor.stop_all()
            raise
    return addresses(state)


def down(state: Path = STATE) -> list[str]:
    """Stop everything; the names of what was running.

    Raises UserError where another user started it.
    """
    supervisor = Supervisor(state)
    # Before the lock, which would be theirs too and names nobody.
    supervisor.refuse_foreign()
    with _alone(state), uninterrupted():
        return supervisor.stop_all()


def addresses(state: Path = STATE) -> dict[str, Address]:
    """Where a person can look: name to address."""
    shown = {"Prometheus (AMP)": AMP, "Alertmanager (AMP)": AMP_ALERTMANAGER}
    if grafana_itself.is_rehearsed(state / "stand-in"):
        shown |= {"Grafana": GRAFANA}
    elif (state / "stand-in" / "grafana").is_dir():
        shown |= {"evaluator (Grafana)": EVALUATOR, "notifier (Grafana)": GRAFANA_ALERTMANAGER}
    return {**shown, "pager": PAGER}


def ec2(state: Path = STATE) -> Ec2Client:
    """The running rehearsal's EC2, in the region that the collector asks."""
    return Ec2Client(_region(state / "stand-in"))


def _start(
    stack: str,
    supervisor: Supervisor,
    progress: Progress,
    *,
    grafana: bool,
    cluster: bool,
    mesh: bool,
) -> None:
    # Pulumi takes longer to import than `down` and `status` take to run.
    from offline.render import render  # noqa: PLC0415

    state = supervisor.directory
    programs = Programs(
        grafana=grafana_itself.installation() if grafana else None,
        state=state,
        tools=tools.provide(progress=progress),
    )
    meant = _planned(stack) if mesh else None
    judge = judging(supervisor, progress, finds_pods=not mesh) if cluster else None
    meshed = _meshed(meant, judge, progress) if meant and judge else None
    kept = (cluster_directory(state), mesh_directory(state))
    old = (programs.data, state / "hosts", state / "logs", *kept)
    for directory in old:
        shutil.rmtree(directory, ignore_errors=True)
    supervisor.begin(stack, stack_file.read(ROOT, stack).digest())
    if judge:
        judge.begin()
    ec2_server = programs.ec2()
    supervisor.spawn([ec2_server])
    progress(f"rendering stack {stack}")
    deployed = render(stack, state)
    proxies = meshed.proxies if meshed else None
    derive(deployed, programs.stand_in, grafana=grafana, proxies=proxies)
    if judge:
        judge.note(programs.stand_in / "substitutions.md")
    if meshed:
        meshed.note(programs.stand_in / "substitutions.md")
    topology = Topology.read(programs.stand_in / "world.json")
    instances = read_instances(programs.stand_in / "instances.json")
    _prepare(programs, topology)
    supervisor.await_ready([ec2_server], progress)
    if instances:
        # Before the collector asks for the first time: it asks again only after half a minute.
        with _answered(supervisor, ec2_server.name):
            Ec2Client(_region(programs.stand_in)).prepare(instances)
    children = programs.children(topology, instances)
    # Whoever asks through proxies would find nobody before they are there, and whoever evaluates
    # would miss the collector.
    waits = (*AGENT_NAMES, AMP_NAME, EVALUATOR_NAME, LOAD_NAME)
    later = [each for each in children if meshed and each.name in waits]
    supervisor.launch([each for each in children if each not in later], progress)
    if judge:
        # Meanwhile everything else is scraped and evaluated for the first time.
        guest = _Guest(meshed, lambda: supervisor.launch(later, progress)) if meshed else None
        judge.refuse_faulty(stack, state / "deployed", guest)
        if meshed:
            meshed.open_ports(judge.api())
        # From now on the cluster's pods are what is scraped.
        supervisor.launch([programs.follower()], progress)
    await_healthy(len(instances), _evaluators(programs.stand_in), supervisor.refuse_dead, progress)
    supervisor.mark_healthy()
    progress(f"stack {stack} works")


@dataclass(frozen=True)
class _Guest:
    """A mesh, and what waits for it."""

    mesh: Mesh
    then: Callable[[], None]

    def begin(self, api: Api, objects: Objects) -> None:
        """Begin."""
        self.mesh.begin(api, objects)

    def join(self, api: Api) -> None:
        """Join, and let the others follow."""
        self.mesh.join(api)
        self.then()


def _planned(stack: str) -> Plan:
    # Nothing of this is needed by whoever has no mesh.
    from rehearsal.mesh.rehearsed import planned  # noqa: PLC0415

    return planned(stack)


def _meshed(plan: Plan, judge: Judge, progress: Progress) -> Mesh:
    from rehearsal.mesh.installed import provide  # noqa: PLC0415
    from rehearsal.mesh.rehearsed import meshed  # noqa: PLC0415

    return meshed(plan, judge, provide(progress))


def _evaluators(stand_in: Path) -> list[PrometheusClient]:
    own = (stand_in / "grafana").is_dir() or grafana_itself.is_rehearsed(stand_in)
    return [PrometheusClient(AMP), *([grafana_itself.evaluator(stand_in)] if own else [])]


def _prepare(programs: Programs, topology: Topology) -> None:
    """An empty ground: no notification yet, no data but the past that rules need."""
    for record in (NOTIFICATIONS, DRILLS):
        (programs.state / record).unlink(missing_ok=True)
    for host in topology.hosts:
        programs.procfs(host).mkdir(parents=True)
    if topology.secured_hosts():
        write_certificate(
            topology.secured_hosts(), programs.state / CERTIFICATE, programs.state / KEY
        )
    history: list[Document] = read_json(programs.stand_in / "history.json")
    if history:
        promtool = programs.tools[tools.PROMTOOL]
        backfill(history, programs.data / AMP_NAME, promtool, time.time())


@contextmanager
def _answered(supervisor: Supervisor, name: str) -> Generator[None, None, None]:
    """Raise UserError with the end of the child's log where it dies, or does not answer."""
    try:
        with answered():
            yield
    except UserError as fault:
        supervisor.refuse_dead()
        raise UserError(
            f"{fault}\nthe end of {supervisor.log(name)}:\n{supervisor.tail(name)}"
        ) from None


def _region(stand_in: Path) -> str:
    config: Document = read_yaml(stand_in / "collector" / "agent-0.yml")
    for job in config["scrape_configs"]:
        if job["job_name"] == labels.NODE:
            return job["ec2_sd_configs"][0]["region"]
    raise UserError("this stack has no hosts")


def _already_up(
    supervisor: Supervisor, stack: str, *, grafana: bool, cluster: bool, mesh: bool
) -> bool:
    """Whether the stack is up. Raises UserError where something else is in the way."""
    journal = supervisor.journal()
    if journal is None or not any(entry.alive() for entry in journal.entries):
        return False
    if journal.stack != stack:
        raise UserError(f"stack {journal.stack} is up; stop it first with `make down`")
    stopped = journal.stopped()
    if stopped or not journal.healthy:
        what = f"{', '.join(stopped)} stopped running" if stopped else "it was never healthy"
        raise UserError(
            f"stack {stack} is up, but {what}; stop it with `make down`, then try again"
        )
    if journal.configuration != stack_file.read(ROOT, stack).digest():
        raise UserError(
            f"stack {stack} is up, but its file has changed since it was started; "
            "stop it with `make down`, then try again"
        )
    if grafana_itself.is_rehearsed(supervisor.directory / "stand-in") is not grafana:
        how = "without Grafana itself" if grafana else "with Grafana itself"
        raise UserError(f"stack {stack} is up {how}; stop it with `make down`, then try again")
    for what, is_there, asked in (
        ("a cluster", is_judged(journal), cluster),
        ("a mesh", is_meshed(journal), mesh),
    ):
        if is_there is not asked:
            how = "without" if asked else "with"
            raise UserError(
                f"stack {stack} is up {how} {what}; stop it with `make down`, then try again"
            )
    return True


def _alone(state: Path) -> AbstractContextManager[None]:
    """One command at a time changes what runs."""
    return alone(state / "lock", "another `up` or `down` is at work; wait for it, or interrupt it")
