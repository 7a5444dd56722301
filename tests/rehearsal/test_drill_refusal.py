"""A pager says whom it refuses, so that no drill begins while it does."""

from __future__ import annotations

from pathlib import Path

from rehearsal.pager.desk import Desk, Post


def test_a_desk_names_those_it_refuses_until_their_time_is_over(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "book", (Post(name="pager", kind="pagerduty"),))
    assert desk.refusing(100.0) == []
    desk.refuse((), 120.0)
    assert (desk.refusing(119.0), desk.refusing(120.0)) == (["pager"], [])
    desk.refuse((), 0.0)
    assert desk.refusing(100.0) == []
