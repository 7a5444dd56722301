"""A checkout's own rehearsal of a stack, by its commands."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ci.compare import OUT, Checkout
from offline.errors import UserError

# A drill's report, as `rehearsal drill --json` writes it.
Report = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Drill:
    """One that can be played: for how many seconds at most, and which alerts must come.

    `of_routes` is whether it is delivery alone that is played, and no rule.
    """

    scenario: str
    at_most: float
    alerts: frozenset[str]
    of_routes: bool


@dataclass(kw_only=True)
class Rehearsed:
    """One stack of one checkout; `gone` says why it is not up, and is empty where it is."""

    checkout: Checkout
    stack: str
    gone: str = ""

    def up(self) -> None:
        """Start it, or know why it does not start."""
        try:
            self._run("up", "--stack", self.stack)
        except UserError as why:
            self.gone = str(why)

    def down(self) -> None:
        """Stop all of it."""
        self._run("down")

    def drills(self) -> list[Drill]:
        """Whatever can be played on it."""
        if self.gone:
            return []
        file = self._file("drills")
        self._run("drill", "list", "--json", str(file))
        return [
            Drill(
                scenario=each["scenario"],
                at_most=each["at_most_seconds"],
                alerts=frozenset(each["alerts"]),
                of_routes=each["of_routes"],
            )
            for each in json.loads(file.read_text())
            if each["at_most_seconds"] is not None
        ]

    def play(self, scenario: str) -> Report | str:
        """The report of a drill, or why there is none."""
        if self.gone:
            return self.gone
        file = self._file(scenario)
        file.unlink(missing_ok=True)
        try:
            self._run("drill", scenario, "--json", str(file))
        except UserError as failed:
            # One that was played and failed has written what came of it.
            report = json.loads(file.read_text() or "null") if file.exists() else None
            return report or str(failed)
        return json.loads(file.read_text())

    def drawn(self, dashboard: str) -> bool:
        """Whether a picture of the dashboard could be drawn, to `pictures/` of the comparison."""
        if self.gone:
            return False
        out = OUT.resolve() / "pictures" / f"{self.stack}-{dashboard}-{self.checkout.name}.png"
        out.parent.mkdir(exist_ok=True)
        try:
            self._run("picture", dashboard, "--whole", "--out", str(out))
        except UserError as why:
            print(f"{dashboard} is not drawn: {why}")
            return False
        return True

    def _run(self, *arguments: str) -> None:
        what = f"`rehearsal {' '.join(arguments[:2])}` failed on the {self.checkout.name}"
        self.checkout.python(("-m", "rehearsal", *arguments), what)

    def _file(self, name: str) -> Path:
        directory = Path("build", "played").resolve()
        directory.mkdir(parents=True, exist_ok=True)
        return directory / f"{self.stack}-{name}-{self.checkout.name}.json"


@contextmanager
def rehearsed(checkout: Checkout, stack: str) -> Generator[Rehearsed]:
    """One that is stopped in the end, whatever becomes of it."""
    one = Rehearsed(checkout=checkout, stack=stack)
    try:
        yield one
    finally:
        one.down()
