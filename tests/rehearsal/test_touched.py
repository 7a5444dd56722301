"""What a change touches that can be played or drawn, and what can be played of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rehearsal.diff import touched
from rehearsal.drill.command import main
from rehearsal.drill.scenarios import SCENARIOS
from tests.rehearsal.comments import sides


@pytest.mark.parametrize(
    ("change", "rules", "routes"),
    [
        ("an-alert-waits-longer", {"EndpointDown"}, set[str]()),
        ("an-alert-is-a-page", {"ShopDoorDegraded"}, {"ShopDoorDegraded"}),
        # Who else hears of it changes nothing of when it fires.
        ("a-role-hears-elsewhere", set[str](), {"EndpointDown", "ShopDoorDown"}),
    ],
)
def test_what_is_evaluated_otherwise_is_told_from_what_is_told_to_others(
    change: str, rules: set[str], routes: set[str]
) -> None:
    with sides(change) as (base, head):
        assert set(touched.rules(base, head)) == rules
        assert routes <= set(touched.routes(base, head))
        assert bool(routes) is bool(touched.routes(base, head))


def test_another_interval_touches_the_rules_that_wait_for_it_and_new_panels_are_drawn() -> None:
    with sides("scraped-less-often") as (base, head):
        assert {"EndpointDown", "HostDown", "EndpointSlow"} <= set(touched.rules(base, head))
        assert not touched.routes(base, head)
    with sides("an-alert-has-another-threshold") as (base, head):
        assert "gallery-api-health" in touched.dashboards(base, head)
    with sides("the-independent-path-has-another-address") as (base, head):
        assert not touched.rules(base, head)
        assert not touched.dashboards(base, head)


def test_the_list_of_drills_is_written_for_programs_too(tmp_path: Path) -> None:
    file = tmp_path / "drills.json"
    assert main("list", json=file, state=tmp_path / "nothing-is-up") == 0
    listed = json.loads(file.read_text())
    assert [each["scenario"] for each in listed] == [each.name for each in SCENARIOS]
    # Nothing is up: of none it is known how long it takes.
    assert {each["at_most_seconds"] for each in listed} == {None}
    assert [each["scenario"] for each in listed if each["of_routes"]] == ["contact-points"]
