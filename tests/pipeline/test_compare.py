"""Both sides of a change rendered and compared, by the commands of the pipelines."""

from __future__ import annotations

from pathlib import Path

import pytest

from .repository import Repository, begun
from .steps import Done, step

ROLE = "reliability: [chat]"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return begun(tmp_path)


def compared(repository: Repository) -> Done:
    """The step of a pull request, on the merge's first parent."""
    return step("preview.yml", "compare", "python3 -m ci.compare").done(repository.directory, {})


def compared_on_gitlab(repository: Repository) -> Done:
    found = step(".gitlab-ci.yml", "compare", "python3 -m ci.compare")
    base = repository.git("rev-parse", "HEAD^1")
    return found.done(repository.directory, {}, CI_MERGE_REQUEST_DIFF_BASE_SHA=base)


def test_a_change_is_found(repository: Repository) -> None:
    repository.edit(ROLE, "reliability: [pager, chat]")
    done = compared(repository)
    assert done.code == 0, done.error
    [(name, text)] = repository.comparison.items()
    assert name == "found.md"
    assert text.startswith("## What changes for stack `dev`")
    assert "| `EndpointSlow` | `ticket` | `reliability` | `chat` | `chat`, `pager` |" in text


def test_nothing_is_found_beside_what_another_run_has_left(repository: Repository) -> None:
    left = repository.directory / "build" / "comparison" / "found.md"
    left.parent.mkdir(parents=True)
    left.write_text("## What changes for stack `dev`")
    repository.git("worktree", "add", "--quiet", "--detach", "build/base")
    repository.commit("docs: say something")
    assert compared_on_gitlab(repository).code == 0
    assert repository.comparison == {"found.md": ""}


def test_a_stack_that_comes_or_goes_is_told_and_not_compared(repository: Repository) -> None:
    repository.stack_file.rename(repository.stack_file.with_name("Pulumi.test.yaml"))
    repository.commit("stacks: rename dev")
    assert compared(repository).code == 0
    text = repository.comparison["found.md"]
    assert text == "## Stack `test` is new\n\n## Stack `dev` has no file any more\n"


def test_a_side_that_does_not_render_is_a_failure_that_says_which_and_why(
    repository: Repository,
) -> None:
    repository.edit(ROLE, "reliability: [nobody]")
    _judge_failure(repository, "head")
    repository.edit("reliability: [nobody]", ROLE)
    _judge_failure(repository, "base")


def _judge_failure(repository: Repository, which: str) -> None:
    done = compared(repository)
    assert done.code == 1
    assert f"error: the {which} does not render stack dev:" in done.error
    assert "Traceback" not in done.error
    assert repository.comparison.keys() == {"failed.md"}
    text = repository.comparison["failed.md"]
    assert text.startswith("```text\n")
    assert 'role "reliability" names contact point "nobody"' in text


def test_a_base_that_knows_no_render_is_a_failure(repository: Repository) -> None:
    program = repository.directory / "rehearsal" / "__main__.py"
    text = program.read_text()
    program.write_text("")
    repository.commit("rehearsal: begin")
    program.write_text(text)
    repository.commit("rehearsal: know how to render")
    done = compared(repository)
    assert done.code == 1
    assert "is no rendered tree" in repository.comparison["failed.md"]


def test_a_base_that_is_no_commit_is_a_failure(repository: Repository) -> None:
    # The first commit has no parent, as in a checkout that is too shallow.
    done = compared(repository)
    assert done.code == 1
    assert "error: commit HEAD^1 cannot be checked out:" in done.error
    assert repository.comparison.keys() == {"failed.md"}
