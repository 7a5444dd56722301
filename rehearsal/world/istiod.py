"""The metrics that the mesh's control plane would expose for its proxies.

A counter of what fails is not there before the first failure, as with the real one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from gallery.metrics.names import CONNECTED, CONVERGENCE, PUSHES

# Istio's own bounds of pilot_proxy_convergence_time, in seconds.
_BOUNDS = (0.1, 0.5, 1, 3, 5, 10, 20, 30, math.inf)
_KINDS = ("cds", "eds", "lds", "rds")
# Since an outage of the store moves endpoints, and little else changes at rest.
_PUSH_EVERY_SECONDS = 60.0
_VERSION = "1.31.0"


@dataclass(frozen=True)
class Istiod:
    """One replica with so many proxies, since `began`, in seconds.

    `failures` are its counters of what went wrong, by name and type, as many as there were.
    """

    proxies: int
    began: float
    failures: Mapping[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])

    def exposition(self, now: float) -> str:
        """What it answers to a scrape, in Prometheus's text format."""
        return "\n".join(self._lines(now)) + "\n"

    def _lines(self, now: float) -> Iterator[str]:
        pushed = self.proxies * (1 + math.floor((now - self.began) / _PUSH_EVERY_SECONDS))
        yield f"# TYPE {CONNECTED} gauge"
        yield f'{CONNECTED}{{version="{_VERSION}"}} {self.proxies}'
        yield f"# TYPE {PUSHES} counter"
        for kind in _KINDS:
            yield f'{PUSHES}{{type="{kind}"}} {pushed}'
        yield f"# TYPE {CONVERGENCE.removesuffix('_bucket')} histogram"
        for bound in _BOUNDS:
            upper = "+Inf" if math.isinf(bound) else f"{bound:g}"
            yield f'{CONVERGENCE}{{le="{upper}"}} {pushed}'
        for (name, kind), count in self.failures.items():
            of = f'{{type="{kind}"}}' if kind else ""
            yield f"# TYPE {name} counter"
            yield f"{name}{of} {count}"
