"""A length of time as Prometheus writes it: `30s`, `1m30s`, `500ms`, `7d`."""

from __future__ import annotations

import re
from dataclasses import dataclass

_UNITS = {
    "w": 604_800_000,
    "d": 86_400_000,
    "h": 3_600_000,
    "m": 60_000,
    "s": 1_000,
    "ms": 1,
}
_SHAPE = re.compile(r"(?:\d+w)?(?:\d+d)?(?:\d+h)?(?:\d+m(?!s))?(?:\d+s)?(?:\d+ms)?")
_PART = re.compile(r"(\d+)(ms|[wdhms])")


@dataclass(frozen=True, order=True)
class Duration:
    """A non-negative length of time, kept in whole milliseconds."""

    milliseconds: int

    @classmethod
    def parse(cls, text: str) -> Duration:
        """Read `1m30s`. A number without a unit, a sign or a fraction raises ValueError."""
        if text == "0":
            return cls(0)
        if not text or not _SHAPE.fullmatch(text):
            raise ValueError(f"{text!r} is not a duration; write a number with a unit, as 30s")
        return cls(sum(int(number) * _UNITS[unit] for number, unit in _PART.findall(text)))

    @classmethod
    def of(cls, *, seconds: float) -> Duration:
        """The duration of so many seconds, to the millisecond."""
        return cls(round(seconds * 1000))

    @property
    def seconds(self) -> float:
        """The length in seconds."""
        return self.milliseconds / 1000

    def __str__(self) -> str:
        """The shortest form Prometheus reads: `90s` is `1m30s`, nothing is `0s`."""
        rest, parts = self.milliseconds, list[str]()
        for unit, size in _UNITS.items():
            count, rest = divmod(rest, size)
            # A week is not in every reader's vocabulary; days are.
            if unit == "w":
                rest += count * size
            elif count:
                parts.append(f"{count}{unit}")
        return "".join(parts) or "0s"

    def __add__(self, other: Duration) -> Duration:
        return Duration(self.milliseconds + other.milliseconds)

    def __mul__(self, factor: int) -> Duration:
        return Duration(self.milliseconds * factor)

    @property
    def halved(self) -> Duration:
        """Half the length, to the millisecond."""
        return Duration(self.milliseconds // 2)

    def ceil_to(self, step: Duration) -> Duration:
        """The smallest multiple of `step` that is not shorter than this."""
        return step * -(-self.milliseconds // step.milliseconds)


ZERO = Duration(0)
MINUTE = Duration.of(seconds=60)


def minus(length: Duration, less: Duration) -> Duration:
    """The difference of two lengths; nothing where it would be negative."""
    return Duration(max(0, length.milliseconds - less.milliseconds))
