"""The things that can be broken, each with the way to mend it."""

from __future__ import annotations

import signal
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rehearsal.drill.play import Breakage
from rehearsal.drill.running import Running
from rehearsal.machine import platform
from rehearsal.machine.addresses import AGENTS
from rehearsal.machine.programs import AGENT_NAMES, PROBER_NAME, host_name
from rehearsal.mesh.policies import Policies
from rehearsal.pager.client import PagerClient
from rehearsal.stand_in.instances import Instance, read_instances
from rehearsal.world.client import WorldClient
from rehearsal.world.faults import REFUSE, Fault, FaultKind

if TYPE_CHECKING:
    from rehearsal.mesh.replicas import Replica

_BREAKS = {
    FaultKind.REFUSE: "refuses connections",
    FaultKind.HANG: "accepts connections and never answers",
    FaultKind.SLOW: "answers late",
    FaultKind.ERROR: "answers with errors",
    FaultKind.HALF: "answers every second time: one of its two addresses is dead",
}
_MENDS = {
    FaultKind.REFUSE: "accepts connections again",
    FaultKind.HANG: "answers again",
    FaultKind.SLOW: "answers in time again",
    FaultKind.ERROR: "answers without errors again",
    FaultKind.HALF: "answers at both addresses again",
}


def service_broken(service: str, fault: Fault = REFUSE) -> Breakage:
    """A service of the store that is down, or answers late or with errors."""
    world = WorldClient()
    late = f" by {fault.milliseconds} ms" if fault.milliseconds else ""
    share = f", {fault.share:.0%} of the time" if fault.share < 1 else ""
    method = f" when it is asked for {fault.method}" if fault.method else ""
    return Breakage(
        what=f"{service} {_BREAKS[fault.kind]}{late}{method}{share}",
        do=lambda: world.break_service(service, fault),
        mended=f"{service} {_MENDS[fault.kind]}",
        undo=lambda: world.mend_service(service),
    )


def caller_refused(policies: Policies, caller: str, callee: str) -> Breakage:
    """A service whose policy in the mesh lacks one caller."""
    return Breakage(
        what=f"the policy of {callee} lacks {caller}",
        do=lambda: policies.leave_out(caller, callee),
        mended=f"the policy of {callee} has {caller} again",
        undo=lambda: policies.restore(callee),
    )


def replica_added(replica: Replica) -> Breakage:
    """A second replica of a service, for a while."""
    return Breakage(
        what=f"a second replica of {replica.service} serves",
        do=replica.start,
        mended=f"the second replica of {replica.service} is gone again",
        undo=replica.stop,
    )


def replica_failing(replica: Replica) -> Breakage:
    """A second replica that answers everybody with an error."""
    return Breakage(
        what=f"one of two replicas of {replica.service} answers with errors",
        do=replica.fail,
        mended=f"both replicas of {replica.service} answer again",
        undo=replica.recover,
    )


def services_broken(services: Iterable[str]) -> Breakage:
    """All of these services down at once."""
    world, names = WorldClient(), tuple(services)

    def each_down() -> None:
        for name in names:
            world.break_service(name)

    def each_up() -> None:
        for name in names:
            world.mend_service(name)

    return Breakage(
        what=f"{', '.join(names)} refuse connections",
        do=each_down,
        mended=f"all {len(names)} accept connections again",
        undo=each_up,
    )


def traffic_changed(host: str, bytes_per_second: float) -> Breakage:
    """A host whose network carries so many bytes per second each way."""
    world = WorldClient()
    return Breakage(
        what=f"{host} moves {bytes_per_second / 1000:.0f} kB/s each way",
        do=lambda: world.set_traffic(host, receive=bytes_per_second, transmit=bytes_per_second),
        mended=f"the traffic of {host} is usual again",
        undo=lambda: world.rest(host),
    )


def remote_write_blocked() -> Breakage:
    """The collector's way into AMP is closed."""
    world = WorldClient()
    return Breakage(
        what="the collector's samples no longer reach AMP",
        do=world.block_remote_write,
        mended="the collector's way into AMP is open again",
        undo=world.open_remote_write,
    )


def pager_refuses(contact_points: Iterable[str], seconds: float) -> Breakage:
    """Contact points that answer deliveries with an error, for so long at most."""
    pager, names = PagerClient(), sorted(contact_points)
    return Breakage(
        what=f"{' and '.join(names)} answer every delivery with status 500",
        do=lambda: pager.refuse(seconds, names),
        mended=f"{' and '.join(names)} accept deliveries",
        undo=pager.accept,
    )


def host_stopped(running: Running, host: str) -> Breakage:
    """A host whose exporter answers no more."""
    return _stopped(running, f"{host} is switched off", f"{host} runs again",
                   (host_name(host),))  # fmt: skip


def host_terminated(running: Running, host: str) -> Breakage:
    """A host that has left EC2, and whose exporter answers no more."""
    stopped = host_stopped(running, host)
    instance = _instance(running, host)
    state = running.supervisor.directory

    def terminate() -> None:
        platform.ec2(state).terminate(host)
        stopped.do()

    def replace() -> None:
        if host not in platform.ec2(state).running():
            platform.ec2(state).launch(instance)
        stopped.undo()

    return Breakage(
        what=f"{host} is terminated",
        do=terminate,
        mended=f"{host} is replaced by a new instance",
        undo=replace,
        programs=stopped.programs,
    )


def program_stopped(
    running: Running, name: str, number: signal.Signals = signal.SIGTERM
) -> Breakage:
    """A program that is stopped, by TERM politely and by KILL not."""
    how = number.name.removeprefix("SIG")
    return _stopped(running, f"{name} is stopped ({how})", f"{name} runs again", (name,), number)


def prober_killed(running: Running) -> Breakage:
    """The blackbox exporter is gone."""
    return _stopped(running, "the prober is killed", "the prober runs again",
                   (PROBER_NAME,))  # fmt: skip


def collector_killed(running: Running) -> Breakage:
    """Both replicas of the collector are gone."""
    return _stopped(
        running,
        f"all {len(AGENTS)} replicas of the collector are killed",
        "the collector runs again",
        AGENT_NAMES,
    )


def _stopped(
    running: Running,
    what: str,
    mended: str,
    programs: tuple[str, ...],
    number: signal.Signals = signal.SIGKILL,
) -> Breakage:
    def stop() -> None:
        for name in programs:
            running.supervisor.stop(name, number)

    def start() -> None:
        stopped = running.stopped()
        for name in programs:
            if name in stopped:
                running.supervisor.start(name)

    return Breakage(what=what, do=stop, mended=mended, undo=start, programs=programs)


def _instance(running: Running, host: str) -> Instance:
    found = read_instances(running.stand_in / "instances.json")
    return next(instance for instance in found if instance.name == host)
