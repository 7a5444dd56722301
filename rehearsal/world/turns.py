"""Which answers of a broken service are broken: by turns, so that a share is exact."""

from __future__ import annotations

from dataclasses import dataclass, field

from rehearsal.world.faults import Fault

# Shares are sums of fractions.
_EXACTLY = 1e-9


@dataclass
class Turns:
    """The fault of one service, and whose turn it is to meet it."""

    fault: Fault | None = None
    _owed: float = field(default=0.0, init=False)

    def change(self, fault: Fault | None) -> None:
        """Let the service be broken so, or healthy (None), from the next answer on."""
        self.fault, self._owed = fault, 0.0

    def next(self, method: str | None) -> Fault | None:
        """What is wrong with the next answer of this method, or of a health check (None)."""
        fault = self.fault
        if fault is None or not fault.concerns(method):
            return None
        self._owed += fault.share
        if self._owed < 1 - _EXACTLY:
            return None
        self._owed -= 1
        return fault
