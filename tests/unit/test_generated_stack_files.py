"""Whatever stands in a stack file: an answer in words that name a key, or a plan that renders."""

from __future__ import annotations

from pathlib import Path

import pytest

from rehearsal.bench import stack_files
from rehearsal.bench.stack_files import Tally, judge, play

# `make bench` plays ten thousand.
FEW = 250


def test_every_generated_file_is_refused_in_words_or_rendered() -> None:
    tally = play(FEW)
    assert not tally.failures, "\n\n".join(tally.failures[:3])
    assert tally.accepted >= FEW / 20
    assert tally.refused >= FEW / 4
    # Not one cause again and again.
    assert len(tally.words) >= FEW / 10


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "stacks").mkdir()
    return tmp_path


def shipped() -> str:
    return (stack_files.PROJECT / "stacks" / "Pulumi.dev.yaml").read_text()


def test_a_shipped_file_is_accepted(project: Path) -> None:
    tally = Tally()
    judge(shipped(), project, tally)
    assert (tally.accepted, tally.refused, tally.failures) == (1, 0, [])


def test_a_name_of_any_characters_is_rendered(project: Path) -> None:
    of_openshift = stack_files.PROJECT / "stacks" / "Pulumi.openshift.yaml"
    text = of_openshift.read_text().replace("context: gallery-staging", 'context: "\U0001f6cd"')
    tally = Tally()
    judge(text, project, tally)
    assert (tally.accepted, tally.refused, tally.failures) == (1, 0, [])


@pytest.mark.parametrize("mistyped", ["*mesh", " esh"])
def test_a_key_is_named_however_it_is_mistyped(project: Path, mistyped: str) -> None:
    tally = Tally()
    judge(shipped().replace("gallery:mesh:", f'"gallery:{mistyped}":'), project, tally)
    assert (tally.refused, tally.failures) == (1, [])


def test_a_refusal_without_a_key_is_found(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise stack_files.StackFileError(["something is wrong"])

    monkeypatch.setattr(stack_files, "parse", refuse)
    tally = Tally()
    judge(shipped(), project, tally)
    assert "names no key: something is wrong" in tally.failures[0]


def test_a_traceback_is_found(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise KeyError("hosts")

    monkeypatch.setattr(stack_files, "resolve", fail)
    tally = Tally()
    judge(shipped(), project, tally)
    assert "KeyError" in tally.failures[0]


def test_what_cannot_be_rendered_is_found(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def half(*_: object) -> dict[str, str]:
        return {"alerts": ""}

    monkeypatch.setattr(stack_files, "amp_rule_files", half)
    tally = Tally()
    judge(shipped(), project, tally)
    assert "rules/alerts is empty" in tally.failures[0]
