"""Writes the past into a Prometheus that has not started yet."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from rehearsal.faults import RehearsalError

SPAN_SECONDS = 7 * 86_400
# Often enough for Prometheus, which looks back five minutes for a sample.
STEP_SECONDS = 300


def backfill(series: Iterable[dict[str, Any]], data: Path, promtool: Path, now: float) -> None:
    """Put seven days up to `now` (seconds since the epoch) into the data directory.

    Each of `series` is `{"name", "labels", "value"}` and constant. Raises RehearsalError.
    """
    data.mkdir(parents=True, exist_ok=True)
    text = data.parent / "history.txt"
    with text.open("w") as file:
        file.writelines(_lines(series, int(now)))
    outcome = subprocess.run(
        [promtool, "tsdb", "create-blocks-from", "openmetrics", "--quiet", text, data],
        capture_output=True,
        text=True,
        check=False,
    )
    text.unlink()
    if outcome.returncode:
        raise RehearsalError(f"the past could not be written:\n{outcome.stderr.strip()}")


def _lines(series: Iterable[dict[str, Any]], now: int) -> Iterator[str]:
    names = set[str]()
    # OpenMetrics wants all series of a name together.
    for each in sorted(series, key=lambda one: one["name"]):
        if each["name"] not in names:
            names.add(each["name"])
            yield f"# TYPE {each['name']} gauge\n"
        labels = ",".join(f'{name}="{value}"' for name, value in sorted(each["labels"].items()))
        head = f"{each['name']}{{{labels}}} {each['value']} "
        last = now - now % STEP_SECONDS
        for at in range(last - SPAN_SECONDS, last + 1, STEP_SECONDS):
            yield f"{head}{at}\n"
    yield "# EOF\n"
