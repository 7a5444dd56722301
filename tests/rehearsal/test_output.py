"""What cannot be written is told in one message."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from offline.errors import UserError
from offline.out_directory import refuse_unfillable
from rehearsal.machine.tools import ROOT

_COMMAND = """
import errno, sys
from rehearsal.machine import interruption

def command():
    %s
    return 0

sys.exit(interruption.exit_status("rehearsal", command))
"""
_WRITES = "print('a line')"


def _run(code: str, *, out: int = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", _COMMAND % code],
        cwd=ROOT,
        stdout=out,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )


def test_a_place_that_is_a_directory_or_can_become_one_is_taken(tmp_path: Path) -> None:
    refuse_unfillable(tmp_path)
    refuse_unfillable(tmp_path / "a" / "b")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["file", "file/below", "dangling"])
def test_a_place_that_can_be_no_directory_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    with pytest.raises(UserError, match=f"{name} cannot be filled: .* is no directory"):
        refuse_unfillable(tmp_path / name)


def test_a_place_that_may_not_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> bool:
        return False

    monkeypatch.setattr(os, "access", refuse)
    with pytest.raises(UserError, match=f"you may not write into {tmp_path}; choose"):
        refuse_unfillable(tmp_path / "out")


def test_rendering_into_a_file_is_refused_in_one_message(tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.touch()
    done = subprocess.run(
        [sys.executable, "-m", "rehearsal", "render", "--stack", "dev", "--out", str(place)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == (
        f"rehearsal: {place} cannot be filled: {place} is no directory; choose another place\n"
    )


def test_a_disk_that_is_full_is_told_in_one_message() -> None:
    with Path("/dev/full").open("wb") as full:
        done = _run(_WRITES, out=full.fileno())
    assert (done.returncode, done.stderr) == (
        1, "rehearsal: No space left on device; make room on the disk\n",
    )  # fmt: skip


def test_a_place_that_turns_out_to_be_closed_is_named() -> None:
    done = _run("raise PermissionError(errno.EACCES, 'Permission denied', '/a/place')")
    assert done.returncode == 1
    assert done.stderr.startswith("rehearsal: /a/place: Permission denied; choose a place")


@pytest.mark.parametrize("code", [_WRITES, f"{_WRITES}; sys.stdout.flush()"])
def test_a_reader_that_has_left_is_told_of_in_one_message(code: str) -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        done = _run(code, out=write)
    finally:
        os.close(write)
    assert done.returncode == 1
    assert done.stderr.startswith("rehearsal: Broken pipe; ")
    assert done.stderr.count("\n") == 1


def test_nobody_left_to_be_told_is_no_further_fault() -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            [sys.executable, "-c", _COMMAND % _WRITES],
            cwd=ROOT,
            stdout=write,
            stderr=write,
            check=False,
        )
    finally:
        os.close(write)
    assert done.returncode == 1


def test_a_fault_of_the_program_itself_keeps_its_traceback() -> None:
    done = _run("open('/no/such/file')")
    assert "Traceback" in done.stderr
