"""The edges of the histogram in which a proxy counts how long requests take.

Source: Istio, "Standard metrics", and Envoy's default buckets; in milliseconds.
"""

from __future__ import annotations

import re

from gallery.metrics import promql

EDGES: tuple[float, ...] = (
    0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000,
    300_000, 600_000, 1_800_000, 3_600_000,
)  # fmt: skip
# Of every request, however long it took.
ALL = promql.equals("le", "+Inf")


def within(edge: float) -> str:
    """The matcher of requests that took no longer than an edge.

    Prometheus 3 stores `500.0` where earlier ones store `500`. Raises ValueError for what is no
    edge: nothing would match it.
    """
    if edge not in EDGES:
        raise ValueError(f"{edge:g} ms is no edge of the histogram")
    fraction = "" if edge % 1 else r"(\.0)?"
    return f"le=~{promql.quoted(re.escape(f'{edge:.15g}') + fraction)}"
