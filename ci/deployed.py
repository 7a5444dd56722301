"""`python3 -m ci.deployed STACK`: pass the commit on, as `commit`, that was last deployed there."""

from __future__ import annotations

import sys

from ci.github import github
from ci.surroundings import exit_status, passed_on
from offline.errors import UserError


def main(arguments: list[str]) -> int:
    """Run the command; its exit status."""
    return exit_status(lambda: _deployed(arguments))


def _deployed(arguments: list[str]) -> None:
    if len(arguments) != 1:
        raise UserError("say `python3 -m ci.deployed STACK`")
    commit = github("`deployments: read`").deployed(arguments[0])
    passed_on("commit", commit)
    print(f"{arguments[0]} runs {commit}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
