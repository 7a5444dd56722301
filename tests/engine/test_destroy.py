"""What destroying a stack removes, keeps and refuses."""

from __future__ import annotations

import pytest

from .aws_kinds import KEY, PROMETHEUS, WORKSPACE
from .project import Project
from .values import text_at

pytestmark = pytest.mark.engine

# What holds data that nobody can make again.
KEPT = (KEY, PROMETHEUS, WORKSPACE)


def _production(project: Project) -> bool:
    return project.configuration()["gallery:environment"] == "prod"


def _require(project: Project, *, production: bool) -> None:
    if _production(project) is not production:
        pytest.skip(f"{project.stack} is {'no' if production else 'in'} production")


def test_production_refuses_to_be_destroyed_and_loses_nothing(deployed: Project) -> None:
    _require(deployed, production=True)
    before = deployed.cloud.all()
    run = deployed.attempt("destroy")
    assert not run.ok
    assert "protect" in run.output
    assert [call for call in deployed.cloud.calls if call.verb == "delete"] == []
    assert deployed.cloud.all() == before


def test_production_protects_all_that_holds_data(deployed: Project) -> None:
    _require(deployed, production=True)
    holding = [item for item in deployed.resources() if text_at(item, "type") in KEPT]
    assert holding
    assert [item["urn"] for item in holding if item.get("protect") is not True] == []


def test_nothing_is_left_of_a_destroyed_stack_and_it_can_come_back(deployed: Project) -> None:
    """No name is blocked by what its service keeps for a while."""
    _require(deployed, production=False)
    before = sorted((made.kind.type, made.name) for made in deployed.cloud.all())
    run = deployed.attempt("destroy")
    assert run.ok, run.output
    assert deployed.cloud.all() == []
    assert deployed.resources() == []
    _ = deployed.up()
    assert sorted((made.kind.type, made.name) for made in deployed.cloud.all()) == before


def test_a_dead_token_does_not_keep_a_stack_from_being_destroyed(deployed: Project) -> None:
    _require(deployed, production=False)
    deployed.cloud.advance(31 * 86400)
    run = deployed.attempt("destroy")
    assert run.ok, run.output
    assert deployed.cloud.all() == []
