"""Starts, watches and stops the children of one state directory."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from offline.errors import UserError
from rehearsal.machine import loopback
from rehearsal.machine.network import NETWORK, VARIABLE
from rehearsal.machine.processes import journal, ports
from rehearsal.machine.processes.identity import MARK, Identity, describe, marked
from rehearsal.machine.processes.journal import Child, Entry, Journal
from rehearsal.machine.tools import cure

Progress = Callable[[str], None]

STOP_WITHIN_SECONDS = 10.0
# At the end nobody needs what a program would still like to finish, as a collector that has
# samples to hand in.
END_WITHIN_SECONDS = 3.0
_POLL_SECONDS = 0.05
_LOG_TAIL_LINES = 15


class Supervisor:
    """The children of one state directory: its journal, their logs, their processes.

    A child outlives the command that started it; every command finds it again in the journal.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory.resolve()
        self.state_file = self.directory / "state.json"
        self._processes = dict[str, subprocess.Popen[bytes]]()

    def journal(self) -> Journal | None:
        """What is up, or None. Raises UserError where that cannot be read."""
        return journal.read(self.state_file)

    def begin(self, stack: str, configuration: str) -> None:
        """Open the journal of a stack that is about to be started from that configuration."""
        journal.write(self.state_file, Journal(stack, configuration))

    def mark_healthy(self) -> None:
        """Note that everything was seen to work."""
        journal.write(self.state_file, replace(self._opened(), healthy=True))

    def log(self, name: str) -> Path:
        """Where a child's output goes."""
        return self.directory / "logs" / f"{name}.log"

    def launch(self, children: Sequence[Child], progress: Progress = lambda _line: None) -> None:
        """Start children and wait until all are ready; raises what these two raise."""
        self.spawn(children)
        self.await_ready(children, progress)

    def spawn(self, children: Sequence[Child]) -> None:
        """Start children, all or none, without waiting for them.

        Raises UserError for an address that is taken, for a program that is missing and for
        one that this machine cannot execute.
        """
        _refuse_taken(children)
        for child in children:
            if shutil.which(child.command[0]) is None:
                raise UserError(f"{child.name} cannot start: {child.command[0]} is missing")
        for child in children:
            self._start(child)

    def await_ready(
        self, children: Sequence[Child], progress: Progress = lambda _line: None
    ) -> None:
        """Wait until children can be used.

        Raises UserError for one that dies meanwhile or is not ready in time, with the end
        of its log.
        """
        within = max((child.ready_within_seconds for child in children), default=0.0)
        deadline = time.monotonic() + within
        waiting = {child.name: child for child in children}
        while waiting:
            self.refuse_dead()
            for child in list(waiting.values()):
                if answers(child.ready):
                    del waiting[child.name]
                    progress(f"{child.name} is ready")
            if waiting and time.monotonic() > deadline:
                raise UserError(self._not_ready(list(waiting), within))
            time.sleep(_POLL_SECONDS)

    def refuse_dead(self) -> None:
        """Raise UserError for a child that this command started and nobody has stopped."""
        opened = self._opened()
        for name in self._processes:
            if not opened.entry(name).alive():
                raise UserError(
                    f"{name} died while starting{self._exit_status(name)}; "
                    f"the end of its log ({self.log(name)}):\n{self.tail(name)}"
                )

    def start(self, name: str) -> None:
        """Start a child again that was stopped or killed, and wait until it is ready."""
        entry = self._opened().entry(name)
        if entry.alive():
            raise UserError(f"{name} is already running")
        self.launch([entry.child])

    def stop(self, name: str, number: signal.Signals = signal.SIGTERM) -> None:
        """End a child, politely or (SIGKILL) not, and wait until it is gone."""
        entry = self._opened().entry(name)
        if entry.identity is None or not entry.identity.send(number):
            raise UserError(f"{name} is not running")
        _await_gone([entry.identity], STOP_WITHIN_SECONDS)
        # It was meant to end: nobody need be told that it has.
        self._processes.pop(name, None)

    def remove(self, name: str) -> None:
        """End a child that runs for a while only, and strike it out: nobody need miss it."""
        self.stop(name)
        journal.write(self.state_file, self._opened().without(name))

    def refuse_foreign(self) -> None:
        """Raise UserError for a child that another user runs, whom nobody else can stop."""
        for entry in self._entries():
            if entry.identity is not None:
                entry.identity.send(0)

    def stop_all(self) -> list[str]:
        """End everything, then the journal; the names of what was running.

        Finds, besides what the journal names, a child whose start was interrupted before it
        could be written down, and those of a journal that cannot be read. Safe to call at any
        time, and again.
        """
        entries = self._entries()
        running = [entry.child.name for entry in entries if entry.alive()]
        identities = {entry.identity for entry in entries if entry.identity is not None}
        running += [describe(each.pid) for each in marked(self.directory) if each not in identities]
        while identities := identities | set(marked(self.directory)):
            for identity in identities:
                identity.send(signal.SIGTERM)
            _await_gone(identities, END_WITHIN_SECONDS)
            identities = set[Identity]()
        for process in self._processes.values():
            process.poll()
        self.state_file.unlink(missing_ok=True)
        return running

    def tail(self, name: str, lines: int = _LOG_TAIL_LINES) -> str:
        """The last lines a child wrote."""
        try:
            text = self.log(name).read_text(errors="replace")
        except FileNotFoundError:
            return ""
        return "\n".join(text.splitlines()[-lines:])

    def _opened(self) -> Journal:
        opened = self.journal()
        if opened is None:
            raise UserError("nothing is up; start it with `make up`")
        return opened

    def _entries(self) -> tuple[Entry, ...]:
        """What the journal has; nothing where it cannot be read, which must not keep it running."""
        try:
            opened = self.journal()
        except UserError:
            return ()
        return () if opened is None else opened.entries

    def _start(self, child: Child) -> None:
        Path(child.directory).mkdir(parents=True, exist_ok=True)
        self.log(child.name).parent.mkdir(parents=True, exist_ok=True)
        self._note(Entry(child))
        with self.log(child.name).open("ab") as log:
            process = self._execute(child, log)
        self._processes[child.name] = process
        self._note(Entry(child, Identity.of(process.pid)))

    def _execute(self, child: Child, log: BinaryIO) -> subprocess.Popen[bytes]:
        program = child.command[0]
        try:
            return subprocess.Popen(
                child.command,
                cwd=child.directory,
                env={**self._environment(), **dict(child.environment)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as fault:
            raise UserError(
                f"{child.name} cannot start: {program}: {fault.strerror}; {cure(Path(program))}"
            ) from None

    def _note(self, entry: Entry) -> None:
        journal.write(self.state_file, self._opened().with_entry(entry))

    def _environment(self) -> dict[str, str]:
        """What a child sees: no credentials, no proxies, no home with a cloud profile in it."""
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.directory),
            "LANG": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
            MARK: str(self.directory),
            VARIABLE: str(NETWORK),
        }

    def _exit_status(self, name: str) -> str:
        status = self._processes[name].poll()
        if status is None:
            return ""
        return f" (signal {-status})" if status < 0 else f" (exit status {status})"

    def _not_ready(self, names: list[str], within: float) -> str:
        tails = [f"the end of {self.log(name)}:\n{self.tail(name)}" for name in names]
        summary = f"not ready within {within:.0f} s: {', '.join(names)}"
        return "\n".join([summary, *tails])


def answers(ready: str) -> bool:
    """Whether the URL answers 2xx, or the `tcp://host:port` accepts a connection."""
    parts = urlsplit(ready)
    if parts.scheme == "http":
        try:
            loopback.get(ready, timeout=1.0)
        except (loopback.HttpStatusError, loopback.UnansweredError):
            return False
        return True
    try:
        with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=1.0):
            return True
    except OSError:
        return False


def _await_gone(identities: Iterable[Identity], seconds: float) -> None:
    """Wait until none of them runs; after `seconds` those that still do are killed."""
    deadline = time.monotonic() + seconds
    while left := [identity for identity in identities if identity.alive()]:
        if time.monotonic() > deadline:
            for identity in left:
                identity.send(signal.SIGKILL)
        time.sleep(_POLL_SECONDS)


def _refuse_taken(children: Iterable[Child]) -> None:
    lines = list[str]()
    for child in children:
        for address in child.listens:
            if not ports.is_free(address):
                by = ports.named_holder(address)
                lines.append(f"  {address}, where {child.name} would listen, is taken by {by}")
    if lines:
        raise UserError(
            "\n".join(["an address is taken:", *lines, "Stop that process, then try again."])
        )
