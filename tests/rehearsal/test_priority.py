"""What gives way to others does so with all that it starts."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from offline.render import PROJECT
from rehearsal.machine.addresses import Address

_GROUPS = Path("/proc/sys/kernel/sched_autogroup_enabled")
_START = """
import sys
from pathlib import Path
from rehearsal.machine.addresses import Address
from rehearsal.machine.processes.journal import Child
from rehearsal.machine.processes.supervisor import Supervisor
state, address = Path(sys.argv[1]), Address.parse(sys.argv[2])
supervisor = Supervisor(state)
supervisor.begin("test", "as it was")
serve = (sys.executable, "-m", "http.server", "-b", address.host, str(address.port))
listens, ready = (address,), address.url("/")
supervisor.launch(
    [Child(name="one", command=serve, directory=str(state), listens=listens, ready=ready)]
)
try:
    [one] = supervisor.journal().entries
    print(Path(f"/proc/{one.identity.pid}/autogroup").read_text())
finally:
    supervisor.stop_all()
"""


@pytest.fixture
def groups() -> None:
    if not _GROUPS.exists() or _GROUPS.read_text().strip() != "1":
        pytest.skip("this kernel does not schedule sessions as groups")


@pytest.mark.usefixtures("groups")
@pytest.mark.parametrize("niceness", ["0", "7"])
def test_a_child_has_the_niceness_of_whoever_started_it(
    niceness: str, tmp_path: Path, free: Callable[[], Address]
) -> None:
    start = [sys.executable, "-c", _START, str(tmp_path / "state"), str(free())]
    command = ["nice", "-n", niceness, *start]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    # As pytest itself may be run: a niceness adds to that of whoever starts it.
    assert done.stdout.split()[1:] == ["nice", str(min(os.nice(0) + int(niceness), 19))]
