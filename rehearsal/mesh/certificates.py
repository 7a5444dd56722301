"""How long the certificates of a rehearsed mesh are good, so that a drill sees them near their end.

Istio's are good for a day and replaced after half of it, for which no drill can wait. Here one is
replaced after half a minute, and after a whole one its alert would speak of it. How much is left
then is the stack's own threshold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gallery.alerts.mesh import HOUR, MESH_CERTIFICATES_EXPIRING
from gallery.plan.model import Plan

REPLACED_AFTER_SECONDS = 30
SPARE_SECONDS = 60


@dataclass(frozen=True)
class Certificates:
    """Certificates of which an alert speaks once so many seconds are left; None where none does."""

    told_at: float | None

    @classmethod
    def of(cls, plan: Plan) -> Certificates:
        """Those of a stack."""
        told = (
            each.scope.threshold * HOUR
            for each in plan.alerts
            if each.alert is MESH_CERTIFICATES_EXPIRING
        )
        return cls(next(told, None))

    def environment(self) -> Mapping[str, str]:
        """What an agent is to be told (Istio, `pilot/cmd/pilot-agent/options`)."""
        if self.told_at is None:
            return {}
        life = self.told_at + SPARE_SECONDS
        return {
            "SECRET_TTL": f"{life:.0f}s",
            "SECRET_GRACE_PERIOD_RATIO": f"{1 - REPLACED_AFTER_SECONDS / life:.6f}",
            "SECRET_GRACE_PERIOD_RATIO_JITTER": "0",
        }
