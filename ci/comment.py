"""`python3 -m ci.comment github|gitlab DIRECTORY`: what a comparison found, below the change.

DIRECTORY is what `ci.compare` filled, perhaps by a fork's code: it is read as text, and nothing of
it is run. Exit status 0: one comment says what was found, or none is needed; 1: it could not be
written, and why.
"""

from __future__ import annotations

import sys
from pathlib import Path

from ci.compare import BROKEN, FAILED, FOUND, PLAYED
from ci.conversation import Conversation, keep
from ci.github import PullRequest, github
from ci.gitlab import merge_request
from ci.surroundings import exit_status, told
from ci.untrusted import harmless
from offline.errors import UserError

MARKER = "<!-- gallery-diff -->"
_RIGHTS = "`pull-requests: write`, which a fork's own run never has"


def main(arguments: list[str]) -> int:
    """Run the command; its exit status."""
    return exit_status(lambda: _comment(arguments))


def _comment(arguments: list[str]) -> None:
    match arguments:
        case ["github", directory]:
            _on_github(Path(directory))
        case ["gitlab", directory]:
            # GitLab has no word for how another job ended: the file is there where it succeeded.
            found = _text(Path(directory) / FOUND)
            _written(
                merge_request(),
                Path(directory),
                found,
                commit=told("CI_COMMIT_SHA"),
                run=told("CI_PIPELINE_URL"),
            )
        case _:
            raise UserError("say `python3 -m ci.comment github|gitlab DIRECTORY`")


def _on_github(directory: Path) -> None:
    forge, commit = github(_RIGHTS), told("HEAD_COMMIT")
    number = forge.pull_request(told("HEAD_BRANCH"), commit)
    if number is None:
        print(f"no open pull request ends at {commit}: nobody waits for this comparison")
        return
    # What failed is not to look as if it had succeeded, whatever it left behind. Where a policy is
    # broken, or a drill failed, the comparison was made before, and stands below.
    later = any((directory / name).is_file() for name in (BROKEN, PLAYED))
    succeeded = told("CONCLUSION") == "success" or later
    _written(
        PullRequest(github=forge, number=number),
        directory,
        _text(directory / FOUND) if succeeded else None,
        commit=commit,
        run=told("RUN_ADDRESS"),
    )


def _written(
    conversation: Conversation, directory: Path, found: str | None, *, commit: str, run: str
) -> None:
    end = f"\n\nCompared at {commit[:10]}: [run]({run})"
    if found is None:
        why = harmless(_text(directory / FAILED) or "It says nothing more: see the run.")
        body = f"## The comparison failed\n\nNobody knows what this changes.\n\n{why}"
    else:
        broken = _text(directory / BROKEN)
        found = f"## A policy is broken\n\n{broken}\n{found}" if broken else found
        found = "\n".join(filter(None, (found, _text(directory / PLAYED))))
        body = harmless(found).strip() or "Nothing changes any more."
    nothing = found is not None and not found.strip()
    print(keep(conversation, MARKER, body + end, nothing=nothing))


def _text(path: Path) -> str | None:
    return path.read_text(errors="replace") if path.is_file() else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
