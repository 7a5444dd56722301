"""One comment below a change, on both forges: begun, kept up to date, refused."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ci.comment import MARKER
from ci.untrusted import LIMIT_BYTES, harmless
from offline.render import PROJECT

from .forge import COMMIT, TOKEN, Forge
from .steps import Done, checkout, step

COMMENTS = "/repos/shop/gallery/issues/5/comments"
NOTES = "/projects/3/merge_requests/5/notes"
BRANCH = "somebody:a-change"
Say = Callable[..., Done]


def written(directory: Path, name: str, text: str) -> Path:
    """A checkout in which a comparison has left that."""
    comparison = checkout(directory) / "build" / "comparison"
    shutil.rmtree(comparison, ignore_errors=True)
    comparison.mkdir(parents=True)
    (comparison / name).write_text(text)
    return directory


def on_github(forge: Forge, directory: Path, conclusion: str = "success", **env: str) -> Done:
    run = "github.event.workflow_run"
    values = {
        "github.token": TOKEN,
        f"{run}.head_repository.owner.login": "somebody",
        f"{run}.head_branch": "a-change",
        f"{run}.head_sha": COMMIT,
        f"{run}.conclusion": conclusion,
        f"{run}.html_url": "https://forge/run/1",
    }
    here = {"GITHUB_API_URL": forge.root, "GITHUB_REPOSITORY": "shop/gallery", **env}
    return step("comment.yml", "comment", "python3 -m ci.comment").done(directory, values, **here)


def on_gitlab(forge: Forge, directory: Path, **env: str) -> Done:
    here = {
        "CI_API_V4_URL": forge.root,
        "CI_PROJECT_ID": "3",
        "CI_MERGE_REQUEST_IID": "5",
        "CI_COMMIT_SHA": COMMIT,
        "CI_PIPELINE_URL": "https://forge/run/1",
        "COMMENT_TOKEN": TOKEN,
        **env,
    }
    return step(".gitlab-ci.yml", "comment", "python3 -m ci.comment").done(directory, {}, **here)


@pytest.mark.parametrize(("place", "say"), [(COMMENTS, on_github), (NOTES, on_gitlab)])
def test_there_is_one_comment_and_it_is_kept_up_to_date(
    forge: Forge, tmp_path: Path, place: str, say: Say
) -> None:
    forge.pull_request(5, BRANCH)
    # Others have written before: somebody else, who uses our marker, and more than a page.
    other = {"id": 8, "login": "mallory"}
    forge.lists[place] = [
        {"id": n, "user": other, "author": other, "system": False, "body": f"{MARKER}\nall is well"}
        for n in range(3)
    ]
    first = say(forge, written(tmp_path, "found.md", "## first\n"))
    assert (first.code, first.out) == (0, "commented\n"), first
    again = say(forge, tmp_path)
    assert again.out == "the comment says so already\n"
    second = say(forge, written(tmp_path, "found.md", "## second\n"))
    assert second.out == "the comment is updated\n"
    empty = say(forge, written(tmp_path, "found.md", ""))
    assert empty.out == "the comment is updated\n"
    assert len(forge.lists[place]) == 4
    assert forge.bodies(place)[:3] == [f"{MARKER}\nall is well"] * 3
    last = forge.bodies(place)[3]
    assert last.startswith(f"{MARKER}\nNothing changes any more.")
    assert COMMIT[:10] in last
    assert "https://forge/run/1" in last


@pytest.mark.parametrize(("place", "say"), [(COMMENTS, on_github), (NOTES, on_gitlab)])
def test_where_nothing_changes_no_comment_is_begun(
    forge: Forge, tmp_path: Path, place: str, say: Say
) -> None:
    forge.pull_request(5, BRANCH)
    assert say(forge, written(tmp_path, "found.md", "")).out == "no comment is needed\n"
    assert not forge.bodies(place)


@pytest.mark.parametrize(("place", "say"), [(COMMENTS, on_github), (NOTES, on_gitlab)])
def test_a_comparison_that_failed_replaces_what_was_found_before(
    forge: Forge, tmp_path: Path, place: str, say: Say
) -> None:
    forge.pull_request(5, BRANCH)
    say(forge, written(tmp_path, "found.md", "## first\n"))
    say(forge, written(tmp_path, "failed.md", "the base does not render"))
    [body] = forge.bodies(place)
    assert body.startswith(f"{MARKER}\n## The comparison failed")
    assert "the base does not render" in body
    assert "first" not in body


def test_what_a_failed_run_left_behind_is_not_told_as_found(forge: Forge, tmp_path: Path) -> None:
    forge.pull_request(5, BRANCH)
    on_github(forge, written(tmp_path, "found.md", ""), conclusion="failure")
    [body] = forge.bodies(COMMENTS)
    assert "## The comparison failed" in body


@pytest.mark.parametrize(
    ("say", "needed"),
    [(on_github, "`pull-requests: write`"), (on_gitlab, "the scope `api`")],
)
@pytest.mark.parametrize("refused", ["GET", "POST"])
def test_a_comment_that_is_refused_fails_and_says_what_is_missing(
    forge: Forge, tmp_path: Path, say: Say, needed: str, refused: str
) -> None:
    forge.pull_request(5, BRANCH)
    forge.refused = {refused}
    done = say(forge, written(tmp_path, "found.md", "## first\n"))
    assert done.code == 1
    assert done.error.startswith(f"error: {refused} {forge.root}/")
    assert "403 Forbidden" in done.error
    assert needed in done.error
    assert "Traceback" not in done.error


def test_a_forge_that_does_not_answer_fails_the_job(forge: Forge, tmp_path: Path) -> None:
    here = written(tmp_path, "found.md", "## first\n")
    done = on_github(forge, here, GITHUB_API_URL="http://127.0.0.1:9")
    assert done.code == 1
    assert "refused" in done.error


def test_a_job_without_a_token_says_which_variable_is_missing(forge: Forge, tmp_path: Path) -> None:
    done = on_gitlab(forge, written(tmp_path, "found.md", "## first\n"), COMMENT_TOKEN="")
    assert (done.code, done.error[:32]) == (1, "error: COMMENT_TOKEN is not set:")


def test_a_commit_that_is_no_longer_the_newest_is_not_commented(
    forge: Forge, tmp_path: Path
) -> None:
    forge.pull_request(5, BRANCH, commit="b" * 40)
    forge.pull_request(6, "another:a-change")
    done = on_github(forge, written(tmp_path, "found.md", "## first\n"))
    assert done.code == 0
    assert "no open pull request ends at" in done.out
    assert not any(each.startswith("POST") for each in forge.asked)


HOSTILE = [
    ("@everybody look", "@everybody"),
    ("[safe](https://evil.example)", "]("),
    ("[safe][1]\n\n[1]: https://evil.example", "][1"),
    ("![](https://evil.example/pixel)", "]("),
    ("https://evil.example", "://"),
    ("www.evil.example", "www."),
    ("<img src=x>", "<img"),
    ("<DETAILS onclick=x>", "<DETAILS"),
    ("<details open>", "<details open"),
    ("<!-- hidden -->", "<!--"),
    ("#12", "#12"),
    ("GH-12", "GH-12"),
    ("a\u202eb", "\u202e"),
    ("a\x1bb", "\x1b"),
]


@pytest.mark.parametrize(("text", "active"), HOSTILE)
def test_what_a_fork_wrote_mentions_links_and_hides_nothing(text: str, active: str) -> None:
    assert active in text
    assert active not in harmless(text)
    assert harmless(text).replace("\u200b", "") == text.replace("\u202e", "").replace("\x1b", "")


@pytest.mark.parametrize("file", sorted((PROJECT / "tests/rehearsal/comments").glob("*.md")))
def test_a_comment_of_ours_reads_as_it_was_written(file: Path) -> None:
    text = file.read_text()
    assert harmless(text).replace("\u200b", "") == text
    assert harmless(text).count("<details>") == text.count("<details>")


def test_a_text_that_is_too_long_ends_at_a_line_and_says_so() -> None:
    text = harmless("@mention ä\n" * 20_000)
    assert len(text.encode()) < LIMIT_BYTES + 100
    assert text.endswith("ä\n\nThe rest was left out: a comment takes no more.")
