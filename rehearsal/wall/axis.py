"""The value axis of a graph: where it begins and ends, and what is written at it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rehearsal.wall.grafana.model.fields import FieldSettings
from rehearsal.wall.grafana.model.graphs import LineCustom
from rehearsal.wall.grafana.units import formatted

_TICKS = 5
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_KIBI = 1024.0


@dataclass(frozen=True, kw_only=True)
class Axis:
    """From `low` to `high`, with a text at each of `ticks`; `log` is the base of a log scale."""

    low: float
    high: float
    ticks: tuple[float, ...]
    texts: tuple[str, ...]
    log: int | None


def axis(values: Iterable[float], settings: FieldSettings[LineCustom]) -> Axis:
    """The axis for these values, with the bounds that the settings give.

    Raises ValueError for a logarithmic one from 0 or below: no power is so little.
    """
    found = [value for value in values if math.isfinite(value)]
    base = _log(settings)
    if base is not None:
        if settings.min is not None and settings.min <= 0:
            raise ValueError(f"a logarithmic scale cannot begin at {settings.min:g}")
        found = [value for value in found if value > 0]
    low, high = _bounds(found or [0.0 if base is None else 1.0], settings)
    ticks = _even(low, high, settings.unit) if base is None else _powers(low, high, base)
    return Axis(
        low=ticks[0] if settings.min is None else low,
        high=ticks[-1] if settings.max is None else high,
        ticks=ticks,
        texts=_texts(ticks, settings, even=base is None),
        log=base,
    )


def _texts(
    ticks: Sequence[float], settings: FieldSettings[LineCustom], *, even: bool
) -> tuple[str, ...]:
    """What is written at ticks; at even ones with the decimals that tell one from the next."""
    needed = _decimals(ticks[1] - ticks[0]) if even else 0
    decimals = needed if needed and settings.decimals is not None else settings.decimals
    return tuple(formatted(tick, settings.unit, decimals) for tick in ticks)


def _decimals(step: float) -> int:
    """How many decimals a step has, of six at most."""
    return len(f"{step:.6f}".rstrip("0").partition(".")[2])


def _log(settings: FieldSettings[LineCustom]) -> int | None:
    scale = settings.custom.scale_distribution
    return (scale.log or 10) if scale.type == "log" else None


def _bounds(found: list[float], settings: FieldSettings[LineCustom]) -> tuple[float, float]:
    custom = settings.custom
    lows = [min(found), *([] if custom.axis_soft_min is None else [custom.axis_soft_min])]
    highs = [max(found), *([] if custom.axis_soft_max is None else [custom.axis_soft_max])]
    low = min(lows) if settings.min is None else settings.min
    high = max(highs) if settings.max is None else settings.max
    if high > low:
        return low, high
    # A flat line lies in the middle, one at nought on the ground.
    return (low - abs(low) / 2, low + abs(low) / 2) if low else (0.0, 1.0)


def _even(low: float, high: float, unit: str) -> tuple[float, ...]:
    """Round numbers from one below `low` to one above `high`."""
    rough = (high - low) / _TICKS
    factor = _KIBI ** math.floor(math.log(rough, _KIBI)) if unit == "bytes" else 1.0
    size = 10 ** math.floor(math.log10(rough / factor))
    step = factor * size * next(one for one in _STEPS if rough <= factor * size * one * 1.000001)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return tuple(number * step for number in range(first, last + 1))


def _powers(low: float, high: float, base: int) -> tuple[float, ...]:
    first = math.floor(math.log(low, base) + 1e-9)
    last = max(first + 1, math.ceil(math.log(high, base) - 1e-9))
    return tuple(float(base) ** power for power in range(first, last + 1))
