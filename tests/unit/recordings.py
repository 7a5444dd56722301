"""Recordings of the shipped stacks, made once in a test run."""

from __future__ import annotations

from functools import cache

from offline.deployed import documents
from offline.monitor import Recording
from offline.render import recording


@cache
def recorded(stack: str) -> Recording:
    """What the program registers for a shipped stack."""
    return recording(stack)


@cache
def deployed(stack: str) -> dict[str, str]:
    """The `deployed/` tree of a shipped stack: path to text."""
    return documents(recorded(stack))
