"""Programs are found, fetched, or named with what to do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from offline.errors import UserError
from rehearsal.machine.tools import (
    ALERTMANAGER,
    ETCD,
    PROMETHEUS,
    Tool,
    find,
    major_version,
    provide,
)

_VERSION = "#!/bin/sh\necho 'prometheus, version 3.14.0 (branch: x)'\n"


def _program(path: Path, text: str = _VERSION) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def test_a_missing_program_is_named_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError) as fault:
        provide((PROMETHEUS, ALERTMANAGER), directory=tmp_path / "tools")
    message = str(fault.value)
    assert "prometheus (Debian package prometheus)" in message
    assert "alertmanager (Debian package prometheus-alertmanager)" in message
    assert "this is not Debian or Ubuntu" in message
    assert "put them on PATH" in message


def test_a_program_on_the_path_comes_before_an_unpacked_one_and_under_either_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    unpacked = _program(tmp_path / "tools" / "bin" / "prometheus-alertmanager")
    assert find(ALERTMANAGER, tmp_path / "tools") == unpacked
    installed = _program(tmp_path / "path" / "prometheus-alertmanager")
    assert find(ALERTMANAGER, tmp_path / "tools") == installed
    upstream = _program(tmp_path / "path" / "alertmanager")
    assert find(ALERTMANAGER, tmp_path / "tools") == upstream


def test_a_version_is_read_from_the_program(tmp_path: Path, tools: Mapping[Tool, Path]) -> None:
    assert major_version(_program(tmp_path / "prometheus")) == 3
    assert major_version(tools[PROMETHEUS]) in {2, 3}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("#!/bin/sh\necho 'no such library' >&2; exit 127\n", "no such library"),
        ("\x7fELF of another machine", "Exec format error"),
        ("#!/bin/sh\n", "exit status 0"),
    ],
)
def test_a_program_without_a_version_is_named(tmp_path: Path, text: str, words: str) -> None:
    broken = _program(tmp_path / "prometheus", text)
    with pytest.raises(UserError) as fault:
        major_version(broken)
    assert f"{broken} --version names no version" in str(fault.value)
    assert words in str(fault.value)
    assert "put a program that works before it on PATH" in str(fault.value)


def test_a_package_that_cannot_be_unpacked_is_named_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path / 'path'}:/bin")
    _program(tmp_path / "path" / "apt-get", "#!/bin/sh\ntouch prometheus_2.deb\n")
    unpack = "#!/bin/sh\necho 'dpkg-deb: unexpected end of archive' >&2; exit 2\n"
    _program(tmp_path / "path" / "dpkg-deb", unpack)
    absent = Tool(names=("prometheus-that-is-nowhere",), package="prometheus")
    with pytest.raises(UserError) as fault:
        provide((absent,), directory=tmp_path / "tools")
    message = str(fault.value)
    assert "prometheus_2.deb cannot be unpacked: dpkg-deb: unexpected end of archive" in message
    assert "prometheus (Debian package prometheus)" in message
    assert "put them on PATH" in message


def test_who_else_has_a_program_is_named_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match=r"github\.com/etcd-io/etcd/releases has them") as fault:
        provide((ETCD,), directory=tmp_path / "tools")
    assert "prometheus.io" not in str(fault.value)
