"""Runs the program of a stack under the strict monitor and writes what it would deploy."""

from __future__ import annotations

import os
import runpy
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import pulumi

from gallery.stack_file.errors import StackFileError
from gallery.stack_file.parse import parse, referenced_secrets
from offline.deployed import documents
from offline.errors import UserError
from offline.monitor import ProgramError, Recording, record
from offline.stack_file import StackFile, read

PROJECT = Path(__file__).resolve().parents[1]


def stack_file(stack: str, project: Path = PROJECT) -> StackFile:
    """A stack's configuration with a placeholder for every secret it refers to."""
    found = read(project, stack)
    try:
        settings = parse(found.values(), found.secret_keys)
    except StackFileError as error:
        raise UserError(f"stack {stack}: {error}") from None
    return found.with_placeholders(referenced_secrets(settings))


def recording(stack: str, project: Path = PROJECT) -> Recording:
    """What `__main__.py` registers for this stack. Raises UserError with every error."""
    found = stack_file(stack, project)
    try:
        # The calendar stands still, or every week's render would differ; and an example is played
        # as it is.
        with (
            _without_aws(),
            patch("configuration.week", return_value="this-week"),
            patch("configuration.left_of_the_example", return_value=[]),
        ):
            return record(
                lambda: runpy.run_path(str(project / "__main__.py"), run_name="__main__"),
                config=found.config,
                secret_keys=found.secret_keys,
                stack=stack,
            )
    except ProgramError as error:
        raise UserError(f"stack {stack} registers what no engine takes:\n{error}") from None
    except pulumi.RunError as error:
        raise UserError(f"stack {stack}: {error}") from None


def render(stack: str, out: Path, project: Path = PROJECT) -> Path:
    """Write the stack's `deployed/` tree below `out` and give back its path.

    The tree is replaced as a whole, and only once the new one is complete.
    """
    files = documents(recording(stack, project))
    target, fresh = out / "deployed", out / "deployed.new"
    shutil.rmtree(fresh, ignore_errors=True)
    for path, text in files.items():
        file = fresh / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)
    return target


@contextmanager
def _without_aws() -> Generator[None]:
    """No AWS credential or setting of the caller can reach the program."""
    kept = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("AWS_")}
    try:
        yield
    finally:
        os.environ.update(kept)
