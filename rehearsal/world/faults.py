"""How a service of the simulated store can be broken."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum

from pydantic import TypeAdapter


class FaultKind(StrEnum):
    """Refuse: the port is closed. Hang: it accepts and never answers. Slow: it answers late.

    Error: it answers, with an error. Half: one of two addresses is dead, which only the shop's door
    has.
    """

    REFUSE = "refuse"
    HANG = "hang"
    SLOW = "slow"
    ERROR = "error"
    HALF = "half"


@dataclass(frozen=True)
class Fault:
    """A way to be broken; `milliseconds` is the delay of a slow answer, otherwise 0.

    `share` is how many of the answers are so, above 0 and at most 1; `method` is the one whose
    answers alone are so, None where all are. Both are of errors and of slow answers only.
    """

    kind: FaultKind
    milliseconds: int = 0
    share: float = 1.0
    method: str | None = None

    def __post_init__(self) -> None:
        if (self.kind is FaultKind.SLOW) != (self.milliseconds > 0):
            raise ValueError("slow needs milliseconds above 0, and nothing else has them")
        if not 0 < self.share <= 1:
            raise ValueError(f"share is {self.share:g}, and must be above 0 and at most 1")
        if self.partial and self.kind not in _OF_ANSWERS:
            raise ValueError(f"{self.kind} concerns every answer; it has no share and no method")

    @classmethod
    def parse(cls, document: bytes) -> Fault:
        """Read `{"kind": "slow", "milliseconds": 900, "share": 0.5}`. Raises ValueError."""
        return _FORM.validate_json(document)

    def document(self) -> dict[str, object]:
        """The fault as JSON has it."""
        return asdict(self)

    @property
    def partial(self) -> bool:
        """Whether some answers are as they should be."""
        return self.share < 1 or self.method is not None

    def concerns(self, method: str | None) -> bool:
        """Whether answers of this method may be so; None asks whether the service is well.

        Whoever asks that learns of no error, and of a delay only where every answer has it.
        """
        if method is None:
            return self.kind not in _OF_ANSWERS or (self.milliseconds > 0 and not self.partial)
        return self.method in {None, method}


_OF_ANSWERS = {FaultKind.SLOW, FaultKind.ERROR}
_FORM = TypeAdapter(Fault)

REFUSE = Fault(FaultKind.REFUSE)
HANG = Fault(FaultKind.HANG)
HALF = Fault(FaultKind.HALF)


def slow(milliseconds: int, share: float = 1.0, method: str | None = None) -> Fault:
    """Answers, but this share of it late by so many milliseconds."""
    return Fault(FaultKind.SLOW, milliseconds, share, method)


def errors(share: float = 1.0, method: str | None = None) -> Fault:
    """Answers, but this share of it with an error."""
    return Fault(FaultKind.ERROR, share=share, method=method)


def delay_seconds(fault: Fault | None) -> float:
    """How long an answer with this fault is held back."""
    return 0.0 if fault is None else fault.milliseconds / 1000


def failing(fault: Fault | None) -> bool:
    """Whether an answer with this fault is an error."""
    return fault is not None and fault.kind is FaultKind.ERROR


def down(fault: Fault | None) -> bool:
    """Whether a service with this fault answers nobody."""
    return fault is not None and fault.kind in {FaultKind.REFUSE, FaultKind.HANG}
