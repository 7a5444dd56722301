"""Commands that a test starts and reads: none keeps it waiting, and none outlives it."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Timer

# Far more than any command needs that comes to an end at all.
_PATIENCE_SECONDS = 120.0


@contextmanager
def running(
    command: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    stdout: int = subprocess.PIPE,
    stderr: int = subprocess.PIPE,
) -> Generator[subprocess.Popen[str]]:
    """A command, killed with all that it started when the test is done with it.

    When it has taken too long it is killed as well: whoever reads its output finds the end of it.
    """
    with subprocess.Popen(
        command,
        cwd=cwd,
        env=env,
        stdout=stdout,
        stderr=stderr,
        text=True,
        start_new_session=True,
    ) as process:
        limit = Timer(_PATIENCE_SECONDS, _kill, (process,))
        limit.start()
        try:
            yield process
        finally:
            limit.cancel()
            _kill(process)


def _kill(process: subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
