"""Values as Grafana writes them, by the id of a unit.

Read in Grafana 12's `valueFormats`; only the units that dashboards here use are known.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

Format = Callable[[float, int | None], str]


def formatted(value: float, unit: str, decimals: int | None) -> str:
    """The value with its unit. Raises ValueError for a unit that is not known."""
    return format_of(unit)(value, decimals)


def format_of(unit: str) -> Format:
    """How values of the unit are written. Raises ValueError for one that is not known."""
    if unit.startswith("suffix:"):
        return _fixed(f" {unit.removeprefix('suffix:')}")
    if unit not in _FORMATS:
        raise ValueError(f'values in "{unit}" are not written here')
    return _FORMATS[unit]


def to_fixed(value: float, decimals: int | None) -> str:
    """A number with so many decimals, or with as many as show its first three digits."""
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    places = _decimals(value) if decimals is None else decimals
    # JavaScript rounds half up, Python half to even.
    factor = 10**places
    text = f"{math.floor(value * factor + 0.5) / factor:.{places}f}"
    return text.rstrip("0").rstrip(".") if decimals is None and "." in text else text


def _decimals(value: float) -> int:
    if value % 1 == 0:
        return 0
    # Below zero it shows one digit less.
    return max(0, 1 - math.floor(math.log10(abs(value))) + (value > 0))


@dataclass(frozen=True)
class _Scale:
    """Values below `below` are divided by `by` and end in `suffix`."""

    below: float
    by: float
    suffix: str


def _scaled(*scales: _Scale) -> Format:
    def write(value: float, decimals: int | None) -> str:
        last = scales[-1]
        scale = next((one for one in scales if abs(value) < one.below), last)
        return to_fixed(value / scale.by, decimals) + scale.suffix

    return write


def _fixed(suffix: str, times: float = 1.0) -> Format:
    return lambda value, decimals: to_fixed(value * times, decimals) + suffix


def _prefixed(factor: float, suffixes: tuple[str, ...]) -> Format:
    scales = [
        _Scale(factor ** (power + 1), factor**power, suffix)
        for power, suffix in enumerate(suffixes)
    ]
    return _scaled(*scales)


def _small_si(unit: str) -> Format:
    """SI prefixes downwards too; zero has none."""
    small = [
        _Scale(1000.0 ** (power + 1), 1000.0**power, f" {prefix}{unit}")
        for power, prefix in ((-3, "n"), (-2, "µ"), (-1, "m"))
    ]
    large = [
        _Scale(1000.0 ** (power + 1), 1000.0**power, f" {prefix}{unit}")
        for power, prefix in enumerate(("", "k", "M", "G", "T", "P"))
    ]
    whole = _scaled(*small, *large)
    return lambda value, decimals: (
        f"{to_fixed(0.0, decimals)} {unit}" if value == 0 else whole(value, decimals)
    )


_MINUTE, _HOUR, _DAY, _WEEK, _YEAR = 60.0, 3600.0, 86400.0, 604800.0, 31536000.0

_FORMATS: dict[str, Format] = {
    "none": _fixed(""),
    "short": _prefixed(1000.0, ("", " K", " Mil", " Bil", " Tri")),
    "percentunit": _fixed("%", 100.0),
    "Bps": _small_si("B/s"),
    "bytes": _prefixed(1024.0, (" B", " KiB", " MiB", " GiB", " TiB", " PiB")),
    "cps": _prefixed(1000.0, (" c/s", "K c/s", "M c/s", "B c/s", "T c/s")),
    "reqps": _prefixed(1000.0, (" req/s", "K req/s", "M req/s", "B req/s", "T req/s")),
    "ms": _scaled(
        _Scale(1e3, 1, " ms"),
        _Scale(_MINUTE * 1e3, 1e3, " s"),
        _Scale(_HOUR * 1e3, _MINUTE * 1e3, " min"),
        _Scale(_DAY * 1e3, _HOUR * 1e3, " hour"),
        _Scale(_YEAR * 1e3, _DAY * 1e3, " day"),
        _Scale(math.inf, _YEAR * 1e3, " year"),
    ),
    "s": _scaled(
        _Scale(1e-6, 1e-9, " ns"),
        _Scale(1e-3, 1e-6, " µs"),
        _Scale(1.0, 1e-3, " ms"),
        _Scale(_MINUTE, 1, " s"),
        _Scale(_HOUR, _MINUTE, " min"),
        _Scale(_DAY, _HOUR, " hour"),
        _Scale(_WEEK, _DAY, " day"),
        _Scale(_YEAR, _WEEK, " week"),
        _Scale(math.inf, 3.15569e7, " year"),
    ),
    "h": _scaled(
        _Scale(24, 1, " hour"),
        _Scale(168, 24, " day"),
        _Scale(8760, 168, " week"),
        _Scale(math.inf, 8760, " year"),
    ),
    "d": _scaled(
        _Scale(7, 1, " day"),
        _Scale(365, 7, " week"),
        _Scale(math.inf, 365, " year"),
    ),
}
