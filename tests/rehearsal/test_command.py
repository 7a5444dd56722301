"""`python -m rehearsal`, as a person or a Makefile meets it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from offline.render import PROJECT
from rehearsal.__main__ import main
from rehearsal.machine import platform
from rehearsal.machine.addresses import Address
from rehearsal.machine.processes import journal
from rehearsal.machine.processes.identity import Identity, marked
from rehearsal.machine.processes.journal import Child, Entry, Journal
from rehearsal.machine.processes.supervisor import Supervisor
from rehearsal.machine.tools import Tool


def _entry(name: str, identity: Identity | None) -> Entry:
    address = Address("127.0.0.1", 1)
    child = Child(name=name, command=("true",), directory="/", listens=(address,), ready="tcp://")
    return Entry(child, identity)


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(platform, "STATE", tmp_path)
    return tmp_path


def _status(capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, str]]:
    """The exit status, and the line of each program."""
    exit_status = main(["status"])
    lines = capsys.readouterr().out.splitlines()
    return exit_status, {line.split()[0]: line for line in lines if line.startswith("  ")}


def test_status_says_of_each_program_whether_it_runs(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = Identity.of(os.getpid())
    assert own is not None
    gone = Identity(own.pid, own.start_ticks - 1)
    entries = (_entry("here", own), _entry("gone", gone), _entry("never", None))
    journal.write(state / "state.json", Journal("dev", "a digest", entries[:1]))
    exit_status, shown = _status(capsys)
    assert exit_status == 0
    assert " running " in shown["here"]
    assert str(os.getpid()) in shown["here"]
    journal.write(state / "state.json", Journal("dev", "a digest", entries))
    exit_status, shown = _status(capsys)
    assert exit_status == 1
    assert " running " in shown["here"]
    for name in ("gone", "never"):
        assert " NOT RUNNING " in shown[name]
        assert " running " not in shown[name]


@pytest.mark.usefixtures("state")
def test_status_of_nothing_says_so_and_is_no_fault(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status"]) == 0
    assert capsys.readouterr().out == "nothing is up\n"


def _said(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "rehearsal", *arguments],
        cwd=PROJECT,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
    )


def test_help_names_every_command_and_what_its_exit_status_says() -> None:
    done = _said("--help")
    assert done.returncode == 0
    for command in ("render", "up", "drill", "status", "down", "tools"):
        assert f" {command} " in done.stdout
    assert "130: interrupted" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["up"], "Missing option '--stack'"),
        (["frob"], "No such command 'frob'"),
        (["down", "--hard"], "No such option: --hard"),
    ],
    ids=["nothing", "a command", "an option"],
)
def test_what_is_not_asked_for_as_it_must_be_is_named(arguments: list[str], words: str) -> None:
    done = _said(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("rehearsal dri", {"drill"}),
        ("rehearsal drill host-d", {"host-down"}),
        ("rehearsal drill endpoint-down --service cart", {"cartservice"}),
        ("rehearsal up --stack p", {"prod"}),
    ],
)
def test_a_shell_completes_commands_scenarios_services_and_stacks(
    typed: str, offered: set[str]
) -> None:
    words = {"COMP_WORDS": typed, "COMP_CWORD": str(typed.count(" "))}
    done = _said(_REHEARSAL_COMPLETE="complete_bash", **words)
    assert set(done.stdout.split()) == offered


@pytest.mark.parametrize("command", ["status", "--help"])
def test_what_only_looks_waits_for_no_library_that_it_does_not_need(command: str) -> None:
    slow = ("aiosmtpd", "httpx", "moto", "pulumi", "starlette", "uvicorn")
    code = (
        f"import sys; from rehearsal.__main__ import main; main([{command!r}]); "
        f"print(sorted(set({slow!r}) & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.stderr == "[]\n"


@pytest.fixture
def ec2(free: Callable[[], Address]) -> Address:
    """Where the copy's first program would listen."""
    return free()


@pytest.fixture
def project(ec2: Address, tmp_path: Path) -> Iterator[Path]:
    """A copy of the project, which shares neither state nor address with a rehearsal."""
    copy = tmp_path / "gallery"
    for part in ("gallery", "offline", "rehearsal", "stacks"):
        shutil.copytree(PROJECT / part, copy / part)
    plan = copy / "rehearsal" / "machine" / "addresses.py"
    usual = "EC2 = _program(10, 5000)\n"
    assert usual in plan.read_text()
    plan.write_text(plan.read_text().replace(usual, f"EC2 = {ec2!r}\n"))
    yield copy
    Supervisor(copy / "build" / "rehearsal").stop_all()


def _refusal(project: Path, stack: str, path: str) -> str:
    """What `up` says before it gives up, having left nothing behind."""
    done = subprocess.run(
        [sys.executable, "-m", "rehearsal", "up", "--stack", stack],
        cwd=project,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    assert "Traceback" not in done.stderr
    [said] = [line for line in done.stderr.splitlines() if line.startswith("rehearsal: ")]
    state = project / "build" / "rehearsal"
    assert not (state / "state.json").exists()
    assert marked(state) == []
    return done.stderr[done.stderr.index(said) :]


@pytest.fixture
def path(tools: Mapping[Tool, Path], tmp_path: Path) -> str:
    """A PATH on which every tool is."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for place in tools.values():
        (programs / place.name).symlink_to(place)
    return f"{programs}:{os.environ['PATH']}"


def test_a_stack_without_a_file_is_refused_with_the_nearest(project: Path, path: str) -> None:
    assert _refusal(project, "dve", path) == (
        'rehearsal: stack "dve" has no file; did you mean "dev"? allowed: dev, openshift, prod\n'
    )


def test_a_taken_port_is_refused_with_whoever_has_it(
    project: Path, path: str, ec2: Address
) -> None:
    with socket.create_server((ec2.host, ec2.port)):
        said = _refusal(project, "dev", path)
    assert f"{ec2}, where ec2 would listen, is taken by {os.getpid()} " in said


def test_a_missing_program_is_refused_with_its_package(project: Path, tmp_path: Path) -> None:
    said = _refusal(project, "dev", str(tmp_path / "nowhere"))
    assert "  prometheus (Debian package prometheus)\n" in said
    assert "Install them and put them on PATH" in said
