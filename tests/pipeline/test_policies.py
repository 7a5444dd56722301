"""The policies judged on what a pull request renders, by the command of the pipelines."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from ci.compare import FOUND

from .forge import Forge
from .repository import Repository, begun
from .steps import Done, step
from .test_comment import BRANCH, COMMENTS, on_github

FOUND_TEXT = "## What changes for stack `dev`\n"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return begun(tmp_path)


def judged(repository: Repository, file: str = "preview.yml") -> Done:
    return step(file, "compare", "python3 -m ci.policies").done(repository.directory, {})


def found(repository: Repository, *stacks: str) -> None:
    """Leave what a comparison leaves: renders of these stacks, and what it found."""
    comparison = repository.directory / "build" / "comparison"
    shutil.rmtree(comparison.parent, ignore_errors=True)
    comparison.mkdir(parents=True)
    (comparison / FOUND).write_text(FOUND_TEXT)
    for stack in stacks:
        out = comparison.parent / "trees" / "head" / stack
        command = ["rehearsal", "render", "--stack", stack, "--out", str(out)]
        program = repository.directory / ".venv" / "bin" / "python"
        subprocess.run([program, "-m", *command], cwd=repository.directory, check=True)


def lax(repository: Repository) -> None:
    """Let hosts answer whoever asks for their credentials."""
    hosts = repository.directory / "components" / "hosts.py"
    text = hosts.read_text()
    assert '"http_tokens": "required"' in text
    hosts.write_text(text.replace('"http_tokens": "required"', '"http_tokens": "optional"'))
    repository.commit("hosts: ask for no token")


def test_what_breaks_a_policy_is_told_with_its_cure_and_what_mends_it_passes(
    repository: Repository,
) -> None:
    lax(repository)
    found(repository, "dev")
    for file in ("preview.yml", ".gitlab-ci.yml"):
        done = judged(repository, file)
        assert done.code == 1
        assert "error: stack dev breaks a policy:\ninstances-ask-for-tokens: hosts-" in done.error
        assert "set metadataOptions.httpTokens: required" in done.error
        assert repository.comparison.keys() == {"found.md", "broken.md"}
    # Mended: nothing of it is left.
    repository.git("revert", "--no-edit", "HEAD")
    found(repository, "dev")
    done = judged(repository)
    assert (done.code, done.out) == (0, "every stack keeps the policies\n"), done.error
    assert repository.comparison.keys() == {"found.md"}


def test_the_comment_says_which_policy_is_broken_above_what_changes(
    repository: Repository, forge: Forge
) -> None:
    lax(repository)
    found(repository, "dev")
    assert judged(repository).code == 1
    forge.pull_request(5, BRANCH)
    assert on_github(forge, repository.directory, conclusion="failure").code == 0
    [body] = forge.bodies(COMMENTS)
    assert body.index("## A policy is broken") < body.index("instances-ask-for-tokens")
    assert body.index("instances-ask-for-tokens") < body.index(FOUND_TEXT)
    assert "The comparison failed" not in body


def test_a_stack_that_is_new_is_judged_too(repository: Repository) -> None:
    text = repository.stack_file.read_text()
    repository.stack_file.with_name("Pulumi.new.yaml").write_text(text)
    lax(repository)
    found(repository, "dev", "new")
    done = judged(repository)
    assert done.code == 1
    assert "stack new breaks a policy:" in done.error


def test_without_a_comparison_nothing_passes(repository: Repository) -> None:
    done = judged(repository)
    assert done.code == 1
    assert done.error == (
        "error: nothing is compared yet: `python3 -m ci.compare BASE` comes first\n"
    )
