"""The programs of a rehearsal: which there are, with what arguments, where they listen."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gallery.objectives.windows import WINDOW
from rehearsal.machine import grafana, tools
from rehearsal.machine.addresses import (
    AGENTS,
    AMP,
    AMP_ALERTMANAGER,
    BLACKBOX,
    EC2,
    EVALUATOR,
    FOLLOWER,
    GRAFANA_ALERTMANAGER,
    PAGER,
    PAGER_MAIL,
    WALL,
    WORLD,
    Address,
)
from rehearsal.machine.grafana import Installation
from rehearsal.machine.processes.journal import Child
from rehearsal.machine.tools import ROOT, Tool
from rehearsal.stand_in.instances import Instance
from rehearsal.stand_in.scrape import CERTIFICATE
from rehearsal.world.procfs import TEXTFILES
from rehearsal.world.topology import Topology

AMP_NAME = "amp"
# The past of a rehearsal is as long as the longest window; a workspace keeps longer by itself.
_KEPT = f"--storage.tsdb.retention.time={WINDOW * 2}"
EVALUATOR_NAME = "grafana"
PROBER_NAME = "prober"
LOAD_NAME = "load"
AGENT_NAMES = ("collector-0", "collector-1")
AMP_ALERTMANAGER_NAME = "alertmanager-amp"
GRAFANA_ALERTMANAGER_NAME = "alertmanager-grafana"
KEY = "certificate.key"
NOTIFICATIONS = "notifications.jsonl"
DRILLS = "drills.jsonl"

# A memory file system is where a simulated host finds its disk: almost empty on every machine.
_SPARE_DISK = Path("/dev/shm")  # noqa: S108 - nothing is written there


def host_name(instance: str) -> str:
    """The name of the program that stands for an instance."""
    return f"host-{instance}"


@dataclass(frozen=True, kw_only=True)
class Programs:
    """What a rehearsal's programs need to know: its directories and the tools on this machine.

    `grafana` is set where Grafana itself is among them.
    """

    state: Path
    tools: Mapping[Tool, Path]
    grafana: Installation | None = None

    @property
    def stand_in(self) -> Path:
        """The stand-in tree."""
        return self.state / "stand-in"

    @property
    def data(self) -> Path:
        """Where programs keep their data, one directory each."""
        return self.state / "data"

    def ec2(self) -> Child:
        """EC2's API, which depends on no stack."""
        module = ("moto.server", "-H", EC2.host, "-p", str(EC2.port))
        return self._python("ec2", module, (EC2,), f"tcp://{EC2}")

    def children(self, topology: Topology, instances: list[Instance]) -> list[Child]:
        """Everything else."""
        return [
            self._world(topology),
            *self._load(topology),
            self._pager(),
            self._wall(),
            *(self._host(instance) for instance in instances),
            self._prober(),
            *(
                self._agent(name, number, address)
                for number, (name, address) in enumerate(zip(AGENT_NAMES, AGENTS, strict=True))
            ),
            self._prometheus(AMP_NAME, AMP, ("--web.enable-remote-write-receiver", _KEPT)),
            self._alertmanager(AMP_ALERTMANAGER_NAME, "amp", AMP_ALERTMANAGER, None),
            *self._grafana(topology),
        ]

    def _grafana(self, topology: Topology) -> list[Child]:
        """What evaluates and delivers as Grafana does; nothing where it has no rules."""
        url = None if topology.page is None else f"https://{topology.page.host}/"
        if self.grafana is not None:
            data = self.data / grafana.NAME
            return [grafana.child(self.grafana, self.state, self.stand_in, data, url)]
        if not (self.stand_in / "grafana").is_dir():
            return []
        return [
            self._prometheus(EVALUATOR_NAME, EVALUATOR, ()),
            self._alertmanager(GRAFANA_ALERTMANAGER_NAME, "grafana", GRAFANA_ALERTMANAGER, url),
        ]

    def procfs(self, instance: str) -> Path:
        """The directory in which the world writes an instance's /proc."""
        return self._hosts() / instance

    def follower(self) -> Child:
        """What tells the collector and the store of the cluster's pods, where there is one."""
        module = ("rehearsal.cluster.follow", str(self.state))
        return self._python("follower", module, (FOLLOWER,), FOLLOWER.url("/healthy"))

    def _world(self, topology: Topology) -> Child:
        arguments = ["rehearsal.world", str(self.stand_in / "world.json"), str(self._hosts())]
        if topology.secured_hosts():
            arguments += [str(self.state / CERTIFICATE), str(self.state / KEY)]
        return self._python("world", tuple(arguments), topology.addresses(), WORLD.url("/healthy"))

    def _load(self, topology: Topology) -> tuple[Child, ...]:
        """Who asks as customers do, where there are real proxies to ask through."""
        if topology.load is None:
            return ()
        listens = Address.parse(topology.load)
        module = ("rehearsal.world.load", str(self.stand_in / "world.json"))
        return (self._python(LOAD_NAME, module, (listens,), listens.url("/healthy")),)

    def _hosts(self) -> Path:
        return self.state / "hosts"

    def _pager(self) -> Child:
        log = self.state / NOTIFICATIONS
        module = ("rehearsal.pager", str(self.stand_in / "pager.json"), str(log))
        return self._python("pager", module, (PAGER, PAGER_MAIL), PAGER.url("/healthy"))

    def _wall(self) -> Child:
        module = ("rehearsal.wall", str(self.state))
        return self._python("wall", module, (WALL,), WALL.url("/healthy"))

    def _prober(self) -> Child:
        arguments = (
            f"--config.file={self.stand_in / 'collector' / 'blackbox.yml'}",
            f"--web.listen-address={BLACKBOX}",
        )
        return self._child(PROBER_NAME, tools.BLACKBOX_EXPORTER, arguments, BLACKBOX)

    def _prometheus(self, name: str, address: Address, flags: tuple[str, ...]) -> Child:
        arguments = (
            f"--config.file={self.stand_in / name / 'prometheus.yml'}",
            f"--storage.tsdb.path={self.data / name}",
            f"--web.listen-address={address}",
            *flags,
        )
        return self._child(name, tools.PROMETHEUS, arguments, address, "/-/ready")

    def _agent(self, name: str, number: int, address: Address) -> Child:
        program = self.tools[tools.PROMETHEUS]
        # Prometheus 3 knows the mode by a flag of its own.
        mode = "--agent" if tools.major_version(program) > 2 else "--enable-feature=agent"  # noqa: PLR2004
        arguments = (
            mode,
            f"--config.file={self.stand_in / 'collector' / f'agent-{number}.yml'}",
            f"--storage.agent.path={self.data / name}",
            f"--web.listen-address={address}",
        )
        return self._child(name, tools.PROMETHEUS, arguments, address, "/-/ready")

    def _alertmanager(
        self, name: str, part: str, address: Address, external_url: str | None
    ) -> Child:
        arguments = (
            f"--config.file={self.stand_in / part / 'alertmanager.yml'}",
            f"--storage.path={self.data / name}",
            f"--web.listen-address={address}",
            # Without it, Alertmanager opens a port to the whole world for its peers.
            "--cluster.listen-address=",
            *(() if external_url is None else
              (f"--web.external-url={external_url}", "--web.route-prefix=/")),
        )  # fmt: skip
        return self._child(name, tools.ALERTMANAGER, arguments, address, "/-/ready")

    def _host(self, instance: Instance) -> Child:
        disk = _SPARE_DISK if _SPARE_DISK.is_dir() else Path("/")
        arguments = (
            f"--web.listen-address={instance.listens()}",
            *instance.collectors,
            "--collector.textfile",
            f"--collector.textfile.directory={self.procfs(instance.name) / TEXTFILES}",
            f"--path.procfs={self.procfs(instance.name)}",
            f"--path.rootfs={disk}",
            "--no-collector.netdev.netlink",
        )
        return self._child(
            host_name(instance.name), tools.NODE_EXPORTER, arguments, instance.listens()
        )

    def _child(
        self, name: str, tool: Tool, arguments: tuple[str, ...], address: Address, ready: str = "/"
    ) -> Child:
        return Child(
            name=name,
            command=(str(self.tools[tool]), *arguments),
            directory=str(self.state),
            listens=(address,),
            ready=address.url(ready),
        )

    def _python(
        self, name: str, module: tuple[str, ...], listens: tuple[Address, ...], ready: str
    ) -> Child:
        return Child(
            name=name,
            command=(sys.executable, "-m", *module),
            directory=str(ROOT),
            listens=listens,
            ready=ready,
        )
