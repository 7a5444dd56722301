"""Plays drills for those who look on: one at a time, as a program of its own."""

from __future__ import annotations

import asyncio
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from offline.errors import UserError
from rehearsal.machine.tools import ROOT

_LOG = "wall-drill.log"
_OPTIONS = {"service": "--service", "host": "--host"}
# What is shown of a drill that refuses to begin.
_LAST_LINES = 4


@dataclass
class Drills:
    """Starts `python -m rehearsal drill` and knows how it ended.

    `scenarios` are the names and summaries of those that there are, `targets` what a drill can
    be about, as `service:cartservice`. Drills that somebody started elsewhere are not its own.
    """

    logs: Path
    scenarios: Mapping[str, str]
    targets: frozenset[str]
    playing: str | None = field(default=None, init=False)
    refusal: str = field(default="", init=False)
    _process: Process | None = field(default=None, init=False)
    _watch: asyncio.Task[None] | None = field(default=None, init=False)

    async def play(self, scenario: str, target: str) -> None:
        """Begin a drill; an empty target leaves it to the scenario. Raises UserError."""
        if self.playing is not None:
            raise UserError(f"{self.playing} is being played; wait for its end, or end it")
        if scenario not in self.scenarios:
            raise UserError(f'no scenario is called "{scenario}"')
        if target and target not in self.targets:
            raise UserError(f'this stack has no "{target}"')
        kind, _, name = target.partition(":")
        options = [_OPTIONS[kind], name] if target else []
        self.playing, self.refusal = f"{scenario} {name}".strip(), ""
        with self._log.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "rehearsal", "drill", scenario, *options),
                cwd=ROOT,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._watch = asyncio.create_task(self._wait(self._process))

    async def end(self) -> None:
        """Interrupt the drill, which mends what it broke; returns once it has."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGINT)
        await self.ended()

    async def ended(self) -> None:
        """Wait until none is played."""
        if self._watch is not None:
            await self._watch

    @property
    def _log(self) -> Path:
        return self.logs / _LOG

    async def _wait(self, process: Process) -> None:
        status = await process.wait()
        self.playing = None
        if status:
            said = self._log.read_text(errors="replace").strip().splitlines()
            self.refusal = "\n".join(said[-_LAST_LINES:])
