"""What a forge tells its jobs, by environment variables."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from offline.errors import UserError


def told(name: str) -> str:
    """The variable's value. Raises UserError where it is not set or empty."""
    if value := os.environ.get(name):
        return value
    raise UserError(f"{name} is not set: this runs in a job of the pipeline, which sets it")


def passed_on(name: str, value: str) -> None:
    """Give a value to the later steps of a GitHub job."""
    with Path(told("GITHUB_OUTPUT")).open("a") as file:
        file.write(f"{name}={value}\n")


def summarised(text: str) -> None:
    """Print the text, and show it on the page of a GitHub run."""
    print(text)
    if path := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(path).open("a") as file:
            file.write(f"{text}\n")


def exit_status(run: Callable[[], None]) -> int:
    """0, or 1 with what the user can mend on standard error."""
    try:
        run()
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0
