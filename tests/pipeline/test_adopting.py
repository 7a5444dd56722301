"""From a fork to the first comment, as the page has it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from ci.comment import MARKER
from offline.render import PROJECT

from .forge import Forge
from .repository import begun
from .test_comment import BRANCH, COMMENTS, on_github
from .test_compare import ROLE

PAGE = PROJECT / "docs" / "adopting.md"


def test_the_first_pull_request_of_a_fork_gets_its_comment(forge: Forge, tmp_path: Path) -> None:
    fork = begun(tmp_path)
    fork.git("update-ref", "refs/remotes/origin/main", "HEAD")
    fork.edit(ROLE, "reliability: [pager, chat]")
    [command] = re.findall(r"^python3 -m ci\.compare \S+", PAGE.read_text(), re.MULTILINE)
    subprocess.run(command.split(), cwd=fork.directory, check=True, capture_output=True)
    forge.pull_request(5, BRANCH)
    done = on_github(forge, fork.directory)
    assert (done.code, done.out) == (0, "commented\n"), done.error
    [body] = forge.bodies(COMMENTS)
    assert body.startswith(f"{MARKER}\n## What changes for stack `dev`")
