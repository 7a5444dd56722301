"""What the simulated world consists of, as the stand-in tree describes it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from rehearsal.machine.addresses import Address


@dataclass(frozen=True, kw_only=True)
class Upstream:
    """A workload that another asks over its own proxy, which takes the request at `address`.

    `authority` is the callee's host and port, by which the proxy knows it. `methods` are HTTP verbs
    or gRPC paths, none where the callee has no requests. Where it is not `needed`, its caller does
    without an answer.
    """

    name: str
    protocol: str
    address: str
    authority: str
    methods: tuple[str, ...]
    needed: bool


@dataclass(frozen=True, kw_only=True)
class Workload:
    """A deployment of the store's namespace; one pod stands for all its replicas.

    `metrics` is where its proxy serves mesh metrics, None where it has none; `proxy` is where a
    real one does, whose metrics are served there instead. `listens` is where
    it serves, and is None for one that only calls, or that another program plays; `protocol` is
    http, grpc or tcp. `calls` names workloads; `generates` is how many requests per second it
    makes to each of them of its own accord, 0 where it calls only when called. The requests of
    one that `probes` are health checks, which lead to no further calls. `upstreams` are the calls
    that are made, where there are real proxies to make them through; elsewhere they are arithmetic.
    """

    name: str
    protocol: str
    listens: str | None
    metrics: str | None
    calls: tuple[str, ...]
    generates: float = 0.0
    probes: bool = False
    proxy: str | None = None
    upstreams: tuple[Upstream, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Door:
    """The shop's public address: answers for the workload `behind` it, by TLS, with this text."""

    listens: str
    host: str
    behind: str
    says: str


@dataclass(frozen=True, kw_only=True)
class Page:
    """Grafana's health page, by TLS: well while `asks` answers, and always where that is None."""

    listens: str
    host: str
    asks: str | None


@dataclass(frozen=True, kw_only=True)
class Relay:
    """A way between two programs that a drill can close."""

    name: str
    listens: str
    forwards: str


@dataclass(frozen=True, kw_only=True)
class Topology:
    """Everything in the world. `hosts` names EC2 instances; each gets a procfs of its own.

    `istiod` is where the mesh's control plane serves its metrics, None where no mesh is simulated;
    `load` is where the program tells of its answers that asks as customers do, None where nothing
    is asked.
    """

    control: str
    namespace: str
    workloads: tuple[Workload, ...]
    hosts: tuple[str, ...]
    relays: tuple[Relay, ...] = ()
    door: Door | None = None
    page: Page | None = None
    istiod: str | None = None
    load: str | None = None

    def write(self, path: Path) -> None:
        """Put the topology into a file."""
        path.write_bytes(_FORM.dump_json(self, indent=2) + b"\n")

    @classmethod
    def read(cls, path: Path) -> Topology:
        """The topology in a file that `write` filled."""
        return _FORM.validate_json(path.read_bytes())

    def addresses(self) -> tuple[Address, ...]:
        """Everything the world listens on."""
        texts = [self.control, *(relay.listens for relay in self.relays)]
        for workload in self.workloads:
            texts += [text for text in (workload.metrics, workload.listens) if text is not None]
        texts += [secured.listens for secured in (self.door, self.page) if secured is not None]
        texts += [self.istiod] if self.istiod else []
        return tuple(Address.parse(text) for text in texts)

    def secured_hosts(self) -> tuple[str, ...]:
        """The names that the world's certificate must carry."""
        return tuple(secured.host for secured in (self.door, self.page) if secured is not None)


_FORM = TypeAdapter(Topology)
