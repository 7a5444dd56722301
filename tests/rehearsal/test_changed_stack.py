"""What runs is the stack file as it was: one that has changed since is neither up nor judged by."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from gallery.render.reports import times_to_page
from offline.errors import UserError
from offline.render import PROJECT
from offline.stack_file import read
from rehearsal.drill import running as drill_running
from rehearsal.drill.running import running
from rehearsal.machine import platform
from rehearsal.machine.platform import up
from rehearsal.machine.processes import journal
from rehearsal.machine.processes.identity import Identity
from rehearsal.machine.processes.journal import Child, Entry, Journal
from rehearsal.machine.processes.supervisor import Supervisor
from rehearsal.stand_in.documents import write_json
from tests.unit.stack_files import planned


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of `dev`, to be changed."""
    monkeypatch.setattr(platform, "ROOT", tmp_path)
    monkeypatch.setattr(drill_running, "ROOT", tmp_path)
    path = tmp_path / "stacks" / "Pulumi.dev.yaml"
    path.parent.mkdir()
    path.write_bytes((PROJECT / "stacks" / path.name).read_bytes())
    return path


@pytest.fixture
def state(stack: Path, tmp_path: Path) -> Path:
    """The state of a healthy `dev` that was started from the file as it is."""
    directory = tmp_path / "state"
    child = Child(name="one", command=("one",), directory="/", listens=(), ready="")
    kept = Journal(
        stack="dev",
        configuration=read(stack.parent.parent, "dev").digest(),
        entries=(Entry(child, Identity.of(os.getpid())),),
        healthy=True,
    )
    journal.write(Supervisor(directory).state_file, kept)
    write_json(directory / "deployed" / "times-to-page.json", times_to_page(planned()))
    return directory


def _ignore(_line: str) -> None:
    """Nobody reads the progress of a test."""


def test_a_stack_whose_file_is_the_same_is_up_and_can_be_drilled(state: Path) -> None:
    assert up("dev", _ignore, state)
    assert running(state).stack == "dev"


def test_a_comment_is_no_change(stack: Path, state: Path) -> None:
    stack.write_text(stack.read_text() + "\n# Nothing has changed.\n")
    assert up("dev", _ignore, state)


def test_what_changes_no_time_to_page_is_a_change_too(stack: Path, state: Path) -> None:
    document = yaml.safe_load(stack.read_text())
    document["config"]["gallery:alerting"]["roles"]["incident-response"] = ["chat"]
    stack.write_text(yaml.safe_dump(document))
    with pytest.raises(UserError, match="dev is up, but its file has changed since"):
        up("dev", _ignore, state)
    with pytest.raises(UserError, match="dev has changed since it was started"):
        running(state)
