"""A whole rehearsal with real proxies, and an outage of its mesh."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from gallery.alerts.mesh import MESH_PLAIN_TEXT
from gallery.store.services import SERVICES
from offline.errors import UserError
from rehearsal import drill
from rehearsal.cluster import installed as cluster_installed
from rehearsal.drill.running import running as drills_running
from rehearsal.machine import platform
from rehearsal.machine.vacant import refuse_occupied
from rehearsal.mesh import installed
from rehearsal.mesh.rehearsed import Mesh
from rehearsal.mesh.running import running
from tests.rehearsal.clusters import thorough

# Fixtures, which pytest finds here.
__all__ = ["thorough"]

pytestmark = pytest.mark.cluster

_TOLD_WITHIN_SECONDS = 60.0


@pytest.fixture
def up(thorough: None) -> Iterator[Mesh]:
    """The mesh of a healthy `dev`."""
    assert thorough is None
    try:
        lacking = [*cluster_installed.absent(), *installed.absent()]
    except UserError as fault:
        pytest.skip(str(fault))
    if lacking:
        pytest.skip(f"not built yet: {', '.join(lacking)}; `make proof` builds them with Go")
    refuse_occupied()
    platform.up("dev", lambda _line: None, mesh=True)
    yield running()
    platform.down()


def _await_plain_text() -> None:
    """Every service that the matrix has asked in plain text says so, and the alert fires."""
    deadline = time.monotonic() + _TOLD_WITHIN_SECONDS
    firing = f'ALERTS{{alertname="{MESH_PLAIN_TEXT.name}", alertstate="firing"}}'
    evaluator = drills_running().evaluators[-1]
    while len(evaluator.query(firing)) < len(SERVICES):
        assert time.monotonic() < deadline
        time.sleep(1)


def test_a_policy_that_lacks_the_prober_is_told_in_time_and_over_in_time(up: Mesh) -> None:
    assert drill.main("policy-wrong") == 0
    # All is as it was.
    assert not up.matrix.play().wrong
    _await_plain_text()
    assert "the names by which the prober asks services" in (
        (up.supervisor.directory / "stand-in" / "substitutions.md").read_text()
    )
    with pytest.raises(UserError, match="with a mesh; stop it with `make down`"):
        platform.up("dev", lambda _line: None, cluster=True)
