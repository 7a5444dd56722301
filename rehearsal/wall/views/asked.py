"""What a panel's queries found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rehearsal.wall.grafana.model.panels import Query
from rehearsal.wall.grafana.series import Series


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A query, the series that it found, and the step in seconds in which they are sampled."""

    query: Query
    found: Sequence[Series]
    step: float
