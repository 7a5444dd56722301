"""The platform as a whole: up, up again, interrupted, down, and nothing left."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from offline.errors import UserError
from rehearsal.machine import platform
from rehearsal.machine.addresses import AMP, BLACKBOX, Address
from rehearsal.machine.ec2 import Ec2Client
from rehearsal.machine.platform import addresses, down, up
from rehearsal.machine.processes import ports
from rehearsal.machine.processes.identity import marked
from rehearsal.machine.processes.journal import Child
from rehearsal.machine.processes.supervisor import Supervisor
from rehearsal.machine.queries import PrometheusClient
from rehearsal.machine.tools import ROOT, Tool
from rehearsal.machine.vacant import refuse_occupied
from rehearsal.stand_in.instances import Instance
from tests.children import running

pytestmark = pytest.mark.drill

_UP = (
    "import sys; from pathlib import Path; from rehearsal import __main__;"
    "from rehearsal.machine import platform;"
    "platform.STATE = Path(sys.argv[1]);"
    "platform.up.__defaults__ = (platform.STATE,);"
    "sys.exit(__main__.main(['up', '--stack', 'dev']))"
)


@pytest.fixture
def state(tools: Mapping[Tool, Path], tmp_path: Path) -> Iterator[Path]:
    assert tools
    refuse_occupied()
    yield tmp_path / "state"
    down(tmp_path / "state")


def _listening(state: Path) -> list[Address]:
    journal = Supervisor(state).journal()
    entries = () if journal is None else journal.entries
    return [address for entry in entries for address in entry.child.listens]


def _quiet(_line: str) -> None:
    """Nobody reads the progress of a test."""


def _kill(supervisor: Supervisor, name: str) -> None:
    journal = supervisor.journal()
    identity = None if journal is None else journal.entry(name).identity
    assert identity is not None
    identity.send(signal.SIGKILL)
    while identity.alive():
        time.sleep(0.01)


def test_it_comes_up_without_credentials_stays_one_and_goes_without_a_trace(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "PROFILE", "REGION", "ENDPOINT_URL"):
        monkeypatch.setenv(f"AWS_{name}", "poison")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    shown = up("dev", _quiet, state)
    assert shown == addresses(state)
    taken = _listening(state)
    assert not any(ports.is_free(address) for address in taken)
    assert all(target.health == "up" for target in PrometheusClient(AMP).targets())
    successes = PrometheusClient(AMP).query("probe_success")
    assert {sample.value for sample in successes} == {1.0}
    # The past that a usual band needs is there, and does not keep the present out.
    past = PrometheusClient(AMP).query("count_over_time(gallery:host_receive_bytes:rate5m[7d])")
    assert [sample.value for sample in past if sample.value > 300]

    lines = list[str]()
    before = Supervisor(state).journal()
    assert up("dev", lines.append, state) == shown
    assert lines == ["stack dev is already up"]
    assert Supervisor(state).journal() == before
    with pytest.raises(UserError, match="stack dev is up; stop it first"):
        up("prod", _quiet, state)

    Supervisor(state).stop("prober", signal.SIGKILL)
    with pytest.raises(UserError, match="prober stopped running"):
        up("dev", _quiet, state)

    assert "amp" in down(state)
    assert all(ports.is_free(address) for address in taken)
    assert marked(state) == []
    assert down(state) == []


def test_a_taken_port_leaves_nothing_running(state: Path) -> None:
    with (
        socket.create_server((BLACKBOX.host, BLACKBOX.port)),
        pytest.raises(UserError) as fault,
    ):
        up("dev", _quiet, state)
    assert f"{BLACKBOX}, where prober would listen, is taken by {os.getpid()}" in str(fault.value)
    assert marked(state) == []
    assert Supervisor(state).journal() is None


def test_a_child_that_dies_during_up_leaves_nothing_running(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    derive = platform.derive

    def spoil(deployed: Path, out: Path, **options: Any) -> None:  # noqa: ANN401 - passed on
        derive(deployed, out, **options)
        (out / "collector" / "blackbox.yml").write_text("modules: telepathy\n")

    monkeypatch.setattr(platform, "derive", spoil)
    with pytest.raises(UserError, match="prober died") as fault:
        up("dev", _quiet, state)
    assert "telepathy" in str(fault.value)
    assert marked(state) == []


def test_an_ec2_that_dies_before_it_has_instances_leaves_nothing_running(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare = Ec2Client.prepare

    def murder(client: Ec2Client, instances: Iterable[Instance]) -> None:
        _kill(Supervisor(state), "ec2")
        prepare(client, instances)

    monkeypatch.setattr(Ec2Client, "prepare", murder)
    with pytest.raises(UserError, match=r"ec2 died while starting \(signal 9\)"):
        up("dev", _quiet, state)
    assert marked(state) == []


def test_a_child_that_dies_once_it_was_ready_leaves_nothing_running(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    launch = Supervisor.launch

    def murder(
        supervisor: Supervisor, children: Sequence[Child], progress: Callable[[str], None]
    ) -> None:
        launch(supervisor, children, progress)
        _kill(supervisor, "world")

    monkeypatch.setattr(Supervisor, "launch", murder)
    with pytest.raises(UserError, match=r"world died while starting \(signal 9\)"):
        up("dev", _quiet, state)
    assert marked(state) == []


@contextmanager
def _coming_up(state: Path) -> Generator[subprocess.Popen[str], None, None]:
    """`up` as another process, told to end with the test however that ends."""
    command = [sys.executable, "-c", _UP, str(state)]
    with running(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.communicate(timeout=30)


@pytest.mark.parametrize(
    "moment", ["nothing is deployed", "rendering stack", " is ready", "waiting for"]
)
def test_an_interruption_at_any_moment_leaves_nothing_running(state: Path, moment: str) -> None:
    with _coming_up(state) as process:
        assert process.stderr
        assert any(moment in line for line in process.stderr)
        process.send_signal(signal.SIGINT)
        errors = process.stderr.read()
        process.wait(timeout=30)
    assert process.returncode == 130, errors
    assert errors.strip().endswith("rehearsal: interrupted")
    assert "Traceback" not in errors
    assert marked(state) == []
    assert ports.is_free(AMP)


def test_two_at_once_do_not_mix(state: Path) -> None:
    state.mkdir(parents=True)
    with _coming_up(state) as process:
        # Importing Pulumi comes first, and may take its time on a machine that is busy.
        deadline = time.monotonic() + 60
        while Supervisor(state).journal() is None:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        with pytest.raises(UserError, match="another `up` or `down` is at work"):
            up("dev", _quiet, state)
    assert process.returncode == 130
    assert marked(state) == []
