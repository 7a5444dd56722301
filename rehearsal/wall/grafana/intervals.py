"""Which step and which rate interval Grafana gives a query.

Read in Grafana 12's `rangeutil.ts` and `promlib/models/query.go`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import floor

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_TEXT = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhdw])")
# An interval below the first number, in seconds, becomes the second.
_ROUNDED = (
    (0.01, 0.001), (0.015, 0.01), (0.035, 0.02), (0.075, 0.05), (0.15, 0.1), (0.35, 0.2),
    (0.75, 0.5), (1.5, 1), (3.5, 2), (7.5, 5), (12.5, 10), (17.5, 15), (25, 20), (45, 30),
    (90, 60), (210, 120), (450, 300), (750, 600), (1050, 900), (1500, 1200), (2700, 1800),
    (5400, 3600), (9000, 7200), (16200, 10800), (32400, 21600), (86400, 43200),
    (604800, 86400), (1814400, 604800), (3628800, 2592000),
)  # fmt: skip
_SCRAPES_OF_A_RATE = 4


def seconds(text: str) -> float:
    """An interval such as `5s` or `24h`. Raises ValueError."""
    found = _TEXT.fullmatch(text)
    if found is None:
        raise ValueError(f"no interval: {text!r}")
    return float(found[1]) * _UNITS[found[2]]


@dataclass(frozen=True, kw_only=True)
class Interval:
    """How a range is asked: from `start` to `end` in seconds since the epoch, every `step`.

    `rate` and `range` are what `$__rate_interval` and `$__range` stand for, all in seconds.
    """

    start: float
    end: float
    step: float
    rate: float

    @property
    def range(self) -> float:
        """From start to end."""
        return self.end - self.start


def interval(start: float, end: float, points: int, shortest: str) -> Interval:
    """For a graph that is `points` pixels wide and a query whose step is at least `shortest`."""
    least = seconds(shortest)
    wide = max(least, _rounded((end - start) / points))
    return Interval(
        start=floor(start / wide) * wide,
        end=floor(end / wide) * wide,
        step=wide,
        rate=max(wide + least, _SCRAPES_OF_A_RATE * least),
    )


def _rounded(wanted: float) -> float:
    return next((rounded for below, rounded in _ROUNDED if wanted < below), 31536000)
