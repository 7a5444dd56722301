"""A scenario as written for one stack and one target: steps, and what may come of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from gallery.plan.model import PlannedHost
from rehearsal.drill.expectations import Expectation
from rehearsal.drill.play import Play
from rehearsal.drill.running import Running


class Step(Protocol):
    """One thing a drill does."""

    @property
    def expectations(self) -> tuple[Expectation, ...]:
        """What it lets the drill expect."""
        ...

    @property
    def at_most(self) -> float:
        """How many seconds it can take."""
        ...

    def run(self, play: Play) -> None:
        """Do it."""
        ...


@dataclass(frozen=True, kw_only=True)
class Script:
    """Steps in order. `pages_at_most` limits the messages of one alert, by its name.

    `incidents_at_most` limits how often one begins to be told where nothing of it was open: what
    joins an open incident calls nobody.

    `notes` are said before the drill begins.
    """

    steps: tuple[Step, ...]
    may: tuple[Expectation, ...] = ()
    pages_at_most: dict[str, int] = field(default_factory=dict[str, int])
    incidents_at_most: dict[str, int] = field(default_factory=dict[str, int])
    notes: tuple[str, ...] = ()

    @property
    def expectations(self) -> tuple[Expectation, ...]:
        """All that must come."""
        return tuple(one for step in self.steps for one in step.expectations)

    @property
    def at_most(self) -> float:
        """How many seconds it can take, but for the mending itself."""
        mend = max(
            (each.resolve_seconds or 0.0 for each in (*self.expectations, *self.may)), default=0.0
        )
        return sum(step.at_most for step in self.steps) + mend


@dataclass(frozen=True, kw_only=True)
class Target:
    """What a scenario breaks; None where it concerns no such thing."""

    service: str | None = None
    host: PlannedHost | None = None

    @property
    def name(self) -> str:
        """The host or the service; empty where it is neither."""
        return self.host.name if self.host else self.service or ""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """An outage that can be played. `summary` is one line.

    `of_routes` is whether it hands alerts to who delivers them, so that no rule has a part in it.
    `service` is the service it breaks unless told otherwise, None where it concerns none;
    `on_host` is whether it concerns a host, `on_cluster` whether it is about the pods that only
    `up --cluster` has. `write` makes the script, and raises NotPlayableError for a stack that
    lacks what it is about.
    """

    name: str
    summary: str
    write: Callable[[Running, Target], Script]
    service: str | None = None
    of_routes: bool = False
    on_host: bool = False
    on_cluster: bool = False
