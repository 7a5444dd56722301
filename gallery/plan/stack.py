"""What every part of a stack is named by and guarded by."""

from __future__ import annotations

from dataclasses import dataclass

PRODUCTION = "prod"


@dataclass(frozen=True, kw_only=True)
class Stack:
    """Which stack this is, and where it stands."""

    environment: str
    region: str

    @property
    def production(self) -> bool:
        """Whether what holds data is protected and pages must wake somebody."""
        return self.environment == PRODUCTION

    @property
    def prefix(self) -> str:
        """How the names of its things in AWS begin: one per environment of an account."""
        return f"gallery-{self.environment}"
