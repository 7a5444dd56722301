"""Writes the past into a Prometheus that has not started yet."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from gallery.metrics import promql
from offline.errors import UserError
from rehearsal.machine.queries import NAME, Sampled

# Towards the present as often as Prometheus needs, which looks back five minutes.
_LATE_SECONDS = 300


def backfill(series: Iterable[dict[str, Any]], data: Path, promtool: Path, now: float) -> None:
    """Put what was until `now` (seconds since the epoch) into the data directory.

    Each of `series` is `{"name", "labels", "value", "every", "span"}` and constant: a sample so
    often for so long, both in seconds. Raises UserError.
    """
    _write(_constant(series, int(now)), data, promtool)


def write(series: Iterable[Sampled], data: Path, promtool: Path) -> None:
    """Put samples into the data directory, the name of each series among its labels.

    Raises UserError.
    """
    _write(_sampled(series), data, promtool)


def _write(lines: Iterable[str], data: Path, promtool: Path) -> None:
    data.mkdir(parents=True, exist_ok=True)
    text = data.parent / "history.txt"
    with text.open("w") as file:
        file.writelines(lines)
        file.write("# EOF\n")
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


def _sampled(series: Iterable[Sampled]) -> Iterator[str]:
    by_name = sorted(series, key=lambda one: one.labels[NAME])
    # OpenMetrics wants all series of a name together.
    for name, group in groupby(by_name, key=lambda one: one.labels[NAME]):
        yield f"# TYPE {name} gauge\n"
        for each in group:
            labels = ",".join(
                f"{label}={promql.quoted(value)}"
                for label, value in sorted(each.labels.items())
                if label != NAME
            )
            yield from (f"{name}{{{labels}}} {value} {at:.3f}\n" for at, value in each.samples)


def _constant(series: Iterable[dict[str, Any]], now: int) -> Iterator[str]:
    names = set[str]()
    # OpenMetrics wants all series of a name together.
    for each in sorted(series, key=lambda one: one["name"]):
        if each["name"] not in names:
            names.add(each["name"])
            yield f"# TYPE {each['name']} gauge\n"
        labels = ",".join(f'{name}="{value}"' for name, value in sorted(each["labels"].items()))
        times = _times(now, each["every"], each["span"])
        yield from (f"{each['name']}{{{labels}}} {each['value']} {at}\n" for at in times)


def _times(now: int, every: int, span: int) -> list[int]:
    """On the clock's multiples of `every`, and no further apart towards the present than known."""
    last = now - now % every
    return [
        *range(last - span, last, every),
        *range(last - every + min(every, _LATE_SECONDS), now + 1, min(every, _LATE_SECONDS)),
    ]
