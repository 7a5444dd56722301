"""`make test`, with stand-ins for the programs that it runs."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from offline.render import PROJECT
from tests.children import running

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")

# What `python` does here: it notes its arguments, and fails or waits where a test wants that.
_PYTHON = """\
#!/bin/bash
echo "$*" >> ran
case "$*" in
  *".vacant") exit "$TAKEN" ;;
  *" tools") exit "$TOOLS" ;;
  *"-m drill") trap 'echo ended >> ran; exit 2' TERM; touch playing
    [ -z "$WAIT" ] || for _ in {1..300}; do sleep 0.1; done ;;
  *"-m not drill") until [ -e playing ]; do sleep 0.1; done
    echo "SKIPPED [1] no promtool"; [ -z "$WAIT" ] || exec sleep 60 ;;
esac
"""
_ENDED_BY_TERM = """
import time, pytest

@pytest.fixture
def standing():
    yield
    print("it lies", flush=True)

def test_it(standing):
    print("it stands", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name, text in (("python", _PYTHON), ("basedpyright", "#!/bin/sh\n")):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    for name in ("requirements.txt", "requirements-dev.txt", "ran", ".venv/.installed"):
        (tmp_path / name).touch()
    shutil.copy(PROJECT / "Makefile", tmp_path)
    return tmp_path


def _make(project: Path, **settings: str) -> AbstractContextManager[subprocess.Popen[str]]:
    environment = {"TAKEN": "0", "TOOLS": "0", "WAIT": "", **settings}
    return running(
        # As from a terminal, wherever these tests themselves are run.
        ["env", "--default-signal=INT", "make", "test"],
        cwd=project,
        env={"PATH": os.environ["PATH"], **environment},
        stderr=subprocess.STDOUT,
    )


def _ran(project: Path) -> list[str]:
    return (project / "ran").read_text().splitlines()


def test_where_the_addresses_are_taken_nothing_is_begun(project: Path) -> None:
    with _make(project, TAKEN="1") as process:
        process.communicate(timeout=60)
    assert process.returncode
    assert _ran(project) == ["-m rehearsal.machine.vacant"]


@pytest.mark.parametrize("tools", ["0", "1"])
def test_tests_run_without_the_programs_that_cannot_be_had(project: Path, tools: str) -> None:
    with _make(project, TOOLS=tools) as process:
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert {"-m pytest -m drill", "-m pytest -m not drill"} <= set(_ran(project))
    assert "skipped, and why:\nSKIPPED [1] no promtool\n" in output


def test_an_interruption_ends_what_is_played_beside(project: Path) -> None:
    with _make(project, WAIT="yes") as process:
        assert process.stdout
        assert any("SKIPPED" in line for line in process.stdout)
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=30)
    assert process.returncode
    assert _ran(project)[-1] == "ended"


def test_tests_that_are_told_to_end_take_down_what_they_put_up(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(_ENDED_BY_TERM)
    command = [sys.executable, "-m", "pytest", "-s", "-p", "tests.conftest", str(tmp_path)]
    with running(command, cwd=PROJECT, stderr=subprocess.STDOUT) as process:
        assert process.stdout
        assert any("it stands" in line for line in process.stdout)
        process.terminate()
        output, _ = process.communicate(timeout=30)
    assert process.returncode == pytest.ExitCode.INTERRUPTED
    assert "it lies" in output
