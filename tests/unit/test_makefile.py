"""What `make` does, with stand-ins for the programs that it runs."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import yaml

from offline.render import PROJECT
from tests.children import running

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")

_PLAYED = "tests/rehearsal/test_drills_played.py"
_PARTS = "tests/rehearsal tests/pipeline"
_OTHERS = "--ignore tests/rehearsal --ignore tests/pipeline --ignore tests/rules"
# What `python` does here: it notes its arguments, and fails or waits where a test wants that.
_PYTHON = """\
#!/bin/bash
echo "$*" >> ran
case "$*" in
  *".vacant") exit "$TAKEN" ;;
  *" tools") exit "$TOOLS" ;;
  *"ruff check ."*) exit "${STYLE:-0}" ;;
  *"-m drill "*) trap 'echo ended >> ran; exit 2' TERM; touch playing
    [ -z "$WAIT" ] || for _ in {1..300}; do sleep 0.1; done ;;
  *"-m not variant tests/rules") trap 'echo ended >> ran; exit 2' TERM; touch judging
    echo "judged $JUDGED"
    [ -z "$WAIT" ] || for _ in {1..300}; do sleep 0.1; done; exit "$JUDGED" ;;
  *"--every-proof -m cluster"*"/test_cluster_rolls.py"*) echo "network $GALLERY_NETWORK"
    case "$*" in *--ignore*) ;; *) exit "$HALF" ;; esac ;;
  *"-m not drill and"*) until [ -e playing ] && [ -e judging ]; do sleep 0.1; done
    echo "SKIPPED [1] no promtool"; [ -z "$WAIT" ] || exec sleep 60 ;;
esac
"""
# What `python3` does: it makes an environment, as `venv` does, and notes that.
_SYSTEM_PYTHON = """\
#!/bin/bash
echo "python3 $*" >> ran
case "$*" in
  "-m venv --clear .venv" | "-m venv --clear policy/.venv") ;;
  *) exit 1 ;;
esac
mkdir -p "$4"
rm -rf "$4"/*
mkdir "$4/bin"
cp installer "$4/bin/python"
"""
# What stands in for `python` while packages are installed.
_INSTALLER = """\
#!/bin/bash
echo "$*" >> ran
case "$*" in
  *"-m uv pip install"*) [ -z "$WAIT" ] || { : > installing; exec sleep 60; }; exit "$FAILS" ;;
esac
"""
_WITHOUT_PIP = """\
#!/bin/bash
echo "No module named $2" >&2
exit 1
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


def _make(
    project: Path, target: str = "test", **settings: str
) -> AbstractContextManager[subprocess.Popen[str]]:
    statuses = dict.fromkeys(("TAKEN", "TOOLS", "FAILS", "JUDGED", "HALF", "STYLE"), "0")
    environment = {**statuses, "WAIT": "", **settings}
    return running(
        # As from a terminal, wherever these tests themselves are run.
        ["env", "--default-signal=INT", "make", target],
        cwd=project,
        env={"PATH": f"{project / 'programs'}:{os.environ['PATH']}", **environment},
        stderr=subprocess.STDOUT,
    )


@pytest.fixture
def clone(project: Path) -> Path:
    """A project in which nothing was installed."""
    shutil.rmtree(project / ".venv")
    (project / "programs").mkdir()
    for name, text in (("programs/python3", _SYSTEM_PYTHON), ("installer", _INSTALLER)):
        (project / name).write_text(text)
        (project / name).chmod(0o755)
    return project


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
    assert {
        f"-m pytest -m drill {_PLAYED}",
        f"-m pytest -m drill tests/rehearsal --ignore {_PLAYED}",
        "-m pytest -m not variant tests/rules",
        "-m pytest -m cluster tests/rehearsal",
        f"-m pytest -m not drill and not cluster {_PARTS}",
        f"-m pytest -m not drill and not cluster {_OTHERS}",
    } <= set(_ran(project))
    assert "skipped, and why:\nSKIPPED [1] no promtool\n" in output


def test_an_interruption_ends_what_is_played_beside(project: Path) -> None:
    with _make(project, WAIT="yes") as process:
        assert process.stdout
        assert any("SKIPPED" in line for line in process.stdout)
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=30)
    assert process.returncode
    assert _ran(project)[-3:] == ["ended"] * 3


def test_after_a_fault_of_style_nothing_is_begun(project: Path) -> None:
    with _make(project, STYLE="1") as process:
        process.communicate(timeout=60)
    assert process.returncode
    assert not [line for line in _ran(project) if "pytest" in line]


def test_what_fails_beside_all_other_tests_is_shown_and_fails_them(project: Path) -> None:
    with _make(project, JUDGED="1") as process:
        output, _ = process.communicate(timeout=60)
    assert process.returncode
    assert "\njudged 1\n" in output


@pytest.mark.parametrize("fails", ["0", "1"])
def test_both_halves_of_what_a_cluster_judges_are_shown_and_either_fails(
    project: Path, fails: str
) -> None:
    with _make(project, "proof", HALF=fails) as process:
        output, _ = process.communicate(timeout=60)
    assert bool(process.returncode) == (fails == "1")
    # One beside the other, each on addresses of its own.
    assert [line for line in output.splitlines() if line.startswith("network")] == [
        "network ",
        "network 1",
    ]
    asked = [line for line in _ran(project) if "--every-proof" in line]
    assert len(asked) == 2
    halves = [{part for part in line.split() if part.startswith("tests/")} for line in asked]
    assert halves[0] == halves[1]


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


def _done(project: Path, target: str, **settings: str) -> str:
    """What a target prints that succeeds."""
    with _make(project, target, **settings) as process:
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    return output


def _waited_for(file: Path) -> None:
    deadline = time.monotonic() + 30
    while not file.exists():
        assert time.monotonic() < deadline, f"{file} never came"
        time.sleep(0.05)


def test_an_environment_without_pip_is_made_anew(clone: Path) -> None:
    half = clone / ".venv" / "bin" / "python"
    half.parent.mkdir(parents=True)
    half.write_text(_WITHOUT_PIP)
    half.chmod(0o755)
    _done(clone, "install")
    assert "-m venv --clear" in _ran(clone)[0]
    assert (clone / ".venv" / ".installed").exists()


def test_what_the_policies_need_is_installed_apart(clone: Path) -> None:
    (clone / "policy").mkdir()
    (clone / "policy" / "requirements.txt").touch()
    _done(clone, "policy")
    made, *installed = _ran(clone)
    assert made == "python3 -m venv --clear policy/.venv"
    assert [line.split()[-1] for line in installed] == ["policy/requirements.txt"]
    assert _done(clone, "policy") == "make: Nothing to be done for 'policy'.\n"


def test_what_is_installed_has_a_program_of_one_name_that_works_anywhere(
    clone: Path, tmp_path: Path
) -> None:
    _done(clone, "install")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    subprocess.run([clone / ".venv" / "bin" / "rehearsal", "down"], cwd=elsewhere, check=True)
    assert (elsewhere / "ran").read_text() == "-m rehearsal down\n"


@pytest.mark.parametrize("before", [False, True], ids=["the first", "a later one"])
def test_an_install_that_was_interrupted_is_begun_anew(clone: Path, before: bool) -> None:  # noqa: FBT001
    if before:
        _done(clone, "install")
        (clone / "requirements.txt").write_text("a-new-package\n")
        os.utime(clone / ".venv" / ".installed", (0, 0))
    with _make(clone, "install", WAIT="yes") as process:
        _waited_for(clone / "installing")
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=30)
    assert process.returncode
    (clone / "ran").write_text("")
    _done(clone, "install")
    assert [line.split()[:3] for line in _ran(clone)] == [
        ["python3", "-m", "venv"],
        ["-m", "pip", "install"],
        ["-m", "uv", "pip"],
    ]
    assert _done(clone, "install") == "make: Nothing to be done for 'install'.\n"


@pytest.mark.parametrize("fails", ["0", "1"], ids=["can be had", "cannot be had"])
def test_what_was_installed_is_kept_where_requirements_change(clone: Path, fails: str) -> None:
    _done(clone, "install")
    os.utime(clone / ".venv" / ".installed", (0, 0))
    with _make(clone, "install", FAILS=fails) as process:
        process.communicate(timeout=60)
    assert bool(process.returncode) == (fails == "1")
    os.utime(clone / ".venv" / ".installed", (0, 0))
    (clone / "ran").write_text("")
    _done(clone, "install")
    assert not [line for line in _ran(clone) if "venv --clear" in line]
    assert _ran(clone)


def test_of_two_installs_at_once_the_second_waits_for_the_first(clone: Path) -> None:
    with _make(clone, "install", WAIT="yes") as first:
        _waited_for(clone / "installing")
        with _make(clone, "install") as second:
            with pytest.raises(subprocess.TimeoutExpired):
                second.wait(timeout=1)
            assert len([line for line in _ran(clone) if line.startswith("python3")]) == 1
            os.killpg(first.pid, signal.SIGINT)
            second.communicate(timeout=30)
            assert second.returncode == 0


@pytest.mark.parametrize("target", ["status", "down"])
def test_where_nothing_was_ever_installed_nothing_is_up(clone: Path, target: str) -> None:
    _done(clone, target)
    assert _ran(clone) == []


def test_the_commit_hook_runs_what_make_lint_runs(project: Path) -> None:
    config = yaml.safe_load((PROJECT / ".pre-commit-config.yaml").read_text())
    hooks = [hook for repository in config["repos"] for hook in repository["hooks"]]
    _done(project, "lint")
    linted = _ran(project)
    (project / "ran").write_text("")
    for hook in hooks:
        subprocess.run(["bash", "-c", hook["entry"]], cwd=project, check=True)
    assert _ran(project) == linted
    assert len(linted) > 1
