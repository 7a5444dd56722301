"""The cluster's programs are found, or built once; what cannot be is told with its cure."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from offline.errors import UserError
from rehearsal.cluster import installed
from rehearsal.cluster.cache import cache
from rehearsal.cluster.modules import KUBERNETES, KWOK, MODULES, Module, build, missing

_GO = shutil.which("go")
_HELLO = 'package main\n\nvar version = "none"\n\nfunc main() { println(version) }\n'


def _program(path: Path, text: str = "#!/bin/sh\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, a PATH without Go, and no directory of envtest's."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.delenv(installed.ASSETS, raising=False)
    return cache()


def _fill(*modules: Module) -> None:
    for module in modules:
        for name in (*module.commands, *(Path(each).name for each in module.documents)):
            _program(module.kept / name)


def _assets(directory: Path, version: str) -> Path:
    for name in ("etcd", "kubectl"):
        _program(directory / name)
    return _program(directory / "kube-apiserver", f"#!/bin/sh\necho Kubernetes {version}\n")


def test_programs_are_kept_by_version_where_the_user_keeps_caches(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert kept == tmp_path / "cache" / "gallery"
    assert KUBERNETES.kept == kept / "kubernetes-v1.36.3"
    assert KWOK.kept.name == "kwok-v0.8.0"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache() == Path.home() / ".cache" / "gallery"


def test_without_go_and_with_nothing_kept_one_message_says_what_to_do(kept: Path) -> None:
    said = list[str]()
    with pytest.raises(UserError) as fault:
        installed.provide(said.append)
    # Nothing is said to be built that cannot be.
    assert not said
    message = str(fault.value)
    assert "kube-apiserver, kube-controller-manager, kube-scheduler, kwok" in message
    assert str(kept) in message
    assert "go.dev/dl" in message
    assert installed.absent() == [
        name for module in MODULES for name in missing(module, [*module.commands])
    ]


def test_what_is_kept_is_not_built_again(kept: Path) -> None:
    _fill(*MODULES)
    assert kept.is_dir()
    assert not installed.absent()


def test_programs_of_envtest_come_before_those_that_are_kept(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fill(*MODULES)
    api = _assets(tmp_path / "assets", "v1.36.0")
    monkeypatch.setenv(installed.ASSETS, str(tmp_path / "assets"))
    found = installed.provide().programs
    assert found["kube-apiserver"] == api
    assert found["etcd"] == tmp_path / "assets" / "etcd"
    assert found["kube-scheduler"] == kept / "kubernetes-v1.36.3" / "kube-scheduler"


@pytest.mark.parametrize("version", ["v1.35.4", "v1.38.0"])
@pytest.mark.usefixtures("kept")
def test_an_api_of_another_age_than_its_controllers_is_refused(
    version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fill(*MODULES)
    _assets(tmp_path / "assets", version)
    monkeypatch.setenv(installed.ASSETS, str(tmp_path / "assets"))
    with pytest.raises(UserError, match=rf"(?s){version}.*setup-envtest use 1\.36"):
        installed.provide()


@pytest.mark.usefixtures("kept")
def test_a_directory_of_envtest_that_is_none_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(installed.ASSETS, str(tmp_path / "nowhere"))
    with pytest.raises(UserError, match="nowhere, which is no directory"):
        installed.provide()


@pytest.fixture(scope="module")
def go() -> Mapping[str, str]:
    """Where Go is, and what it has compiled before: its own library, at least."""
    if _GO is None:
        pytest.skip("Go is not on PATH")
    asked = subprocess.run([_GO, "env", "GOCACHE"], capture_output=True, text=True, check=True)
    return {"PATH": str(Path(_GO).parent), "GOCACHE": asked.stdout.strip()}


@pytest.fixture
def own(
    tmp_path: Path, go: Mapping[str, str], kept: Path, monkeypatch: pytest.MonkeyPatch
) -> Module:
    """A module of one package, in the place of those that take minutes."""
    assert kept.name
    for name, value in go.items():
        monkeypatch.setenv(name, value)
    source = tmp_path / "sources" / "own"
    source.mkdir(parents=True)
    (source / "go.mod").write_text("module example.org/own\n\ngo 1.21\n")
    (source / "main.go").write_text(_HELLO)
    monkeypatch.setattr("rehearsal.cluster.modules._MODULES", tmp_path / "sources")
    monkeypatch.setattr(Module, "version", "v1.2.3")
    return Module(
        name="own", path="example.org/own", commands={"hello": "."}, stamp=("main.version",)
    )


def test_a_program_is_built_with_its_version_and_told(own: Module) -> None:
    said = list[str]()
    build(own, ["hello"], said.append)
    assert not missing(own, ["hello"])
    assert b"v1.2.3" in (own.kept / "hello").read_bytes()
    assert said[0].startswith("building hello v1.2.3 with Go")
    assert sorted(each.name for each in own.kept.iterdir()) == ["hello", "lock"]


def test_a_build_that_fails_leaves_no_program_and_says_why(own: Module) -> None:
    (own.directory / "main.go").write_text("package main\n\nfunc main() { missing() }\n")
    with pytest.raises(UserError, match=r"(?s)hello cannot be built:.*undefined: missing"):
        build(own, ["hello"], lambda _line: None)
    assert missing(own, ["hello"]) == ["hello"]
