"""Children start, are found again, and never stay behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from offline.errors import UserError
from rehearsal.machine import platform
from rehearsal.machine.addresses import Address
from rehearsal.machine.lock import alone
from rehearsal.machine.processes import ports
from rehearsal.machine.processes.identity import Identity, marked
from rehearsal.machine.processes.journal import Child
from rehearsal.machine.processes.supervisor import Supervisor

_SERVE = """
import http.server, sys
class Quiet(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(ENVIRONMENT)
import os
ENVIRONMENT = repr(dict(os.environ)).encode()
http.server.HTTPServer((sys.argv[1], int(sys.argv[2])), Quiet).serve_forever()
"""


def _server(name: str, address: Address, directory: Path) -> Child:
    return Child(
        name=name,
        command=(sys.executable, "-c", _SERVE, address.host, str(address.port)),
        directory=str(directory),
        listens=(address,),
        ready=address.url("/"),
    )


def _failing(name: str, code: str, directory: Path, address: Address) -> Child:
    return Child(
        name=name,
        command=(sys.executable, "-c", code),
        directory=str(directory),
        listens=(address,),
        ready=address.url("/"),
    )


def test_a_child_runs_on_without_its_starter_and_is_stopped_by_another(
    supervisor: Supervisor, free: Callable[[], Address], tmp_path: Path
) -> None:
    address = free()
    supervisor.launch([_server("one", address, tmp_path)])
    assert not ports.is_free(address)
    later = Supervisor(supervisor.directory)
    assert later.stop_all() == ["one"]
    assert ports.is_free(address)
    assert marked(supervisor.directory) == []
    assert later.stop_all() == []


def test_a_taken_address_is_named_with_its_holder_before_anything_starts(
    supervisor: Supervisor, free: Callable[[], Address], tmp_path: Path
) -> None:
    fine, taken = free(), free()
    with socket.create_server((taken.host, taken.port)):
        children = [_server("fine", fine, tmp_path), _server("late", taken, tmp_path)]
        with pytest.raises(UserError) as fault:
            supervisor.launch(children)
    assert str(taken) in str(fault.value)
    assert "late" in str(fault.value)
    assert str(os.getpid()) in str(fault.value)
    assert marked(supervisor.directory) == []


def test_a_program_that_listens_everywhere_takes_the_port_on_every_address(
    free: Callable[[], Address],
) -> None:
    address = free()
    with socket.create_server(("0.0.0.0", address.port)):  # noqa: S104 - that is the point
        assert not ports.is_free(address)
        assert str(os.getpid()) in str(ports.holder(address))


def test_a_child_that_dies_is_named_with_its_status_and_the_end_of_its_log(
    supervisor: Supervisor, free: Callable[[], Address], tmp_path: Path
) -> None:
    code = "import sys; print('the disk is made of cheese'); sys.exit(7)"
    with pytest.raises(UserError) as fault:
        supervisor.launch([_failing("moody", code, tmp_path, free())])
    message = str(fault.value)
    assert "moody died" in message
    assert "exit status 7" in message
    assert "the disk is made of cheese" in message


def test_a_missing_program_is_named(
    supervisor: Supervisor, free: Callable[[], Address], tmp_path: Path
) -> None:
    address = free()
    child = Child(
        name="ghost",
        command=(str(tmp_path / "no-such-program"),),
        directory=str(tmp_path),
        listens=(address,),
        ready=address.url("/"),
    )
    with pytest.raises(UserError, match=r"ghost cannot start: .*no-such-program is missing"):
        supervisor.launch([child])


def test_a_program_that_cannot_be_executed_is_named_with_the_cure(
    supervisor: Supervisor, free: Callable[[], Address], tmp_path: Path
) -> None:
    foreign = tmp_path / "of-another-machine"
    foreign.write_bytes(b"\x7fELF of another machine")
    foreign.chmod(0o755)
    child = replace(_server("alien", free(), tmp_path), command=(str(foreign),))
    with pytest.raises(UserError) as fault:
        supervisor.launch([child])
    assert str(fault.value) == (
        f"alien cannot start: {foreign}: Exec format error; "
        "put a program that works before it on PATH, or remove it"
    )


def test_a_child_that_was_never_written_down_is_stopped_too(
    supervisor: Supervisor, free: Callable[[], Address], tmp_path: Path
) -> None:
    supervisor.launch([_server("one", free(), tmp_path)])
    # As if the start had been interrupted between the fork and the note.
    supervisor.begin("test", "as it was")
    assert len(marked(supervisor.directory)) == 1
    supervisor.stop_all()
    assert marked(supervisor.directory) == []


@pytest.mark.parametrize("text", ['{"stack": "de', '{"stack": "dev", "entries": []}', "", "\xff"])
def test_a_journal_that_cannot_be_read_is_named_and_keeps_nothing_running(
    supervisor: Supervisor, free: Callable[[], Address], tmp_path: Path, text: str
) -> None:
    supervisor.launch([_server("one", free(), tmp_path)])
    supervisor.state_file.write_text(text, encoding="latin-1")
    with pytest.raises(UserError, match=r"state\.json is damaged.*make down"):
        supervisor.journal()
    assert [sys.executable in stopped for stopped in supervisor.stop_all()] == [True]
    assert marked(supervisor.directory) == []
    assert supervisor.journal() is None


def test_a_child_that_ignores_a_polite_end_is_killed(
    supervisor: Supervisor,
    free: Callable[[], Address],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("rehearsal.machine.processes.supervisor.END_WITHIN_SECONDS", 0.3)
    address = free()
    stubborn = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + _SERVE
    child = _server("stubborn", address, tmp_path)
    command = (sys.executable, "-c", stubborn, address.host, str(address.port))
    supervisor.launch([replace(child, command=command)])
    supervisor.stop_all()
    assert marked(supervisor.directory) == []


def test_one_child_is_killed_and_started_again_as_another_process(
    supervisor: Supervisor, free: Callable[[], Address], tmp_path: Path
) -> None:
    first, second = free(), free()
    supervisor.launch([_server("one", first, tmp_path), _server("two", second, tmp_path)])
    before = supervisor.journal()
    supervisor.stop("one", signal.SIGKILL)
    assert ports.is_free(first)
    assert not ports.is_free(second)
    supervisor.start("one")
    after = supervisor.journal()
    assert before is not None
    assert after is not None
    assert after.entry("one").alive()
    assert after.entry("one").identity != before.entry("one").identity
    assert after.entry("two") == before.entry("two")
    with pytest.raises(UserError, match="already running"):
        supervisor.start("one")
    supervisor.stop("two")
    with pytest.raises(UserError, match="there are: one, two"):
        supervisor.stop("three")


def test_a_child_that_was_removed_is_missed_by_nobody(
    supervisor: Supervisor, free: Callable[[], Address], tmp_path: Path
) -> None:
    supervisor.launch([_server("one", free(), tmp_path), _server("two", free(), tmp_path)])
    supervisor.remove("one")
    opened = supervisor.journal()
    assert opened is not None
    assert [entry.child.name for entry in opened.entries] == ["two"]
    assert not opened.stopped()
    assert len(marked(supervisor.directory)) == 1
    with pytest.raises(UserError, match="no program is called 'one'"):
        supervisor.remove("one")


def test_what_another_user_runs_is_named_and_left_as_it_is(
    supervisor: Supervisor,
    free: Callable[[], Address],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    supervisor.launch([_server("one", free(), tmp_path)])
    (running,) = marked(supervisor.directory)
    cure = rf"(?s){running.pid} \(.*\) was started by .*; run this as that user"
    with monkeypatch.context() as as_another:
        as_another.setattr(os, "kill", refuse)
        with pytest.raises(UserError, match=cure):
            platform.down(supervisor.directory)
        with pytest.raises(UserError, match=cure):
            supervisor.stop_all()
    # It is theirs too, and would be refused without a word of whose.
    assert not (supervisor.directory / "lock").exists()
    assert running.alive()
    assert supervisor.journal() is not None


def test_a_lock_of_another_user_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "open", refuse)
    with (
        pytest.raises(UserError, match=f"you may not write {tmp_path}/lock; run this as"),
        alone(tmp_path / "lock", "taken"),
    ):
        pass


def test_a_process_that_got_the_number_of_a_dead_one_is_left_alone() -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        identity = Identity.of(process.pid)
        assert identity is not None
        stranger = Identity(identity.pid, identity.start_ticks - 1)
        assert not stranger.alive()
        assert not stranger.send(signal.SIGKILL)
        assert process.poll() is None
        assert identity.send(signal.SIGKILL)


def test_a_child_sees_no_credentials_and_no_proxy(
    supervisor: Supervisor,
    free: Callable[[], Address],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "poison")
    monkeypatch.setenv("http_proxy", "http://poison:1")
    supervisor.launch([_server("one", free(), tmp_path)])
    journal = supervisor.journal()
    assert journal is not None
    identity = journal.entry("one").identity
    assert identity is not None
    assert b"poison" not in Path(f"/proc/{identity.pid}/environ").read_bytes()
