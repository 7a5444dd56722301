"""A pager says whom it refuses, so that no drill begins while it does."""

from __future__ import annotations

from pathlib import Path

from rehearsal.pager.inbox import Inbox, Recipient


def test_an_inbox_names_those_it_refuses_until_their_time_is_over(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "log", (Recipient(name="pager", kind="pagerduty"),))
    assert inbox.refusing(100.0) == []
    inbox.refuse((), 120.0)
    assert (inbox.refusing(119.0), inbox.refusing(120.0)) == (["pager"], [])
    inbox.refuse((), 0.0)
    assert inbox.refusing(100.0) == []
