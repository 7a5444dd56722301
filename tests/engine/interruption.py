"""Who ends in the middle of a deployment, and when."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

_WRITES = {"Create", "Update", "Delete"}


class Gone(Exception):
    """Nobody is there to answer, or to hear the answer."""


class Victim(Enum):
    """Who ends: the whole run with the machine under it, the program, or one provider."""

    RUN = "run"
    PROGRAM = "program"
    PROVIDER = "provider"


@dataclass(kw_only=True)
class Interruption:
    """Ends the victim at one write of a run: a creation, a change or a deletion.

    `at` counts the run's writes from 1; 0 ends nobody. `done` says whether the service has done
    what it was asked by then, so that only the answer is lost; the end of a program loses none.
    `run` is the process of the CLI. After the end `lost` is the method that had no answer.
    """

    victim: Victim = Victim.PROGRAM
    at: int = 0
    done: bool = False
    run: int = 0
    writes: int = 0
    lost: str = ""
    _gone: set[str] = field(default_factory=set[str])

    def call(self, package: str, method: str, act: Callable[[], T]) -> T:
        """What the provider answers. Raises Gone where it or who asked has ended."""
        if {package, "*"} & self._gone:
            raise Gone
        if method not in _WRITES:
            return act()
        self.writes += 1
        return act() if self.writes != self.at else self._end(package, method, act)

    def _end(self, package: str, method: str, act: Callable[[], T]) -> T:
        if self.victim is Victim.PROGRAM:
            _kill(pid for pid in _below(self.run) if pid != self.run)
            return act()
        self.lost = method
        if self.done:
            _ = act()
        if self.victim is Victim.RUN:
            # Providers end with it, and with them whatever was still on its way.
            self._gone.add("*")
            _kill(_below(self.run))
        self._gone.add(package)
        raise Gone


def _below(process: int) -> Iterator[int]:
    """A process and all that it has started, itself first."""
    yield process
    for task in Path("/proc", str(process), "task").iterdir():
        for child in (task / "children").read_text().split():
            yield from _below(int(child))


def _kill(processes: Iterator[int]) -> None:
    # All are found before the first ends: what is left of a family has another parent.
    for process in list(processes):
        os.kill(process, signal.SIGKILL)
