"""What the API says of a stack's objects, one by one, and how that reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from pydantic import TypeAdapter

from rehearsal.machine.lines import table


class Outcome(StrEnum):
    """What became of an object."""

    ADMITTED = "admitted"
    REFUSED = "refused"
    # A second apply of the very same object changed it.
    UNSTEADY = "unsteady"
    # The plain API has no such kind.
    NOT_JUDGED = "not judged"


@dataclass(frozen=True, kw_only=True)
class Judged:
    """An object and what became of it; `why` is empty where it was admitted."""

    kind: str
    name: str
    outcome: Outcome
    why: str = ""
    warnings: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.kind} {self.name}: {self.outcome}{f', {self.why}' if self.why else ''}"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Of a stack: its objects in the order of their apply, and its controllers' pods.

    `pods` counts those that are ready by their controller, `complaints` say what keeps others
    from it.
    """

    stack: str
    judged: tuple[Judged, ...]
    pods: dict[str, int] = field(default_factory=dict[str, int])
    complaints: tuple[str, ...] = ()

    def of(self, outcome: Outcome) -> list[Judged]:
        """The objects of which this became."""
        return [each for each in self.judged if each.outcome is outcome]

    @property
    def faults(self) -> list[str]:
        """What is wrong; nothing where the stack may be deployed."""
        bad = [*self.of(Outcome.REFUSED), *self.of(Outcome.UNSTEADY)]
        return [*map(str, bad), *self.complaints]

    def lines(self) -> list[str]:
        """The verdict as a person reads it."""
        return [
            f"the cluster's API on stack {self.stack}:",
            *table(_rows(self.judged)),
            f"pods ready: {sum(self.pods.values())}, of {len(self.pods)} controllers",
            *(f"not judged: {each.kind} {each.name}, {each.why}"
              for each in self.of(Outcome.NOT_JUDGED)),
            *(f"warning: {each.kind} {each.name}: {text}"
              for each in self.judged for text in each.warnings),
        ]  # fmt: skip


_FORM = TypeAdapter(Verdict)


def write(path: Path, verdict: Verdict) -> None:
    """Keep a verdict for the commands that come later."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_FORM.dump_json(verdict, indent=2) + b"\n")


def read(path: Path) -> Verdict:
    """The verdict that was kept."""
    return _FORM.validate_json(path.read_bytes())


def _rows(judged: Sequence[Judged]) -> Iterator[tuple[str, ...]]:
    """A row for each kind: how many objects, and what became of how many."""
    kinds = sorted({each.kind for each in judged})
    yield ("KIND", "OBJECTS", *(outcome.upper() for outcome in Outcome))
    for kind in kinds:
        outcomes = [each.outcome for each in judged if each.kind == kind]
        yield (kind, str(len(outcomes)), *(str(outcomes.count(each) or "") for each in Outcome))
    every = [each.outcome for each in judged]
    yield ("all", str(len(every)), *(str(every.count(each) or "") for each in Outcome))
