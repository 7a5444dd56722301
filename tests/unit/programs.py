"""Programs that judge what is rendered: looked for, and fetched, once in a test run."""

from __future__ import annotations

import subprocess
from functools import cache

import pytest

from offline.errors import UserError
from rehearsal.machine.tools import Tool, provide


def program(tool: Tool) -> str:
    """The path of a tool; skips the test where the machine neither has it nor can fetch it."""
    path, why = _found(tool)
    if path is None:
        pytest.skip(why)
    return path


def run(tool: Tool, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What a tool says to these arguments; its exit status is not checked."""
    return subprocess.run(
        [program(tool), *arguments], capture_output=True, text=True, check=False, timeout=60
    )


@cache
def _found(tool: Tool) -> tuple[str | None, str]:
    """A tool's path, or why there is none: what cannot be fetched is not asked for again."""
    try:
        return str(provide((tool,))[tool]), ""
    except UserError as fault:
        return None, str(fault)
