"""Programs that judge what is rendered: fetched once in a test run."""

from __future__ import annotations

import subprocess
from functools import cache

from rehearsal.tools import Tool, provide


@cache
def program(tool: Tool) -> str:
    """The path of a tool."""
    return str(provide((tool,))[tool])


def run(tool: Tool, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What a tool says to these arguments; its exit status is not checked."""
    return subprocess.run(
        [program(tool), *arguments], capture_output=True, text=True, check=False, timeout=60
    )
