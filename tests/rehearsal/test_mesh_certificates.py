"""Certificates near their end, on a whole rehearsal with real proxies."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rehearsal import drill
from rehearsal.drill.play import Breakage
from rehearsal.drill.running import running
from rehearsal.drill.scenarios import mesh
from rehearsal.mesh.place import ISTIOD_NAME
from tests.rehearsal.clusters import thorough
from tests.rehearsal.test_mesh_played import up

# Fixtures, which pytest finds here.
__all__ = ["thorough", "up"]

# The alert goes on for ten minutes after the last certificate is a new one.
pytestmark = [pytest.mark.cluster, pytest.mark.long]


def _restarted(_running: object) -> Breakage:
    """An istiod that is back at once, and replaces what is due."""
    supervisor = running().supervisor

    def restart() -> None:
        supervisor.stop(ISTIOD_NAME)
        supervisor.start(ISTIOD_NAME)

    return Breakage(
        what="istiod is restarted", do=restart, mended="nothing is to be mended", undo=lambda: None
    )


@pytest.mark.usefixtures("up")
def test_certificates_that_nobody_replaces_are_told_and_calls_go_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(mesh, "_without_control_plane", _restarted)
        assert drill.main("certificates-expiring", json=tmp_path / "control.json") == 1
    control = json.loads((tmp_path / "control.json").read_text())
    assert "certificates that nobody replaces" in {each["alert"] for each in control["missing"]}
    assert not [each for each in control["alerts"] if each["delivered_at"] is not None]
    assert drill.main("certificates-expiring", json=tmp_path / "report.json") == 0
    told = json.loads((tmp_path / "report.json").read_text())["alerts"]
    assert {each["alert"] for each in told} == {"MeshCertificatesExpiring"}
    assert len({each["labels"]["service"] for each in told}) >= 13
