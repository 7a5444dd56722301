"""Writes the past into a Prometheus that has not started yet."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from offline.errors import UserError

# Towards the present as often as Prometheus needs, which looks back five minutes.
_LATE_SECONDS = 300


def backfill(series: Iterable[dict[str, Any]], data: Path, promtool: Path, now: float) -> None:
    """Put what was until `now` (seconds since the epoch) into the data directory.

    Each of `series` is `{"name", "labels", "value", "every", "span"}` and constant: a sample so
    often for so long, both in seconds. Raises UserError.
    """
    data.mkdir(parents=True, exist_ok=True)
    text = data.parent / "history.txt"
    with text.open("w") as file:
        file.writelines(_lines(series, int(now)))
    # Blocks of two hours, as promtool makes them otherwise, would cost twenty times as much.
    command = [promtool, "tsdb", "create-blocks-from", "openmetrics", "--quiet"]
    outcome = subprocess.run(
        [*command, "--max-block-duration=168h", text, data],
        capture_output=True,
        text=True,
        check=False,
    )
    text.unlink()
    if outcome.returncode:
        raise UserError(f"the past could not be written:\n{outcome.stderr.strip()}")


def _lines(series: Iterable[dict[str, Any]], now: int) -> Iterator[str]:
    names = set[str]()
    # OpenMetrics wants all series of a name together.
    for each in sorted(series, key=lambda one: one["name"]):
        if each["name"] not in names:
            names.add(each["name"])
            yield f"# TYPE {each['name']} gauge\n"
        labels = ",".join(f'{name}="{value}"' for name, value in sorted(each["labels"].items()))
        times = _times(now, each["every"], each["span"])
        yield from (f"{each['name']}{{{labels}}} {each['value']} {at}\n" for at in times)
    yield "# EOF\n"


def _times(now: int, every: int, span: int) -> list[int]:
    """On the clock's multiples of `every`, and no further apart towards the present than known."""
    last = now - now % every
    return [
        *range(last - span, last, every),
        *range(last - every + min(every, _LATE_SECONDS), now + 1, min(every, _LATE_SECONDS)),
    ]
