"""A Prometheus of one's own on the blocks of another, which it leaves as they are."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from gallery.metrics import promql
from offline.errors import UserError
from rehearsal.machine import backfill, loopback, tools
from rehearsal.machine.addresses import BACKTEST, Address
from rehearsal.machine.loopback import answered
from rehearsal.machine.processes.journal import Child
from rehearsal.machine.processes.supervisor import Supervisor
from rehearsal.machine.queries import NAME, PrometheusClient, Sampled

_PROGRAM = "prometheus"
# What is not in a block yet.
_HEAD = ("wal", "wbl", "chunks_head")
# A day of one rule; Prometheus itself gives up after two minutes.
_ANSWERS_WITHIN_SECONDS = 150.0
# It reads the index of each block, and what is not in a block yet, sample by sample.
_READY_WITHIN_SECONDS = 300.0
_KEPT = "--storage.tsdb.retention.time=100y"


@dataclass(frozen=True, kw_only=True)
class Store:
    """A Prometheus that runs on a copy of blocks, in a directory of its own."""

    directory: Path
    supervisor: Supervisor
    address: Address
    promtool: Path
    queries: PrometheusClient = field(init=False)

    def __post_init__(self) -> None:
        client = PrometheusClient(self.address, timeout=_ANSWERS_WITHIN_SECONDS)
        object.__setattr__(self, "queries", client)

    @property
    def data(self) -> Path:
        """Where its blocks are."""
        return self.directory / "data"

    def forget(self, name: str) -> None:
        """Forget every sample of that name."""
        wanted = promql.selector("", (promql.equals(NAME, name),))
        path = f"/api/v1/admin/tsdb/delete_series?{urlencode({'match[]': wanted})}"
        with answered():
            loopback.request("POST", self.address.url(path), timeout=_ANSWERS_WITHIN_SECONDS)

    def add(self, series: Iterable[Sampled]) -> None:
        """Give it samples of series that it has none of in that time. Raises UserError."""
        found = list(series)
        if found:
            backfill.write(found, self.data, self.promtool)

    def restart(self) -> None:
        """Stop it and start it anew: it finds new blocks at its start, or within a minute."""
        self.supervisor.stop(_PROGRAM, signal.SIGTERM)
        self.supervisor.start(_PROGRAM)


@contextmanager
def opened(blocks: Path, address: Address = BACKTEST) -> Generator[Store, None, None]:
    """A store on a copy of these blocks; at its end nothing of both is left.

    Raises UserError for a directory without blocks, and where Prometheus does not start.
    """
    if not any(blocks.glob("*/meta.json")) and not (blocks / _HEAD[0]).is_dir():
        raise UserError(
            f"{blocks} holds no blocks of a Prometheus; name its data directory, or better a "
            "snapshot of it (POST /api/v1/admin/tsdb/snapshot), which nobody changes meanwhile"
        )
    programs = tools.provide((tools.PROMETHEUS, tools.PROMTOOL))
    place = tools.ROOT / "build"
    place.mkdir(exist_ok=True)
    # On the disk of the blocks they take no room, so long as that is this one.
    with tempfile.TemporaryDirectory(prefix="backtest-", dir=place) as name:
        directory = Path(name)
        _copy(blocks, directory / "data")
        (directory / "prometheus.yml").write_text("global: {}\n")
        supervisor = Supervisor(directory)
        supervisor.begin("backtest", str(blocks))
        try:
            supervisor.launch([_child(directory, programs[tools.PROMETHEUS], address)])
            yield Store(
                directory=directory,
                supervisor=supervisor,
                address=address,
                promtool=programs[tools.PROMTOOL],
            )
        finally:
            supervisor.stop_all()


def _child(directory: Path, prometheus: Path, address: Address) -> Child:
    arguments = (
        f"--config.file={directory / 'prometheus.yml'}",
        f"--storage.tsdb.path={directory / 'data'}",
        f"--web.listen-address={address}",
        "--web.enable-admin-api",
        _KEPT,
    )
    return Child(
        name=_PROGRAM,
        command=(str(prometheus), *arguments),
        directory=str(directory),
        listens=(address,),
        ready=address.url("/-/ready"),
        ready_within_seconds=_READY_WITHIN_SECONDS,
    )


def _copy(blocks: Path, data: Path) -> None:
    """Blocks are written once, and may be shared; what is not in one yet is written to."""
    data.mkdir()
    try:
        for each in blocks.iterdir():
            if (each / "meta.json").is_file():
                shutil.copytree(each, data / each.name, copy_function=_link)
            elif each.name in _HEAD:
                shutil.copytree(each, data / each.name)
    except (FileNotFoundError, shutil.Error) as gone:
        raise UserError(
            f"{blocks} changed while it was copied ({gone}); take a snapshot of it by "
            "POST /api/v1/admin/tsdb/snapshot, or stop the Prometheus that has it"
        ) from None


def _link(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:
        # Another disk, or one that knows no links.
        shutil.copy2(source, target)
    return target
