"""Series as a query gives them, and the fields that a table makes of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rehearsal.wall.grafana.model.panels import Query
from rehearsal.wall.grafana.model.tables import JoinByField, Organize, Transformation

_LABEL = re.compile(r"\{\{\s*(.+?)\s*\}\}")
VALUE = "Value"


@dataclass(frozen=True, kw_only=True)
class Series:
    """A series: its labels, and its samples as (seconds since the epoch, value), ascending.

    A value is None where it is no number; a time at which there is no sample is left out.
    """

    labels: Mapping[str, str]
    samples: Sequence[tuple[float, float | None]]

    @property
    def last(self) -> float | None:
        """The last value that is one."""
        return next((value for _, value in reversed(self.samples) if value is not None), None)


def named(legend: str, labels: Mapping[str, str]) -> str:
    """The name of a series; a label that it lacks is nothing."""
    return _LABEL.sub(lambda match: labels.get(match[1], ""), legend)


def with_gaps(series: Series, step: float) -> list[tuple[float, float | None]]:
    """The samples, with None where one or more are left out: a line is broken there."""
    samples = list[tuple[float, float | None]]()
    for at, value in series.samples:
        if samples and at - samples[-1][0] > step:
            samples.append((samples[-1][0] + step, None))
        samples.append((at, value))
    return samples


Cell = float | str | None


@dataclass(frozen=True)
class Frame:
    """A table: its fields by name, in order, each with a cell for each row."""

    fields: Mapping[str, Sequence[Cell]] = field(default_factory=dict[str, "Sequence[Cell]"])

    @property
    def rows(self) -> int:
        """How many there are."""
        return max((len(cells) for cells in self.fields.values()), default=0)


def frame(query: Query, found: Iterable[Series], *, alone: bool) -> Frame:
    """The table that a query's series make; several queries name their values apart."""
    found = list(found)
    names = dict.fromkeys(name for series in found for name in series.labels)
    value = VALUE if alone else f"{VALUE} #{query.ref_id}"
    labels = {name: [series.labels.get(name) for series in found] for name in names}
    return Frame({**labels, value: [series.last for series in found]})


def transformed(frames: Sequence[Frame], steps: Iterable[Transformation]) -> Frame:
    """What the transformations of a table make of its frames: one."""
    for step in steps:
        match step:
            case JoinByField():
                frames = [_joined(frames, step.options.by_field)]
            case Organize():
                frames = [_organized(one, step) for one in frames]
    return frames[0] if frames else Frame()


def _joined(frames: Sequence[Frame], by: str) -> Frame:
    """Frames side by side, a row for each value of the field that any of them has."""
    keys = sorted({key for one in frames for key in one.fields.get(by, ())}, key=str)
    fields: dict[str, Sequence[Cell]] = {by: keys}
    for one in frames:
        if by not in one.fields:
            continue
        at = {key: row for row, key in enumerate(one.fields[by])}
        for name, cells in one.fields.items():
            if name != by:
                fields[name] = [cells[at[key]] if key in at else None for key in keys]
    return Frame(fields)


def _organized(one: Frame, step: Organize) -> Frame:
    """The fields that are to be seen, in their order, under their names."""
    options = step.options
    seen = [
        name
        for name in one.fields
        if name in options.include_by_name and not options.exclude_by_name.get(name, False)
    ]
    seen.sort(key=lambda name: options.index_by_name.get(name, len(options.index_by_name)))
    return Frame({options.rename_by_name.get(name, name): one.fields[name] for name in seen})
