"""Where everything in a rehearsal listens: the address plan, all of it in 127.0.0.0/8.

Each program has a loopback address of its own, so that the store's services can keep one port
apiece as they do in their pods. Ports are shifted (`local_port`), because a program that listens
on every address, as an installed node_exporter does on 9100, occupies its port on all loopback
addresses too. Rehearsals that are up at once have networks of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from rehearsal.machine.network import NETWORK, second_byte


def local_port(port: int) -> int:
    """The port that stands for `port` here: 20000 plus its last four digits (9100 → 29100)."""
    return 20_000 + port % 10_000


@dataclass(frozen=True, order=True)
class Address:
    """A host of 127.0.0.0/8 and a TCP port."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read `127.20.0.1:29090`."""
        host, _, port = text.rpartition(":")
        return cls(host, int(port))

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    def url(self, path: str = "") -> str:
        """The HTTP address of `path`, which begins with a slash."""
        return f"http://{self}{path}"


def _program(number: int, port: int) -> Address:
    return Address(f"127.{second_byte(NETWORK, 20)}.0.{number}", local_port(port))


def _network(second: int) -> IPv4Network:
    return IPv4Network(f"127.{second_byte(NETWORK, second)}.0.0/16")


AMP = _program(1, 9090)
EVALUATOR = _program(2, 9090)
GRAFANA_PAGE = _program(2, 3000)
AGENTS = (_program(3, 9090), _program(4, 9090))
AMP_ALERTMANAGER = _program(5, 9093)
GRAFANA_ALERTMANAGER = _program(6, 9093)
BLACKBOX = _program(7, 9115)
PAGER = _program(8, 8080)
PAGER_MAIL = _program(8, 2525)
WORLD = _program(9, 8080)
EC2 = _program(10, 5000)
DOOR = _program(11, 443)
# The collector's way into AMP passes here, so that a drill can close it.
REMOTE_WRITE = _program(12, 9090)
WALL = _program(13, 3000)
# Grafana itself, with `up --grafana`.
GRAFANA = _program(14, 3000)
# The cluster's control plane, with `up --cluster`.
ETCD = _program(15, 2379)
ETCD_PEER = _program(15, 2380)
KUBE_API = _program(16, 6443)
KUBE_CONTROLLER_MANAGER = _program(17, 10257)
KUBE_SCHEDULER = _program(18, 10259)
KWOK = _program(19, 10247)
# The mesh's control plane, with `up --mesh`.
ISTIOD = _program(20, 15012)
ISTIOD_HTTP = _program(20, 8080)
ISTIOD_METRICS = _program(20, 15014)
ISTIOD_WEBHOOK = _program(20, 15017)
ISTIOD_CONTROL = _program(20, 9876)
# What tells the collector's stand-ins of the cluster's pods.
FOLLOWER = _program(21, 8080)
# The metrics of a control plane of the mesh, as the simulated world has them.
SIMULATED_ISTIOD = _program(22, 15014)
# Who asks the store as customers do, with `up --mesh`.
LOAD = _program(23, 8080)
# A Prometheus on the past of another, while `backtest` asks it.
BACKTEST = _program(24, 9090)
REMOTE_WRITE_RELAY = "remote-write"
# What every rehearsal on this machine listens on, whatever its stack.
FIXED = (
    AMP,
    EVALUATOR,
    *AGENTS,
    AMP_ALERTMANAGER,
    GRAFANA_ALERTMANAGER,
    BLACKBOX,
    PAGER,
    PAGER_MAIL,
    WORLD,
    EC2,
    DOOR,
    REMOTE_WRITE,
    WALL,
    GRAFANA,
    SIMULATED_ISTIOD,
)
# And one with a cluster.
OF_A_CLUSTER = (
    ETCD,
    ETCD_PEER,
    KUBE_API,
    KUBE_CONTROLLER_MANAGER,
    KUBE_SCHEDULER,
    KWOK,
    FOLLOWER,
)
# And one with a mesh, but for its proxies.
OF_A_MESH = (ISTIOD, ISTIOD_HTTP, ISTIOD_METRICS, ISTIOD_WEBHOOK, ISTIOD_CONTROL)

STORE_NETWORK = _network(30)
HOST_NETWORK = _network(40)
# A proxy takes its workload's calls to others here, and tells of itself.
PROXY_NETWORK = _network(31)

# The proxy of a pod in the mesh serves its metrics here.
PROXY_PORT = 15020
NODE_PORT = 9100


# Where a pod is that has an address, and in which nothing runs.
DEAD_POD = str(STORE_NETWORK.network_address + (255 << 8) + 1)


def store_host(position: int) -> str:
    """The loopback host of the store's service at `position`, counted from 0."""
    return _nth(STORE_NETWORK, position)


def proxy_host(position: int) -> str:
    """The loopback host of the mesh's proxy at `position`, counted from 0."""
    return _nth(PROXY_NETWORK, position)


def instance_host(position: int) -> str:
    """The loopback host of the EC2 instance at `position`, counted from 0."""
    return _nth(HOST_NETWORK, position)


def _nth(network: IPv4Network, position: int) -> str:
    # The first four addresses of a subnet are the cloud's own in a VPC, and moto keeps them.
    return str(IPv4Address(int(network.network_address) + 10 + position))
