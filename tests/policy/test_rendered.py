"""What `rehearsal render` wrote, judged with no engine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from policy.rendered import main
from policy.rules import RULES
from tests.unit.recordings import deployed


@pytest.fixture
def rendered(tmp_path: Path) -> Path:
    (tmp_path / "deployed").mkdir()
    (tmp_path / "deployed" / "resources.json").write_text(deployed("prod")["resources.json"])
    return tmp_path


def test_a_render_that_keeps_every_rule_passes(
    rendered: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(rendered)]) == 0
    assert capsys.readouterr().out == f"all of {len(RULES)} rules are kept\n"


def test_each_violation_is_a_line_with_the_rule_the_resource_and_the_cure(
    rendered: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = rendered / "deployed" / "resources.json"
    entries = json.loads(file.read_text())
    for entry in entries:
        if entry["type"] == "aws:sns/topic:Topic":
            del entry["inputs"]["kmsMasterKeyId"]
    file.write_text(json.dumps(entries))
    assert main([str(rendered)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len([one for one in entries if one["type"] == "aws:sns/topic:Topic"])
    assert all(line.startswith("encrypted-at-rest: ") for line in lines)
    assert all("set kmsMasterKeyId" in line for line in lines)


def test_a_directory_without_a_render_is_answered_with_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path)]) == 1
    assert "rehearsal render --out" in capsys.readouterr().err
