"""`python3 -m ci.issue STACK FILE`: have one issue say what drifted, and close it in the end.

FILE is what `ci.stack drift` wrote; where it is missing, nothing is known, and the issue says that.
"""

from __future__ import annotations

import sys
from pathlib import Path

from ci.github import github
from ci.surroundings import exit_status, told
from ci.untrusted import harmless
from offline.errors import UserError


def main(arguments: list[str]) -> int:
    """Run the command; its exit status."""
    return exit_status(lambda: _issue(arguments))


def _issue(arguments: list[str]) -> None:
    if len(arguments) != 2:  # noqa: PLR2004 - as it is said below
        raise UserError("say `python3 -m ci.issue STACK FILE`")
    stack, file = arguments[0], Path(arguments[1])
    forge, marker = github("`issues: write`"), f"<!-- gallery-drift:{stack} -->"
    found = forge.issue(marker)
    drifted = file.read_text() if file.is_file() else None
    if drifted == "":
        if found is not None:
            forge.change_issue(found["number"], {"state": "closed"})
        print(f"{stack} is as it was deployed")
        return
    title = f"{stack} is not as it was deployed"
    said = "This differs from what was deployed:\n\n" + harmless(drifted or "")
    if drifted is None:
        title = f"Nobody knows whether {stack} is as it was deployed"
        said = "The run that looks failed. Grafana's token lives for 30 days from its last turn."
    body = f"{marker}\n{said}\n\nSeen in [this run]({told('RUN_ADDRESS')})."
    if found is None:
        forge.open_issue(title, body)
    else:
        forge.change_issue(found["number"], {"title": title, "body": body})
    print(title)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
