"""A report that could not be written is refused before anything is broken for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from offline.errors import UserError
from rehearsal.drill import command
from rehearsal.drill.destination import write


@pytest.mark.parametrize(
    ("name", "words"),
    [("nowhere/report.json", "there is no directory"), ("", "it is a directory")],
)
@pytest.mark.parametrize("scenario", ["endpoint-down", "all"])
def test_a_report_without_a_place_is_refused_before_the_drill(
    tmp_path: Path, scenario: str, name: str, words: str
) -> None:
    # Nothing is up there, which would be the first complaint of a drill that begins.
    with pytest.raises(UserError, match=words):
        command.main(scenario, json=tmp_path / name, state=tmp_path / "state")


def test_a_report_replaces_the_one_before_and_leaves_no_draft(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    for text in ("old", "new"):
        write(report, text)
    assert report.read_text() == "new"
    assert list(tmp_path.iterdir()) == [report]


def test_a_report_goes_through_a_link(tmp_path: Path) -> None:
    place, link = tmp_path / "place", tmp_path / "link"
    place.touch()
    link.symlink_to(place)
    write(link, "new")
    assert (link.is_symlink(), place.read_text()) == (True, "new")


def test_a_disk_that_is_full_is_a_fault_to_tell() -> None:
    with pytest.raises(UserError, match="/dev/full cannot be written: No space left"):
        write(Path("/dev/full"), "new")
