"""How a service of the simulated store can be broken."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pydantic import TypeAdapter


class FaultKind(StrEnum):
    """Refuse: the port is closed. Hang: it accepts and never answers. Slow: it answers late.

    Half: one of two addresses is dead, which only the shop's door has.
    """

    REFUSE = "refuse"
    HANG = "hang"
    SLOW = "slow"
    HALF = "half"


@dataclass(frozen=True)
class Fault:
    """A way to be broken; `milliseconds` is the delay of a slow answer, otherwise 0."""

    kind: FaultKind
    milliseconds: int = 0

    def __post_init__(self) -> None:
        if (self.kind is FaultKind.SLOW) != (self.milliseconds > 0):
            raise ValueError("slow needs milliseconds above 0, and nothing else has them")

    @classmethod
    def parse(cls, document: bytes) -> Fault:
        """Read `{"kind": "slow", "milliseconds": 900}`. Raises ValueError."""
        return _FORM.validate_json(document)

    def document(self) -> dict[str, object]:
        """The fault as JSON has it."""
        return {"kind": self.kind.value, "milliseconds": self.milliseconds}


_FORM = TypeAdapter(Fault)

REFUSE = Fault(FaultKind.REFUSE)
HANG = Fault(FaultKind.HANG)
HALF = Fault(FaultKind.HALF)


def slow(milliseconds: int) -> Fault:
    """Answers, but late by so many milliseconds."""
    return Fault(FaultKind.SLOW, milliseconds)


def down(fault: Fault | None) -> bool:
    """Whether a service with this fault answers nobody."""
    return fault is not None and fault.kind not in {FaultKind.SLOW, FaultKind.HALF}
