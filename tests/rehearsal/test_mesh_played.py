"""A whole rehearsal with real proxies, and an outage of its mesh."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from offline.errors import UserError
from rehearsal import drill
from rehearsal.cluster import installed as cluster_installed
from rehearsal.machine import platform
from rehearsal.machine.vacant import refuse_occupied
from rehearsal.mesh import installed
from rehearsal.mesh.rehearsed import Mesh
from rehearsal.mesh.running import running
from tests.rehearsal.clusters import thorough

# Fixtures, which pytest finds here.
__all__ = ["thorough"]

pytestmark = pytest.mark.cluster


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


def test_a_policy_that_lacks_the_prober_is_told_in_time_and_over_in_time(up: Mesh) -> None:
    assert not up.matrix.play().wrong
    assert drill.main("policy-wrong") == 0
    # All is as it was.
    assert not up.matrix.play().wrong
    assert "the names by which the prober asks services" in (
        (up.supervisor.directory / "stand-in" / "substitutions.md").read_text()
    )
    with pytest.raises(UserError, match="with a mesh; stop it with `make down`"):
        platform.up("dev", lambda _line: None, cluster=True)
