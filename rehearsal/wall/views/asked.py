"""What a panel's queries found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rehearsal.wall.grafana.intervals import Interval
from rehearsal.wall.grafana.model.panels import Query
from rehearsal.wall.grafana.series import Series


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A query, the series that it found, and over which interval it was asked."""

    query: Query
    found: Sequence[Series]
    over: Interval
